"""The sign of a measured current: turned to + on discharge, and checked against the voltage."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from twin.columns import CURRENT
from twin.measured.evidence import SURE, Evidence
from twin.measured.quantities import STATE
from twin.measured.recording import Asked, Chunk, Positive

_TURNED = {"charge": -1.0, "discharge": 1.0}
_OTHER: dict[str, Positive] = {"charge": "discharge", "discharge": "charge"}


class Unsigned(ValueError):
    """The current flows both ways, and nothing says when which."""


@dataclass
class Sign:
    """How a file's current becomes + on discharge.

    Attributes
    ----------
    positive : {"charge", "discharge"}
        What a positive current is in the file.
    checked : {"agrees", "turned", "decided", "contradicts", "silent"}
        What the voltage says: it agrees with the format, has overruled it, has decided where
        nothing else did, contradicts the user, or tells nothing.
    by_state : bool
        Whether the file's current has no sign and follows its words instead.
    told, doubts : list of str
        What is to be told.
    """

    positive: Positive
    checked: str
    by_state: bool = False
    told: list[str] = field(default_factory=list)
    doubts: list[str] = field(default_factory=list)

    def apply(self, chunk: Chunk) -> Chunk:
        """Return a chunk with its current + on discharge."""
        current = chunk[CURRENT]
        if self.by_state:
            # A row without a word (a step's end, say) belongs to the rows before it.
            state = _filled(chunk[STATE])
            current = np.abs(current) * np.where(state == 0, 1.0, state)
        else:
            current = current * _TURNED[self.positive] + 0.0  # no minus nought
        return {**chunk, CURRENT: current}


def _filled(state: np.ndarray) -> np.ndarray:
    known = np.where(np.isfinite(state), np.arange(len(state)), 0)
    value: np.ndarray = np.nan_to_num(state[np.maximum.accumulate(known)], nan=1.0)
    return value


def sign_of(evidence: Evidence, positive: Positive, asked: Asked) -> Sign:
    """Return how to turn a file's current.

    Parameters
    ----------
    evidence : Evidence
        What the data say.
    positive : {"charge", "discharge", ""}
        What a positive current is by the format.
    asked : Asked
        What the user says.

    Raises
    ------
    Unsigned
        If the current has one sign only, the voltage rises and falls under it, and no word
        says when it charges.
    """
    discharge, charge = evidence.state_sign(1), evidence.state_sign(-1)
    if discharge and discharge == charge and evidence.one_signed:
        text = "its current has no sign: taken from what it calls charge and discharge"
        return Sign("discharge", "silent", by_state=True, told=[text])
    seen = evidence.sign
    if evidence.one_signed and evidence.two_ways:
        raise Unsigned("its current has no sign, and nothing says when it charges")
    by_format = positive
    if not by_format and (discharge or charge):
        by_format = "discharge" if (discharge or -charge) > 0 else "charge"
    if not evidence.has_current:
        return Sign(
            by_format or "charge", "silent", told=["no current flows: its sign is not checked"]
        )
    if abs(seen) < SURE:
        sign = Sign(by_format or "charge", "silent")
        if by_format:
            sign.told.append(_says(by_format, asked) + "; the voltage does not tell")
        else:
            sign.doubts.append(
                "what a positive current is, neither the file nor the voltage says: taken as "
                "charge (--current says else)"
            )
        return sign
    by_voltage: Positive = "charge" if seen > 0 else "discharge"
    way = "rises" if seen > 0 else "falls"
    if not by_format:
        text = f"a positive current is {by_voltage}: the voltage {way} under it"
        return Sign(by_voltage, "decided", told=[text])
    if by_format == by_voltage:
        return Sign(by_format, "agrees", told=[_says(by_format, asked) + "; the voltage agrees"])
    if asked.positive:
        text = f"you say that a positive current is {by_format}, and the voltage {way} under it"
        return Sign(by_format, "contradicts", doubts=[text])
    text = (
        f"a positive current is {by_format} by its format, but the voltage {way} under it: taken "
        f"as {by_voltage}"
    )
    return Sign(by_voltage, "turned", told=[text])


def _says(positive: str, asked: Asked) -> str:
    whose = "as you say" if asked.positive else "by its format"
    turned = ", turned" if positive == "charge" else ""
    return f"a positive current is {positive} {whose}{turned}"
