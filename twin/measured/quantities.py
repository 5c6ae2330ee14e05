"""What the columns of measured files are called, and in which units they are.

Every cycler has words of its own for the same few quantities. A heading is taken apart into
a name and a unit, the name looked up in one table, and the values turned into SI units.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache

from twin.columns import CURRENT, VOLTAGE

TIME, TEMPERATURE, PRESSURE = "Time [s]", "Temperature [K]", "Pressure [Pa]"
CYCLE, STEP = "Cycle", "Step"
FREQUENCY, Z_RE, Z_IM = "Frequency [Hz]", "Z real [Ohm]", "Z imaginary [Ohm]"

STEP_TIME, MOMENT = "Step time [s]", "Moment [s]"
"""The time since the step began, and the seconds since 1970 (UTC where the zone is known)."""
STATE = "State"
"""What the file says a row is: 1 discharge, -1 charge, 0 rest; not a number where nothing."""
CHARGE, CHARGE_CHANGE = "Charge [A.h]", "Charge change [A.h]"
"""The charge passed, with the sign of the current: since the start, and since the last row."""
CHARGED, DISCHARGED = "Charged [A.h]", "Discharged [A.h]"
"""The file's own counters, which tell whether its time is in the unit that it says."""
MINUS_Z_IM, Z_MODULUS, Z_PHASE = "-Z imaginary [Ohm]", "Z modulus [Ohm]", "Z phase [deg]"

TABLE = (TIME, CURRENT, VOLTAGE, TEMPERATURE, PRESSURE, CYCLE, STEP)
"""The columns of a measured table, in order; the first three are always there."""
SPECTRUM = (FREQUENCY, Z_RE, Z_IM)
"""The columns of an impedance spectrum."""
NEEDED = (TIME, CURRENT, VOLTAGE)


@dataclass(frozen=True)
class _Known:
    quantity: str
    unit: str  # SI, or "" for a count
    names: tuple[str, ...]  # better names first
    assumed: str = ""  # the unit where the heading has none


_KNOWN = (
    _Known(TIME, "s", (
        "testtime", "totaltime", "runtime", "elapsedtime", "programduration", "progtime",
        "programtime", "test", "total", "总时间", "测试时间", "time", "t", "elapsed",
    ), "s"),
    _Known(STEP_TIME, "s", (
        "steptime", "stepduration", "tstep", "relativetime", "statetime", "timeinstep",
        "step", "时间",
    ), "s"),
    _Known(MOMENT, "s", (
        "unixtime", "absolutetime", "datetime", "dateandtime", "realtime", "systemtime", "dpttime",
        "dptime", "timestamp", "datetimeiso", "datetimeisostring", "绝对时间", "系统时间", "date",
    ), "s"),
    _Known(CURRENT, "A", (
        "current", "i", "amps", "amp", "cellcurrent", "电流", "im", "controli", "currentamps",
    ), "A"),
    _Known(VOLTAGE, "V", (
        "voltage", "ecell", "eweece", "ewe", "potential", "volts", "u", "v", "vf", "cellvoltage",
        "电压", "e", "voltagevolts",
    ), "V"),
    _Known(TEMPERATURE, "K", (
        "celltemperature", "temperature", "temperaturet1", "t1", "temp1", "temp",
        "auxtemperature1", "surfacetemperature", "temperature1", "tcell", "thermocouple1", "温度",
        "logtemp001", "ambienttemperature", "tenv",
    ), "degC"),
    _Known(PRESSURE, "Pa", ("stackpressure", "appliedpressure", "cellpressure", "pressure"), ""),
    _Known(CYCLE, "", (
        "cyclecount", "cyclenumber", "cycleindex", "cycleid", "cycle", "cyc", "cyccount", "cycp",
        "totlcycle", "循环号", "循环序号",
    )),
    _Known(STEP, "", (
        "stepindex", "stepnumber", "stepid", "step", "ns", "stepno", "line", "stepcount", "工步号",
        "工步序号",
    )),
    _Known(STATE, "text", (
        "steptype", "command", "md", "state", "stepname", "status", "mode", "工步类型", "状态",
    )),
    _Known(CHARGE, "A*hour", ("qqo", "charge", "dischargedcapacity")),
    _Known(CHARGE_CHANGE, "A*hour", ("dq",)),
    _Known(CHARGED, "A*hour", (
        "chargecapacity", "chargingcapacity", "qcharge", "chgcap", "chgcapacity", "capacitancechg",
        "chargecap", "充电容量",
    )),
    _Known(DISCHARGED, "A*hour", (
        "dischargecapacity", "dischargingcapacity", "qdischarge", "dchgcap", "dchgcapacity",
        "capacitancedchg", "dischargecap", "放电容量",
    )),
    _Known(FREQUENCY, "Hz", ("freq", "frequency", "f"), "Hz"),
    _Known(Z_RE, "ohm", (
        "rez", "zre", "realimpedance", "zreal", "z'", "zprime", "real", "re", "zreal'",
    ), "ohm"),
    _Known(Z_IM, "ohm", (
        "imz", "zim", "imaginaryimpedance", "zimag", "zimaginary", "z''", "imag", "im", "zimag''",
    ), "ohm"),
    _Known(MINUS_Z_IM, "ohm", (
        "-imz", "-zim", "-zimag", "-zimaginary", "-z''", "-imag", "-im", "-zimag''",
    ), "ohm"),
    _Known(Z_MODULUS, "ohm", ("|z|", "zmod", "modulus", "impedance"), "ohm"),
    _Known(Z_PHASE, "deg", ("phasez", "phase", "zphz", "phasezdeg"), "deg"),
)  # fmt: skip

