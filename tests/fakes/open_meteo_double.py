"""A double of Open-Meteo's geocoder and forecast, with invented places and a made-up sky."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from tests.fakes.faulty_server import FaultyServer

UNITS = {
    "temperature_2m": "°C",
    "apparent_temperature": "°C",
    "relative_humidity_2m": "%",
    "precipitation": "mm",
    "weather_code": "wmo code",
    "wind_speed_10m": "km/h",
    "wind_direction_10m": "°",
    "temperature_2m_min": "°C",
    "temperature_2m_max": "°C",
    "precipitation_sum": "mm",
    "precipitation_probability_max": "%",
    "wind_speed_10m_max": "km/h",
}
OTHER_UNITS = {"°C": "°F", "mm": "inch", "km/h": "mp/h"}


def spot(name: str, **more: Any) -> dict[str, Any]:
    """Make one geocoder result with the keys the real one sends."""
    fixed = {
        "id": 1,
        "latitude": 10.5,
        "longitude": -20.25,
        "elevation": 3.0,
        "feature_code": "PPL",
    }
    return {**fixed, "name": name, **more}


def _spots() -> list[dict[str, Any]]:
    america = {"country": "United States", "country_code": "US"}
    return [
        spot("Brackwater", admin1="Maine", population=68_000, latitude=43.5, **america),
        spot("Brackwater", admin1="Oregon", population=650_000, latitude=45.5, **america),
        spot("Brackwater", admin1="Kent", country="United Kingdom", country_code="GB"),
        spot("Brackwater Falls", admin1="Ohio", population=9_000_000, **america),
        spot("Évreville", admin1="Île-de-Sable", country="France", country_code="FR", population=5),
    ]


@dataclass
class OpenMeteoDouble(FaultyServer):
    """Serves both APIs and the site that citations point at."""

    spots: list[dict[str, Any]] = field(default_factory=_spots)
    now: dict[str, Any] = field(default_factory=dict)
    code: int = 61

    def __post_init__(self) -> None:
        FaultyServer.__init__(self)
        self.get("/v1/search", self._search)
        self.get("/v1/forecast", self._forecast)
        self.get("/en/docs", self._site)

    async def _site(self, request: web.Request) -> web.Response:
        return web.Response(text=f"{request.query['latitude']} {request.query['longitude']}")

    async def _search(self, request: web.Request) -> web.Response:
        name = request.query["name"].casefold()
        found = [spot for spot in self.spots if name[:3] in spot["name"].casefold()]
        found = found[: int(request.query["count"])] if len(name) > 1 else []
        body: dict[str, Any] = {"results": found} if found else {}
        return web.json_response({**body, "generationtime_ms": 0.5})

    async def _forecast(self, request: web.Request) -> web.Response:
        query = request.query
        if not 0 < int(query["forecast_days"]) <= 16 or query["timezone"] != "auto":
            reason = "Parameter 'forecast_days' is out of allowed range from 0 to 16."
            return web.json_response({"error": True, "reason": reason}, status=400)
        units = {n: _unit(unit, query.get("temperature_unit")) for n, unit in UNITS.items()}
        current = dict.fromkeys(query["current"].split(","), 7.5)
        current |= {"time": "2027-01-15T08:15", "interval": 900, "weather_code": self.code}
        days = [f"2027-01-{day:02}" for day in range(15, 15 + int(query["forecast_days"]))]
        daily: dict[str, Any] = {n: [2.25] * len(days) for n in query["daily"].split(",")}
        daily |= {"time": days, "weather_code": [self.code] * len(days)}
        body = {
            "latitude": float(query["latitude"]),
            "longitude": float(query["longitude"]),
            "generationtime_ms": 0.1,
            "utc_offset_seconds": -3600,
            "timezone": "Atlantic/Double",
            "timezone_abbreviation": "GMT-1",
            "elevation": 3.0,
            "current_units": units,
            "current": {**current, **self.now},
            "daily_units": units,
            "daily": daily,
        }
        return web.json_response(body)


def _unit(unit: str, system: str | None) -> str:
    return OTHER_UNITS.get(unit, unit) if system == "fahrenheit" else unit
