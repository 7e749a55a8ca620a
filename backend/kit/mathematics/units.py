"""Units of measurement as positive unknowns of the algebra: 1 km is 1000 times the unknown "metre".

Exact definitions (SI brochure 2019, international yard and pound 1959). Not for: currencies, whose
rates change, or temperatures in °C and °F, which have an offset (see `temperature`).
"""

from __future__ import annotations

import functools
from typing import Any

from backend.kit.mathematics.cas import Value, sp
from backend.kit.mathematics.errors import CannotCompute

_BASES = ("m", "kg", "s", "A", "K", "mol", "cd", "bit")
_MEASURES = {
    "m": "a length", "kg": "a mass", "s": "a time", "m^2": "an area", "m^3": "a volume", "m/s": "a speed",
    "kg*m/s^2": "a force", "kg*m^2/s^2": "an energy", "kg*m^2/s^3": "a power", "kg/(m*s^2)": "a pressure",
    "bit": "an amount of data", "K": "a temperature", "1/s": "a frequency", "A": "a current",
    "bit/s": "a data rate", "1": "a plain number", "m/s^2": "an acceleration",
}  # fmt: skip

# names (first is the symbol), factor, dimension; a "*" before the names allows SI prefixes.
_DEFINITIONS = """
*m metre meter metres meters: 1 m
inch inches in: 0.0254 m
ft foot feet: 0.3048 m
yd yard yards: 0.9144 m
mi mile miles: 1609.344 m
nmi nauticalmile nauticalmiles: 1852 m
angstrom angstroms: 1e-10 m
au astronomicalunit: 149597870700 m
ly lightyear lightyears: 9460730472580800 m
*pc parsec parsecs: 3.0856775814913673e16 m
micron microns: 1e-6 m
*g gram grams gramme grammes: 0.001 kg
*t tonne tonnes metricton metrictons: 1000 kg
lb lbs pound pounds: 0.45359237 kg
oz ounce ounces: 0.028349523125 kg
st stone stones: 6.35029318 kg
ton tons shortton: 907.18474 kg
longton longtons: 1016.0469088 kg
carat carats ct: 0.0002 kg
grain grains: 0.00006479891 kg
*s sec second seconds secs: 1 s
min minute minutes mins: 60 s
h hr hour hours hrs: 3600 s
d day days: 86400 s
week weeks wk: 604800 s
fortnight fortnights: 1209600 s
month months: 2629800 s
yr year years: 31557600 s
decade decades: 315576000 s
century centuries: 3155760000 s
*A amp amps ampere amperes: 1 A
*K kelvin kelvins: 1 K
*mol mole moles: 1 mol
cd candela: 1 cd
*Hz hertz: 1 s^-1
rpm: 1/60 s^-1
*N newton newtons: 1 kg m s^-2
lbf poundforce: 4.4482216152605 kg m s^-2
kgf: 9.80665 kg m s^-2
*J joule joules: 1 kg m^2 s^-2
*cal calorie calories: 4.184 kg m^2 s^-2
kcal kilocalorie kilocalories: 4184 kg m^2 s^-2
*eV electronvolt electronvolts: 1.602176634e-19 kg m^2 s^-2
*Wh watthour watthours: 3600 kg m^2 s^-2
BTU btu: 1055.05585262 kg m^2 s^-2
*W watt watts: 1 kg m^2 s^-3
hp horsepower: 745.69987158227022 kg m^2 s^-3
PS: 735.49875 kg m^2 s^-3
*Pa pascal pascals: 1 kg m^-1 s^-2
*bar bars: 100000 kg m^-1 s^-2
atm atmosphere atmospheres: 101325 kg m^-1 s^-2
psi: 6894.757293168361 kg m^-1 s^-2
mmHg torr: 133.322387415 kg m^-1 s^-2
*C coulomb coulombs: 1 A s
Ah amphour amphours: 3600 A s
mAh: 3.6 A s
*V volt volts: 1 kg m^2 s^-3 A^-1
*ohm ohms: 1 kg m^2 s^-3 A^-2
*F farad farads: 1 kg^-1 m^-2 s^4 A^2
*H henry: 1 kg m^2 s^-2 A^-2
*T tesla: 1 kg s^-2 A^-1
*Wb weber: 1 kg m^2 s^-2 A^-1
kph kmh kmph: 1/3.6 m s^-1
mph: 0.44704 m s^-1
knot knots kn kt: 1852/3600 m s^-1
fps: 0.3048 m s^-1
mach: 340.29 m s^-1
*l: 0.001 m^3
*L litre liter litres liters: 0.001 m^3
cc: 0.000001 m^3
gal gallon gallons: 0.003785411784 m^3
qt quart quarts: 0.000946352946 m^3
pint pints: 0.000473176473 m^3
cup cups: 0.0002365882365 m^3
floz fluidounce fluidounces: 0.0000295735295625 m^3
tbsp tablespoon tablespoons: 0.00001478676478125 m^3
tsp teaspoon teaspoons: 0.00000492892159375 m^3
bbl barrel barrels: 0.158987294928 m^3
ha hectare hectares: 10000 m^2
acre acres: 4046.8564224 m^2
are ares: 100 m^2
sqm: 1 m^2
sqft: 0.09290304 m^2
sqkm: 1000000 m^2
sqmi: 2589988.110336 m^2
*bit bits: 1 bit
*B byte bytes: 8 bit
KB kB: 8000 bit
KiB kibibyte: 8192 bit
MiB mebibyte: 8388608 bit
GiB gibibyte: 8589934592 bit
TiB tebibyte: 8796093022208 bit
PiB pebibyte: 9007199254740992 bit
Kibit: 1024 bit
Mibit: 1048576 bit
kbps: 1000 bit s^-1
Mbps mbps: 1000000 bit s^-1
Gbps gbps: 1000000000 bit s^-1
bps: 1 bit s^-1
Kb Kbit: 1000 bit
Mb: 1000000 bit
Gb: 1000000000 bit
"""
_PREFIXES = {
    "Q": 30, "R": 27, "Y": 24, "Z": 21, "E": 18, "P": 15, "T": 12, "G": 9, "M": 6, "k": 3, "h": 2, "da": 1,
    "d": -1, "c": -2, "m": -3, "u": -6, "n": -9, "p": -12, "f": -15, "a": -18,
}  # fmt: skip
_LONG_PREFIXES = {
    "exa": 18, "peta": 15, "tera": 12, "giga": 9, "mega": 6, "kilo": 3, "hecto": 2, "deca": 1, "deci": -1,
    "centi": -2, "milli": -3, "micro": -6, "nano": -9, "pico": -12,
}  # fmt: skip
_DERIVED = ("N", "J", "W", "Pa", "V", "ohm", "F", "C")