# As cyclers write them, and as the unit registry does.
_UNITS = {
    "sec": "s", "secs": "s", "second": "s", "seconds": "s", "s": "s", "ms": "ms",
    "millisecond": "ms", "us": "us", "m": "min", "min": "min", "mins": "min", "minutes": "min",
    "h": "hour", "hr": "hour", "hrs": "hour", "hour": "hour", "hours": "hour", "d": "day",
    "a": "A", "amp": "A", "amps": "A", "ampere": "A", "amperes": "A", "ma": "mA", "ua": "uA",
    "µa": "uA", "na": "nA", "milliampere": "mA",
    "v": "V", "volt": "V", "volts": "V", "mv": "mV", "uv": "uV",
    "c": "degC", "°c": "degC", "degc": "degC", "celsius": "degC", "ºc": "degC", "℃": "degC",
    "\ufffdc": "degC", "oc": "degC", "deg": "deg", "degrees": "deg", "°": "deg", "rad": "rad",
    "k": "K", "kelvin": "K", "f": "degF", "°f": "degF",
    "pa": "Pa", "kpa": "kPa", "mpa": "MPa", "bar": "bar", "psi": "psi", "pascal": "Pa",
    "a.h": "A*hour", "ah": "A*hour", "mah": "mA*hour", "ma.h": "mA*hour", "amphr": "A*hour",
    "amp-hr": "A*hour", "uah": "uA*hour", "as": "A*s", "c_": "C",
    "hz": "Hz", "khz": "kHz", "mhz": "mHz", "ohm": "ohm", "ohms": "ohm", "Ω": "ohm", "ω": "ohm",
    "mohm": "mohm", "mω": "mohm", "kohm": "kohm",
    "1": "",
}  # fmt: skip
_EXACT = {"MHz": "MHz", "mHz": "mHz", "mOhm": "mohm", "MOhm": "Mohm", "MPa": "MPa"}
_SAY_THEIR_UNIT = {"amps", "amp", "currentamps", "volts", "voltagevolts", "freq", "frequency"}
_TEXT_UNITS = re.compile(r"h+:m+|hh?[:.]|d+[ -]h|timestamp|iso|date", re.IGNORECASE)
_BRACKETS = re.compile(r"^(?P<name>.+?)\s*[\[(]\s*(?P<unit>[^\[\]()]*?)\s*[\])]\s*$")
_SLASH = re.compile(r"^(?P<name>.*\S)\s*/\s*(?P<unit>[^/]+)$")
_WORD = re.compile(r"^(?P<name>.+)[\s_,#]+(?P<unit>[^\s_,#]+)$")
_AUTHORS = re.compile(r"re\s*\(\s*z\s*\)|-?\s*im\s*\(\s*z\s*\)|phase\s*\(\s*z\s*\)", re.IGNORECASE)


@dataclass(frozen=True)
class Heading:
    """What a column holds.

    Attributes
    ----------
    quantity : str
        One of the names above.
    unit : str
        Its unit in the file, as the unit registry writes it; ``"text"`` for times written
        as ``hh:mm:ss`` or a date, and for words.
    rank : int
        How good the name is: of two columns of a quantity the lower one is taken.
    assumed : bool
        Whether the heading names no unit, so that the usual one is taken.
    """

    quantity: str
    unit: str
    rank: int
    assumed: bool = False


