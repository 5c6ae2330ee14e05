"""A run's state between two cycles, as bytes: numbers and JSON, never code."""

from __future__ import annotations

import io
import json
import zlib
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from twin.errors import StoreError

_MAGIC = b"TWN1"


@dataclass
class State:
    """Where a run stands after a cycle.

    Attributes
    ----------
    cycle : int
        The last cycle finished.
    t : float
        Time since the start of the run [s].
    y : ndarray
        The state vector.
    references : dict
        Of a run begun before ``aged`` was kept: for each kind of cycle (by the fingerprint
        of its steps) the numbers that later ones of the kind are compared with.
    first : dict
        Scalar variables at the end of the reference cycle, for the evidence.
    warned : list of str
        Warnings already given.
    course : dict
        What a loop that jumps knows of the way so far, to go on as it would have; empty
        where every cycle is simulated.
    outside : list of dict
        The tables left so far (:mod:`twin.engine.leaving`).
    aged : dict
        What later cycles are compared with (:class:`twin.engine.ageing.Ageing`, as data).
    """

    cycle: int
    t: float
    y: np.ndarray | None
    references: dict[str, dict[str, float]] = field(default_factory=dict)
    first: dict[str, float] = field(default_factory=dict)
    warned: list[str] = field(default_factory=list)
    course: dict[str, Any] = field(default_factory=dict)
    outside: list[dict[str, Any]] = field(default_factory=list)
    aged: dict[str, Any] = field(default_factory=dict)

    def to_bytes(self) -> bytes:
        """Write the state; exact to the last bit."""
        head: dict[str, Any] = {
            "cycle": self.cycle,
            "t": self.t.hex() if isinstance(self.t, float) else float(self.t).hex(),
            "references": self.references,
            "first": self.first,
            "warned": self.warned,
            "course": self.course,
            "outside": self.outside,
            "aged": self.aged,
        }
        buffer = io.BytesIO()
        y = np.empty(0) if self.y is None else self.y
        np.save(buffer, np.ascontiguousarray(y, dtype="<f8"), allow_pickle=False)
        text = json.dumps(head).encode()
        body = zlib.compress(text + b"\n" + buffer.getvalue(), 6)
        return _MAGIC + body

    @classmethod
    def from_bytes(cls, data: bytes, of: str | None = None) -> State:
        """Read a state back; ``of`` is whose it is, for the error.

        Raises
        ------
        StoreError
            If the bytes are not a checkpoint of this program.
        """
        try:
            if data[:4] != _MAGIC:
                raise ValueError("wrong mark")
            head, _, rest = zlib.decompress(data[4:]).partition(b"\n")
            fields = json.loads(head)
            y = np.load(io.BytesIO(rest), allow_pickle=False)
            fields["t"] = float.fromhex(fields["t"])
            return cls(y=y if y.size else None, **fields)
        except (ValueError, TypeError, LookupError, EOFError, zlib.error) as error:
            raise StoreError(
                f"the checkpoint is damaged ({error})",
                key=of,
                fix="go on from another cycle: --from-cycle N (twin resume), --cycle N (twin eis)",
            ) from None
