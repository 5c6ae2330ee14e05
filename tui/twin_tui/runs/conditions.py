"""The conditions one changes most, as fields of their own, and the overrides they stand for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from twin import CONDITIONS, PROTOCOL, rate_keys

FIELDS = {
    "rate": "C",
    "temperature": " degC",
    "pressure": " MPa",
    "thickness": " um",
}
"""The fields, each with the unit of a bare number."""
_THICKNESS = "electrolyte.thickness"


def keys_of(field: str, known: Iterable[str]) -> tuple[str, ...]:
    """Return the keys that a field sets, of those that the cell and its protocol have."""
    known = set(known)
    if field == "rate":
        return rate_keys(key.removeprefix(PROTOCOL) for key in known if key.startswith(PROTOCOL))
    key = CONDITIONS.get(field, _THICKNESS)
    return (key,) if key in known else ()


def with_unit(field: str, text: str, now: str) -> str:
    """Return a field's text as a value: a bare number has the field's own unit.

    A rate that is a current density ``now`` stays one.
    """
    text = text.strip()
    try:
        float(text)
    except ValueError:
        return text
    return f"{text} mA/cm^2" if "mA/cm" in now else f"{text}{FIELDS[field]}"


def taken_out(
    overrides: Mapping[str, str], known: Iterable[str]
) -> tuple[dict[str, str], dict[str, str]]:
    """Return the fields that overrides fill, and the overrides that no field holds."""
    fields, rest, known = {}, dict(overrides), list(known)
    for field in FIELDS:
        keys = keys_of(field, known)
        values = {overrides.get(key) for key in keys}
        if len(values) == 1 and (value := values.pop()) is not None:
            fields[field] = value
            for key in keys:
                del rest[key]
    return fields, rest


def matching(typed: str, keys: Mapping[str, str], most: int) -> list[str]:
    """Return the keys that have all parts of what was typed; those that begin so come first."""
    typed = typed.strip().lower()
    parts = typed.replace(".", " ").split()
    if not parts or typed in keys:
        return []
    matches = [key for key in keys if all(part in key.lower() for part in parts)]
    matches.sort(key=lambda key: (not key.lower().startswith(typed), len(key), key))
    return matches[:most]
