"""Tells the weather at a place, now and for the coming days, from Open-Meteo.

Not for: past weather, climate or warnings.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AliasChoices, BeforeValidator, Field

from backend.errors import ToolFailed, ToolRetry
from backend.kit.http import FetchError, FetchLimits
from backend.kit.open_meteo import Forecast, find_places, forecast
from backend.kit.patient_http import PatientHttp
from backend.kit.place_names import (
    Place,
    best_first,
    coordinates,
    matching,
    on_earth,
    split_place,
)
from backend.ports.tools import (
    Services,
    Tool,
    ToolArgs,
    ToolContext,
    ToolOptions,
    ToolResult,
    Touch,
)
from backend.ports.values import Citation

NAME = "weather"
DESCRIPTION = (
    "Tells the current weather and the forecast for up to 16 days at a place. Use it for any question "
    "about temperature, rain, wind or snow now or soon. Give a city (with country or state when the "
    'name is common) or "latitude,longitude". Example: {"place": "Portland, Oregon", "days": 3}. '
    'Set units to "imperial" for Fahrenheit and miles.'
)
TOUCHES: frozenset[Touch] = frozenset({"reads_outside"})

_OTHERS_NAMED = 4
_ROOT_URL = r"^https?://\S+[^\s/]$"
_UNIT_WORDS = {"celsius": "metric", "c": "metric", "fahrenheit": "imperial", "f": "imperial"}


def _unit_system(value: object) -> object:
    word = value.casefold().strip().lstrip("°") if isinstance(value, str) else ""
    return _UNIT_WORDS.get(word, word) if word else value


class Args(ToolArgs):
    """Where, how far ahead, in which units."""

    place: str = Field(
        min_length=1,
        max_length=200,
        description='City such as "Paris, France", or "latitude,longitude".',
        validation_alias=AliasChoices(
            "place", "location", "city", "query", "q", "name", "address", "where", "input"
        ),
    )
    days: int = Field(
        default=3,
        ge=1,
        le=16,
        description="Days of forecast, today included.",
        validation_alias=AliasChoices("days", "forecast_days", "num_days", "n_days"),
    )
    units: Annotated[Literal["metric", "imperial"], BeforeValidator(_unit_system)] = Field(
        default="metric",
        description="metric: Celsius, km/h, mm; imperial: Fahrenheit, mph, inches.",
        validation_alias=AliasChoices("units", "unit", "temperature_unit"),
    )


class Options(ToolOptions):
    """Where Open-Meteo is; `site_url` is what citations point at."""

    geocoding_url: str = Field(default="https://geocoding-api.open-meteo.com", pattern=_ROOT_URL)
    forecast_url: str = Field(default="https://api.open-meteo.com", pattern=_ROOT_URL)
    site_url: str = Field(default="https://open-meteo.com", pattern=_ROOT_URL)
    timeout_s: float = Field(default=15.0, gt=0, le=120)
    backoff_s: float = Field(default=1.0, ge=0, le=60)
    max_answer_bytes: int = Field(default=1_000_000, ge=10_000)


class Weather:
    """Finds the place, then reads its forecast."""

    def __init__(self, options: Options, services: Services) -> None:
        self._options = options
        limits = FetchLimits(timeout_s=options.timeout_s, max_bytes=options.max_answer_bytes)
        pause_s = options.backoff_s
        self._http = PatientHttp(services.http, services.clock, limits=limits, backoff_s=pause_s)

    async def run(self, args: Args, context: ToolContext) -> ToolResult:  # noqa: ARG002 - the port's signature
        """Report the weather; ToolRetry when the place is unknown or does not fit its country."""
        try:
            place, others = await self._place(args.place)
            weather = await forecast(
                self._http,
                self._options.forecast_url,
                at=(place.latitude, place.longitude),
                days=args.days,
                imperial=args.units == "imperial",
            )
        except FetchError as exc:
            msg = f"Open-Meteo cannot be read now: {exc}."
            raise ToolFailed(msg) from exc
        return self._report(place, others, weather)

    async def _place(self, asked: str) -> tuple[Place, list[Place]]:
        point = coordinates(asked)
        if point is not None:
            return _at(*point), []
        name, qualifiers = split_place(asked)
        count = 100 if qualifiers else 20
        found = await find_places(self._http, self._options.geocoding_url, name, count=count)
        fitting = best_first(matching(found, qualifiers), name)
        if fitting:
            return fitting[0], fitting[1 : 1 + _OTHERS_NAMED]
        near = "; ".join(place.label for place in best_first(found, name)[:_OTHERS_NAMED])
        mend = f"Places of that name: {near}." if near else 'Check the spelling, or give "lat,lon".'
        msg = f'No place "{asked}" is known. {mend}'
        raise ToolRetry(msg)

    def _report(self, place: Place, others: list[Place], weather: Forecast) -> ToolResult:
        where = f"{place.latitude:.2f}, {place.longitude:.2f}"
        url = f"{self._options.site_url}/en/docs?latitude={place.latitude}&longitude={place.longitude}"
        lines = [f"Weather for {place.label} ({where}), local time {weather.timezone} [1]"]
        if others:
            names = "; ".join(other.label for other in others)
            lines.append(f"Chosen as the largest match; other places of that name: {names}.")
        passage = "\n".join([_now(weather), "", *_table(weather)])
        data = {
            "place": place.label,
            "latitude": place.latitude,
            "longitude": place.longitude,
            "timezone": weather.timezone,
            "other_matches": [other.label for other in others],
            "units": dict(weather.units),
            "current": dict(weather.current),
            "daily": [dict(day) for day in weather.days],
        }
        cited = Citation(title=f"Open-Meteo: {place.label}", text=passage, url=url)
        text = "\n".join([*lines, passage, "Weather data by Open-Meteo.com (CC BY 4.0)."])
        return ToolResult(text=text, data=data, citations=(cited,))


def _at(latitude: float, longitude: float) -> Place:
    if not on_earth(latitude, longitude):
        msg = 'Coordinates are "latitude,longitude": -90 to 90, then -180 to 180.'
        raise ToolRetry(msg)
    return Place(name=f"{latitude:g}, {longitude:g}", latitude=latitude, longitude=longitude)


def _now(weather: Forecast) -> str:
    def shown(name: str) -> str:
        return _with_unit(weather.current.get(name), weather.units.get(name, ""))

    return (
        f"Now ({weather.current['time']}): {weather.current['weather']}, {shown('temperature_2m')} "
        f"(feels like {shown('apparent_temperature')}), humidity {shown('relative_humidity_2m')}, "
        f"precipitation {shown('precipitation')}, wind {shown('wind_speed_10m')} "
        f"from {shown('wind_direction_10m')}"
    )


def _table(weather: Forecast) -> list[str]:
    names = {
        "temperature_2m_min": "min",
        "temperature_2m_max": "max",
        "precipitation_sum": "rain or snow",
        "precipitation_probability_max": "chance",
        "wind_speed_10m_max": "wind",
    }
    rows = [
        [
            day["time"],
            day["weather"],
            *(_with_unit(day[n], weather.units.get(n, "")) for n in names),
        ]
        for day in weather.days
    ]
    head = ["day", "weather", *names.values()]
    return ["| " + " | ".join(row) + " |" for row in [head, ["---"] * len(head), *rows]]


def _with_unit(value: Any, unit: str) -> str:  # noqa: ANN401 - a number or nothing
    if value is None:
        return "unknown"
    return f"{value:g}{'' if unit[:1] in {'°', '%'} else ' '}{unit}".rstrip()


def build(options: Options, services: Services) -> Tool:
    """Make the tool; it needs nothing that could be missing."""
    return Weather(options, services)
