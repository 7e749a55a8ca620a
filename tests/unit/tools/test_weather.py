from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from pydantic import ValidationError

from backend.errors import ToolFailed, ToolRetry
from backend.kit.http import HttpClient
from backend.ports.tools import Services, ToolContext, ToolResult
from backend.tools import weather
from tests.fakes.faulty_server import CUT, GARBAGE, HANG, Fault, refusal
from tests.fakes.instant_clock import InstantClock
from tests.fakes.open_meteo_double import OpenMeteoDouble, spot

CONTEXT = ToolContext(user_id="u1")


@pytest.fixture
async def double() -> AsyncIterator[OpenMeteoDouble]:
    async with OpenMeteoDouble() as server:
        yield server


@pytest.fixture
async def http() -> AsyncIterator[HttpClient]:
    client = HttpClient()
    yield client
    await client.aclose()


@pytest.fixture
def clock() -> InstantClock:
    return InstantClock()


@pytest.fixture
def ask(double: OpenMeteoDouble, http: HttpClient, clock: InstantClock):
    async def call(*, options: dict[str, Any] | None = None, **args: Any) -> ToolResult:
        here = dict.fromkeys(("geocoding_url", "forecast_url", "site_url"), double.url)
        settings = weather.Options(**{**here, **(options or {})})
        tool = weather.build(settings, Services(http=http, clock=clock))
        return await tool.run(weather.Args.model_validate(args), CONTEXT)

    return call


async def test_the_report_reads_like_a_forecast(ask):
    """The whole text of the plain case, with the API's own units."""
    report = await ask(place="Évreville", days=2)
    assert report.text == (
        "Weather for Évreville, Île-de-Sable, France (10.50, -20.25), "
        "local time Atlantic/Double [1]\n"
        "Now (2027-01-15T08:15): light rain, 7.5°C (feels like 7.5°C), humidity 7.5%, "
        "precipitation 7.5 mm, wind 7.5 km/h from 7.5°\n\n"
        "| day | weather | min | max | rain or snow | chance | wind |\n"
        "| --- | --- | --- | --- | --- | --- | --- |\n"
        "| 2027-01-15 | light rain | 2.25°C | 2.25°C | 2.25 mm | 2.25% | 2.25 km/h |\n"
        "| 2027-01-16 | light rain | 2.25°C | 2.25°C | 2.25 mm | 2.25% | 2.25 km/h |\n"
        "Weather data by Open-Meteo.com (CC BY 4.0)."
    )


async def test_the_data_is_typed(ask):
    """Numbers stay numbers for the client."""
    data = (await ask(place="Évreville", days=1)).data
    assert data["current"] == {
        "time": "2027-01-15T08:15",
        "temperature_2m": 7.5,
        "apparent_temperature": 7.5,
        "relative_humidity_2m": 7.5,
        "precipitation": 7.5,
        "wind_speed_10m": 7.5,
        "wind_direction_10m": 7.5,
        "weather": "light rain",
    }
    assert [day["time"] for day in data["daily"]] == ["2027-01-15"]


async def test_of_several_places_the_largest_is_taken_and_the_others_named(ask):
    """Population decides among places of exactly that name, and the answer says so."""
    report = await ask(place="Brackwater")
    assert report.data["place"] == "Brackwater, Oregon, United States"
    assert report.data["other_matches"] == [
        "Brackwater, Maine, United States",
        "Brackwater, Kent, United Kingdom",
        "Brackwater Falls, Ohio, United States",
    ]
    assert "Chosen as the largest match" in report.text


@pytest.mark.parametrize(
    ("asked", "region"),
    [
        ("Brackwater, Maine", "Maine"),
        ("Brackwater, ME", "Maine"),
        ("brackwater, me, usa", "Maine"),
        ("Brackwater, UK", "Kent"),
        ("Brackwater, United Kingdom", "Kent"),
        ("Brackwater, gb", "Kent"),
        ("Brackwater,Kent,", "Kent"),
        ("Evreville, ile de sable", "Île-de-Sable"),
    ],
)
async def test_a_qualifier_picks_the_place(ask, asked, region):
    """Country, code, region and US state all count; case and accents do not."""
    double_name = "Évreville" if "ville" in asked else "Brackwater"
    report = await ask(place=asked.replace("Evreville", "Évreville"))
    assert report.data["place"].startswith(f"{double_name}, {region}")


async def test_a_qualifier_that_fits_nowhere_names_the_places_there_are(ask):
    """The model can choose one of them."""
    with pytest.raises(ToolRetry, match=r"Places of that name: Brackwater, Oregon"):
        await ask(place="Brackwater, Japan")


async def test_an_unknown_place_asks_for_another_spelling(ask):
    """The geocoder leaves `results` out altogether."""
    with pytest.raises(ToolRetry, match="Check the spelling"):
        await ask(place="Qqqq")