@functools.cache
def _symbols() -> dict[str, Any]:
    return {name: sp.Symbol(f"unit:{name}", positive=True) for name in _BASES}


def bases() -> set[Any]:
    """The unknowns that stand for the base units."""
    return set(_symbols().values())


@functools.cache
def _table() -> tuple[dict[str, Any], frozenset[str], frozenset[str]]:
    """Read the definitions: name -> value, and the short and long names that take prefixes."""
    values: dict[str, Any] = {}
    short: set[str] = set()
    long: set[str] = set()
    for line in _DEFINITIONS.strip().splitlines():
        names, _, meaning = line.partition(": ")
        symbol, *words = names.lstrip("*").split()
        value = _defined(meaning)
        values.update(dict.fromkeys((symbol, *words), value))
        if names.startswith("*"):
            short.add(symbol)
            long.update(word for word in words if len(word) > 1)
    return values, frozenset(short), frozenset(long)


def _defined(meaning: str) -> Value:
    factor, *parts = meaning.split()
    top, _, bottom = factor.partition("/")
    value = sp.Rational(top) / (sp.Rational(bottom) if bottom else 1)
    for part in parts:
        base, _, exponent = part.partition("^")
        value *= _symbols()[base] ** int(exponent or 1)
    return value


def find(name: str) -> Value:
    """Find a unit by symbol or word, with prefix or plural; None when it is none."""
    values, short, long = _table()
    if name in values:
        return values[name]
    for prefix, exponent in _PREFIXES.items():
        if name.startswith(prefix) and name[len(prefix) :] in short:
            return sp.Integer(10) ** exponent * values[name[len(prefix) :]]
    folded = name.casefold().replace("_", "")
    for prefix, exponent in _LONG_PREFIXES.items():
        if folded.startswith(prefix) and folded[len(prefix) :] in long:
            return sp.Integer(10) ** exponent * values[folded[len(prefix) :]]
    if len(name) > 1 and folded != name:
        return find(folded)
    return None


def split(value: Value) -> tuple[Any, Any]:
    """Split a value into its number and its product of base units.

    Raises:
        CannotCompute: when it adds different measures, or a unit stands in a function or exponent.
    """
    value = sp.expand(value) if value.is_Add else value
    if value.is_Add:
        first, second = value.args[0], value.args[1]
        raise _different(split(first)[1], split(second)[1])
    number, measure = value.as_independent(*bases(), as_Add=False)
    if not all(part.as_base_exp()[0] in bases() for part in sp.Mul.make_args(measure) if part != 1):
        msg = "a unit stands where only a plain number can be (in a function or exponent)"
        raise CannotCompute(msg)
    return number, measure


def comparable(a: Value, b: Value) -> None:
    """Require two values of the same measure; 0 goes with every measure."""
    if a != 0 and b != 0 and split(a)[1] != split(b)[1]:
        raise _different(split(a)[1], split(b)[1])


def _different(a: Value, b: Value) -> CannotCompute:
    return CannotCompute(
        f"{_called(a)} and {_called(b)} are different measures and cannot be added or compared"
    )


def _called(measure: Value) -> str:
    text = base_text(measure)
    return f"{_MEASURES[text]}" if text in _MEASURES else f"a value in {text}"


def ratio(value: Value, target: Value) -> Value:
    """Divide a value by the target unit.

    Raises:
        CannotCompute: when they measure different things.
    """
    number, measure = split(value)
    unit_number, unit_measure = split(target)
    if measure != unit_measure:
        msg = f"{_called(measure)} cannot be converted to {_called(unit_measure)}"
        raise CannotCompute(msg)
    return number / unit_number


def base_text(measure: Value) -> str:
    """Write a product of base units, such as kg*m/s^2."""
    plain = measure.subs({symbol: sp.Symbol(name) for name, symbol in _symbols().items()})
    return str(plain).replace("**", "^")


def best_unit(measure: Value, mentioned: list[str]) -> tuple[str, Any]:
    """Choose the unit to answer in: the first one mentioned that fits, a named SI unit, or base units."""
    for name in (*mentioned, *_DERIVED):
        unit = find(name)
        if unit is not None and split(unit)[1] == measure:
            return name, unit
    return base_text(measure), measure
