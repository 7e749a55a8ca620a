"""Words for the present-weather codes that forecasts use (WMO code table 4677, as Open-Meteo maps it).

Source: https://open-meteo.com/en/docs, section "WMO Weather interpretation codes".
"""

from __future__ import annotations

WORDS = {
    0: "clear sky",
    1: "mainly clear",
    2: "partly cloudy",
    3: "overcast",
    45: "fog",
    48: "fog depositing rime",
    51: "light drizzle",
    53: "drizzle",
    55: "dense drizzle",
    56: "light freezing drizzle",
    57: "dense freezing drizzle",
    61: "light rain",
    63: "rain",
    65: "heavy rain",
    66: "light freezing rain",
    67: "heavy freezing rain",
    71: "light snow",
    73: "snow",
    75: "heavy snow",
    77: "snow grains",
    80: "light rain showers",
    81: "rain showers",
    82: "violent rain showers",
    85: "light snow showers",
    86: "heavy snow showers",
    95: "thunderstorm",
    96: "thunderstorm with light hail",
    99: "thunderstorm with heavy hail",
}


def weather_words(code: float | None) -> str:
    """Name a weather code; a code outside the table is named by its number."""
    if code is None:
        return "unknown"
    return WORDS.get(int(code), f"weather code {int(code)}")