@pytest.mark.parametrize(
    "asked", ["45.5,-122.6", " 45.5 , -122.6 ", "(45.5, -122.6)", "45.5 -122.6"]
)
async def test_coordinates_need_no_geocoder(ask, double, asked):
    """One request, to the forecast."""
    report = await ask(place=asked)
    assert (report.data["latitude"], report.data["longitude"]) == (45.5, -122.6)
    assert [request.path for request in double.requests] == ["/v1/forecast"]


@pytest.mark.parametrize("asked", ["91,0", "0,181", "-90.5, 3"])
async def test_coordinates_off_the_globe_are_refused(ask, double, asked):
    """Before anything is sent."""
    with pytest.raises(ToolRetry, match="-90 to 90"):
        await ask(place=asked)
    assert double.requests == []


async def test_imperial_units_are_asked_for_and_shown(ask, double):
    """The service converts; the units shown are the ones it answered with."""
    report = await ask(place="Évreville", units="imperial", days=1)
    sent = double.requests[-1].query
    assert sent["temperature_unit"] == "fahrenheit"
    assert sent["wind_speed_unit"] == "mph"
    assert sent["precipitation_unit"] == "inch"
    assert "7.5°F" in report.text


@pytest.mark.parametrize("word", ["Fahrenheit", "°F", "IMPERIAL", "f"])
def test_words_for_units_are_understood(word):
    """Small models write the unit instead of the system."""
    assert weather.Args.model_validate({"city": "X", "unit": word}).units == "imperial"


@pytest.mark.parametrize("days", [0, 17, "many"])
def test_days_beyond_the_forecast_are_refused(days):
    """The range is in the schema, so the model is told."""
    with pytest.raises(ValidationError):
        weather.Args.model_validate({"place": "X", "days": days})


async def test_sixteen_days_are_listed(ask):
    """The longest forecast."""
    assert len((await ask(place="Évreville", days=16)).data["daily"]) == 16


async def test_the_citation_opens(ask, http):
    """Its address leads to the place on the site, its text is what the answer says."""
    report = await ask(place="Évreville")
    (cited,) = report.citations
    assert (await http.request("GET", cited.url)).body == b"10.5 -20.25"
    assert cited.text in report.text


@pytest.mark.parametrize(
    ("code", "words"), [(0, "clear sky"), (95, "thunderstorm"), (42, "weather code 42")]
)
async def test_weather_codes_become_words(ask, double, code, words):
    """A code outside the table is named, not dropped."""
    double.code = code
    assert (await ask(place="Évreville")).data["current"]["weather"] == words


async def test_missing_and_wrong_values_are_unknown(ask, double):
    """Nulls are normal for far days; text and NaN-like values must not leak."""
    double.now = {"temperature_2m": None, "precipitation": "lots", "relative_humidity_2m": True}
    report = await ask(place="Évreville")
    assert "light rain, unknown (feels like 7.5°C), humidity unknown" in report.text
    assert report.data["current"]["precipitation"] is None


async def test_a_busy_service_is_asked_once_more(ask, double, clock):
    """Without Retry-After the tool's own back-off counts."""
    double.faults = [refusal(503)]
    assert (await ask(place="Évreville", options={"backoff_s": 1.5})).data["timezone"]
    assert clock.slept_s == [1.5]


@pytest.mark.parametrize(
    ("faults", "reason"),
    [
        ([refusal(500), refusal(502)], "status 502"),
        ([refusal(429, retry_after="9999")], "status 429"),
        ([GARBAGE], "not JSON"),
        ([CUT], "cannot be read"),
        ([Fault(body=b"[1]")], "not a JSON object"),
        (
            [Fault(status=400, body=b'{"error":true,"reason":"bad \\u001b[1mname"}')],
            r"400: bad \[1m",
        ),
    ],
)
async def test_a_broken_service_is_reported_with_the_reason(ask, double, faults, reason):
    """Every fault ends in ToolFailed."""
    double.faults = list(faults)
    with pytest.raises(ToolFailed, match=reason):
        await ask(place="Évreville")


async def test_an_answer_without_a_forecast_is_reported(ask, double):
    """An empty object is not a forecast."""
    double.faults = [Fault(body=b"{}")]
    with pytest.raises(ToolFailed, match="no forecast"):
        await ask(place="1,2")


async def test_a_silent_service_ends_at_the_deadline(ask, double):
    """The time-out is the tool's own."""
    double.faults = [HANG]
    with pytest.raises(ToolFailed, match=r"no answer within 0\.05 s"):
        await ask(place="Évreville", options={"timeout_s": 0.05})


async def test_hostile_names_are_cleaned_and_broken_places_skipped(ask, double):
    """Control characters go; results without coordinates, or off the globe, are not places."""
    double.spots = [
        spot("Trap", latitude="10"),
        spot("Trap", latitude=999),
        spot("Trap\n\x1b[2J\u202e" + "x" * 500, country="Y\r\nZ"),
    ]
    label = (await ask(place="Trap")).data["place"]
    assert label.startswith("Trap [2Jxxx")
    assert label.endswith("…, Y Z")
    assert len(label) < 110