def factor(unit: str, quantity: str) -> tuple[float, float]:
    """Return what to multiply by, and then to add, to have SI units."""
    wanted = {known.quantity: known.unit for known in _KNOWN}[quantity]
    if unit in ("", "text", wanted) or wanted in ("", "text"):
        return 1.0, 0.0
    from twin.units import to_si

    zero = to_si(f"0 {unit}", wanted)
    return to_si(f"1 {unit}", wanted) - zero, zero


@cache
def _names() -> dict[str, list[tuple[_Known, int]]]:
    names: dict[str, list[tuple[_Known, int]]] = {}
    for known in _KNOWN:
        for rank, name in enumerate(known.names):
            names.setdefault(name, []).append((known, rank))
    return names


def _fits(unit: str, known: _Known) -> bool:
    """Return whether a unit is one of a quantity."""
    if not known.unit or known.unit == "text":
        return unit in ("", "text")
    if unit == "text":
        return known.quantity in (TIME, STEP_TIME, MOMENT)
    return _dimension(unit) == _dimension(known.unit)


@cache
def _dimension(unit: str) -> str:
    from twin.units import registry

    # Angles have no dimension, and are told from counts by their name.
    if unit in ("deg", "rad"):
        return "angle"
    if unit == "Hz" or unit.endswith("Hz"):
        return "frequency"
    return str(registry().Unit(unit).dimensionality) if unit else "count"


def _key(name: str) -> str:
    name = unicodedata.normalize("NFKC", name).lower().replace('"', "''").replace("″", "''")
    name = name.replace("′", "'").replace("−", "-")
    minus = "-" if re.match(r"^[\s(]*-\s*(?:im|z)", name) else ""
    kept = re.sub(r"[^\w'|]+", "", name, flags=re.UNICODE).replace("_", "")
    return minus + kept


def unit_of(text: str) -> str | None:
    """Return a unit as the registry writes it; None if it is none."""
    text = unicodedata.normalize("NFKC", text.strip().strip(".").replace("_", ""))
    if text in _EXACT:
        return _EXACT[text]
    if _TEXT_UNITS.search(text):
        return "text"
    return _UNITS.get(text.lower().replace("·", "."))


def _parts(text: str) -> list[tuple[str, str | None]]:
    """Return the ways to read a heading as a name and a unit, the best first."""
    if re.fullmatch(r"\s*(?:" + _AUTHORS.pattern + r")\s*", text, re.IGNORECASE):
        return [(text, None)]
    ways: list[tuple[str, str | None]] = []
    for pattern in (_BRACKETS, _SLASH, _WORD):
        match = pattern.match(text)
        if match:
            unit = unit_of(match["unit"])
            if unit is not None:
                ways.append((match["name"], unit))
    return [*ways, (text, None)]


@lru_cache(maxsize=4096)
def heading(text: str) -> Heading | None:
    """Return what a column of this heading holds; None if that is not known."""
    cleaned = text.replace("\ufeff", "").strip("~# \t")
    if not cleaned or len(cleaned) > 120:
        return None
    for name, unit in _parts(cleaned):
        for known, rank in _names().get(_key(name), ()):
            if unit is None:
                text_unit = known.unit == "text" or known.quantity == MOMENT
                if known.quantity == STEP_TIME and _key(name) == "step":
                    continue  # a bare "Step" is its number
                if known.assumed or not known.unit or text_unit:
                    unsaid = bool(known.assumed) and _key(name) not in _SAY_THEIR_UNIT
                    return Heading(known.quantity, known.assumed or known.unit, rank, unsaid)
            elif _fits(unit, known):
                return Heading(known.quantity, unit, rank)
    return None


def columns_of(headings: Sequence[str]) -> dict[str, tuple[int, Heading]]:
    """Return which column holds which quantity: of two, the one with the better name.

    Where two have the same name, the first.
    """
    columns: dict[str, tuple[int, Heading]] = {}
    for index, text in enumerate(headings):
        read = heading(text)
        if read is not None and (
            read.quantity not in columns or read.rank < columns[read.quantity][1].rank
        ):
            columns[read.quantity] = (index, read)
    return columns
