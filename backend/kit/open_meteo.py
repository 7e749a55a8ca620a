"""The two Open-Meteo requests a weather report needs: find a place, read its forecast.

Protocol: https://open-meteo.com/en/docs and https://open-meteo.com/en/docs/geocoding-api.
Not for: choosing among places, or wording.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from backend.kit.http import FetchError
from backend.kit.json_shapes import items, json_object, mapping, number, objects
from backend.kit.patient_http import Ask, PatientHttp
from backend.kit.place_names import Place, on_earth
from backend.kit.plain_text import one_line
from backend.kit.wmo_weather_codes import weather_words

CURRENT = (
    "temperature_2m",
    "apparent_temperature",
    "relative_humidity_2m",
    "precipitation",
    "weather_code",
    "wind_speed_10m",
    "wind_direction_10m",
)
DAILY = (
    "weather_code",
    "temperature_2m_min",
    "temperature_2m_max",
    "precipitation_sum",
    "precipitation_probability_max",
    "wind_speed_10m_max",
)
_IMPERIAL = {
    "temperature_unit": "fahrenheit",
    "wind_speed_unit": "mph",
    "precipitation_unit": "inch",
}
_OK = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """Weather now and per day; values carry the names of the API, `units` their units."""

    timezone: str
    current: Mapping[str, Any]
    days: tuple[Mapping[str, Any], ...]
    units: Mapping[str, str]


async def find_places(http: PatientHttp, url: str, name: str, *, count: int) -> list[Place]:
    """Ask the geocoder for up to `count` places; an unknown name gives an empty list.

    Raises:
        FetchError: when it does not answer in its protocol.
    """
    params = {"name": name, "count": str(count), "language": "en", "format": "json"}
    answer = await _read(http, Ask(url=f"{url}/v1/search", params=params))
    found = [_place(result) for result in objects(answer.get("results"))]
    return [place for place in found if place is not None]


async def forecast(
    http: PatientHttp, url: str, *, at: tuple[float, float], days: int, imperial: bool
) -> Forecast:
    """Read the weather at (latitude, longitude) in local time.

    Raises:
        FetchError: when it does not answer in its protocol.
    """
    params = {
        "latitude": f"{at[0]:.5f}",
        "longitude": f"{at[1]:.5f}",
        "current": ",".join(CURRENT),
        "daily": ",".join(DAILY),
        "timezone": "auto",
        "forecast_days": str(days),
        **(_IMPERIAL if imperial else {}),
    }
    answer = await _read(http, Ask(url=f"{url}/v1/forecast", params=params))
    current, daily = mapping(answer.get("current")), mapping(answer.get("daily"))
    if not current and not daily:
        msg = "the answer holds no forecast"
        raise FetchError(msg)
    named = {**mapping(answer.get("daily_units")), **mapping(answer.get("current_units"))}
    return Forecast(
        timezone=one_line(answer.get("timezone"), max_chars=60),
        current=_values(current, CURRENT),
        days=_days(daily)[:days],
        units={key: one_line(unit, max_chars=12) for key, unit in named.items()},
    )


async def _read(http: PatientHttp, ask: Ask) -> dict[str, Any]:
    reply = await http.fetch(ask)
    if reply.status == _OK:
        return json_object(reply)
    told = ""
    if reply.headers.get("content-type", "").startswith("application/json"):
        told = one_line(json_object(reply).get("reason"), max_chars=300)
    msg = f"it answered with status {reply.status}" + (f": {told}" if told else "")
    raise FetchError(msg)


def _place(result: Mapping[str, Any]) -> Place | None:
    latitude, longitude = number(result.get("latitude")), number(result.get("longitude"))
    name = one_line(result.get("name"), max_chars=100)
    if latitude is None or longitude is None or not name:
        return None
    if not on_earth(latitude, longitude):
        return None
    return Place(
        name=name,
        latitude=latitude,
        longitude=longitude,
        region=one_line(result.get("admin1"), max_chars=100),
        district=one_line(result.get("admin2"), max_chars=100),
        country=one_line(result.get("country"), max_chars=100),
        country_code=one_line(result.get("country_code"), max_chars=2),
        population=number(result.get("population")) or 0,
    )


def _values(source: Mapping[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    found: dict[str, Any] = {"time": one_line(source.get("time"), max_chars=30)}
    found |= {name: number(source.get(name)) for name in names if name != "weather_code"}
    return found | {"weather": weather_words(number(source.get("weather_code")))}


def _days(daily: Mapping[str, Any]) -> tuple[dict[str, Any], ...]:
    columns = {name: items(daily.get(name)) for name in ("time", *DAILY)}
    return tuple(
        _values({name: column[n] for name, column in columns.items() if n < len(column)}, DAILY)
        for n in range(len(columns["time"]))
    )
