"""Telling places of one name apart: "Springfield, IL", "Paris, France", "52.5,13.4".

Not for: finding places; a geocoder does that.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

_COORDINATES = re.compile(
    r"\(?\s*([+-]?\d{1,3}(?:\.\d{1,12})?)\s*[,;\s]\s*([+-]?\d{1,3}(?:\.\d{1,12})?)\s*\)?"
)
_COUNTRY_CODES = {
    "uk": "gb",
    "u.k.": "gb",
    "usa": "us",
    "u.s.a.": "us",
    "u.s.": "us",
    "america": "us",
    "uae": "ae",
}
_US_STATES = {
    "al": "alabama",
    "ak": "alaska",
    "az": "arizona",
    "ar": "arkansas",
    "ca": "california",
    "co": "colorado",
    "ct": "connecticut",
    "de": "delaware",
    "fl": "florida",
    "ga": "georgia",
    "hi": "hawaii",
    "id": "idaho",
    "il": "illinois",
    "in": "indiana",
    "ia": "iowa",
    "ks": "kansas",
    "ky": "kentucky",
    "la": "louisiana",
    "me": "maine",
    "md": "maryland",
    "ma": "massachusetts",
    "mi": "michigan",
    "mn": "minnesota",
    "ms": "mississippi",
    "mo": "missouri",
    "mt": "montana",
    "ne": "nebraska",
    "nv": "nevada",
    "nh": "new hampshire",
    "nj": "new jersey",
    "nm": "new mexico",
    "ny": "new york",
    "nc": "north carolina",
    "nd": "north dakota",
    "oh": "ohio",
    "ok": "oklahoma",
    "or": "oregon",
    "pa": "pennsylvania",
    "ri": "rhode island",
    "sc": "south carolina",
    "sd": "south dakota",
    "tn": "tennessee",
    "tx": "texas",
    "ut": "utah",
    "vt": "vermont",
    "va": "virginia",
    "wa": "washington",
    "wv": "west virginia",
    "wi": "wisconsin",
    "wy": "wyoming",
    "dc": "district of columbia",
}
_MAX_LATITUDE = 90
_MAX_LONGITUDE = 180


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A place a geocoder found; degrees are WGS 84."""

    name: str
    latitude: float
    longitude: float
    region: str = ""
    district: str = ""
    country: str = ""
    country_code: str = ""
    population: float = 0

    @property
    def label(self) -> str:
        """The name with what tells it apart from others."""
        return ", ".join(dict.fromkeys(filter(None, [self.name, self.region, self.country])))


def coordinates(text: str) -> tuple[float, float] | None:
    """Read "lat,lon" in decimal degrees; None when the text is not of that form."""
    match = _COORDINATES.fullmatch(text.strip())
    return (float(match[1]), float(match[2])) if match else None


def on_earth(latitude: float, longitude: float) -> bool:
    """Tell whether degrees are within -90 to 90 and -180 to 180."""
    return abs(latitude) <= _MAX_LATITUDE and abs(longitude) <= _MAX_LONGITUDE


def split_place(text: str) -> tuple[str, tuple[str, ...]]:
    """Split "City, Region, Country" into the name to look up and its qualifiers."""
    name, *rest = [part.strip() for part in text.split(",")]
    return name, tuple(part for part in rest if part)


def matching(places: Iterable[Place], qualifiers: Iterable[str]) -> list[Place]:
    """Keep the places that every qualifier (country, code, region, US state) fits."""
    wanted = [_fold(qualifier) for qualifier in qualifiers]
    return [place for place in places if all(_fits(place, qualifier) for qualifier in wanted)]


def best_first(places: Iterable[Place], name: str) -> list[Place]:
    """Order by exact name first, then by population."""
    wanted = _fold(name)
    return sorted(places, key=lambda place: (_fold(place.name) != wanted, -place.population))


def _fits(place: Place, qualifier: str) -> bool:
    codes = {qualifier, _COUNTRY_CODES.get(qualifier, qualifier)}
    if place.country_code.casefold() in codes:
        return True
    names = {_fold(place.country), _fold(place.region), _fold(place.district)}
    in_america = place.country_code.casefold() == "us"
    return qualifier in names or (in_america and _US_STATES.get(qualifier) in names)


def _fold(text: str) -> str:
    """Compare without case and accents: "Île-de-France" is "ile de france"."""
    plain = unicodedata.normalize("NFKD", text.casefold().replace("-", " "))
    return " ".join("".join(c for c in plain if not unicodedata.combining(c)).split())
