"""The slow part of a state: what a cycle jump moves.

Three kinds of slow state, all numbers at the end of a cycle:

- what the modes declare (:class:`twin.SlowState`), in its transform;
- the cell's counters: time, throughput, what shorts have carried (a metal's sodium is what
  it and the charge outside left of it), and the sodium that side reactions took at a metal;
- the host that was cut off, and the sodium in it;
- the sodium that the composites gained or lost to side reactions [A.h]::

      dG = sum_i K_i d(phi_i x_i + n_i)  (- dQ with a metal anode)

  with the capacity ``K``, the active share ``phi`` and the mean filling ``x`` of each, what
  its isolated host holds, ``n`` per site, and the net discharged charge ``Q``. What a cycle
  merely moves from one electrode to the other cancels, so ``dG`` does not depend on where in
  its window the cell stands.

All other differential states are fast: how full each electrode is at the end of a cycle is
found anew by every cycle that ends on a voltage, and so on. The fillings are carried on from
the last simulated cycles, the others left as the last one left them. What is then missing of
``dG`` is taken from the metal's reserve, or spread over the hosts where there is none (or
where cycles are cut by time: there the fillings themselves drift). The solver makes the
algebraic states consistent.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from twin.engine.prepare import Prepared
from twin.model.names import ISOLATED, SHORT_CHARGE
from twin.model.parameters import used_capacity
from twin.modes import brought
from twin.modes.face import ON
from twin.modes.ports import Port

CHARGE, THROUGHPUT = "Discharge capacity [A.h]", "Throughput capacity [A.h]"
TIME, SODIUM = "time", "the composites' sodium"
_TINY = 1e-300
# A filling this close to empty or full is not moved further.
_EDGE = 1e-6


@dataclass(frozen=True)
class Entry:
    """One slow number that is an entry of the state vector."""

    name: str
    row: int
    log: bool = False


@dataclass(frozen=True)
class Host:
    """A composite's sodium: which rows hold its filling, its capacity [A.h]."""

    rows: slice
    capacity: float
    filling: str
    """The variable that is its mean filling."""
    share: str
    """The variable that is its active share."""
    isolated: int | None = None
    """The row of the sodium in what was cut off; None where nothing can be."""
    connected: Callable[[np.ndarray], float] = lambda y: 1.0
    """Its active share in a state."""

    def held(self, y: np.ndarray) -> float:
        """Return the sodium in what was cut off [A.h]."""
        return 0.0 if self.isolated is None else self.capacity * float(y[self.isolated])

    def sodium(self, y: np.ndarray) -> float:
        """Return the sodium in it, connected or not [A.h]."""
        return self.capacity * self.connected(y) * float(y[self.rows].mean()) + self.held(y)


@dataclass(frozen=True)
class Slow:
    """The slow states of a built cell.

    ``entries`` first, then the composites' sodium, then time, make up the vector ``z``.
    """

    entries: tuple[Entry, ...]
    hosts: tuple[Host, ...]
    charge_row: int
    metal: bool
    """Whether there is a metal electrode, whose sodium the net charge counts."""
    limited: bool = True
    """Whether the cycles end on voltages, and so find the fillings by themselves."""

    @property
    def reserve(self) -> bool:
        """Whether a change of sodium shows in the metal alone."""
        return self.metal and self.limited

    @property
    def names(self) -> list[str]:
        """The names of the parts of ``z``."""
        return [*(e.name for e in self.entries), SODIUM, TIME]

    def own(self, y: np.ndarray) -> np.ndarray:
        """Return those parts of ``z`` that are entries of a state, in their transforms."""
        return np.array([_transformed(y[e.row], e) for e in self.entries])

    def sizes(self, y: np.ndarray) -> np.ndarray:
        """Return the size of each part of ``z`` (1 for a logarithm)."""
        own = [1.0 if e.log else abs(y[e.row]) for e in self.entries]
        return np.array([*own, sum(h.capacity for h in self.hosts), 1.0])

    def increment(
        self,
        before: tuple[float, np.ndarray],
        after: tuple[float, np.ndarray],
        first: Mapping[str, float],
        last: Mapping[str, float],
    ) -> np.ndarray:
        """Return what one simulated cycle added to ``z``.

        Parameters
        ----------
        before, after : tuple of float and ndarray
            Time [s] and state at its start and its end.
        first, last : mapping
            The stored variables there.
        """
        (t0, y0), (t1, y1) = before, after
        own = [_transformed(y1[e.row], e) - _transformed(y0[e.row], e) for e in self.entries]
        sodium = 0.0
        for h in self.hosts:
            inside = [seen.get(h.share, 1.0) * seen[h.filling] for seen in (first, last)]
            sodium += h.capacity * (inside[1] - inside[0]) + h.held(y1) - h.held(y0)
        if self.metal and self.hosts:
            sodium -= y1[self.charge_row] - y0[self.charge_row]
        return np.array([*own, sodium, t1 - t0])

    def moved(self, y: np.ndarray, by: np.ndarray, fast: np.ndarray | None = None) -> np.ndarray:
        """Return the state with ``z`` moved by ``by``.

        A state that is not negative stays so, and no host is filled or emptied beyond
        its sites.

        Parameters
        ----------
        y : ndarray
            The state to move.
        by : ndarray
            The change of ``z``.
        fast : ndarray, optional
            A state to take everything else from.
        """
        moved = y.copy() if fast is None else fast.copy()
        for entry, step in zip(self.entries, by, strict=False):
            old = y[entry.row]
            new = max(old, _TINY) * np.exp(np.clip(step, -50, 50)) if entry.log else old + step
            moved[entry.row] = max(new, 0.0) if old >= 0 else new
        missing = by[len(self.entries)]
        if self.metal:
            missing += moved[self.charge_row] - y[self.charge_row]
        for h in self.hosts:
            missing -= h.sodium(moved) - h.sodium(y)
        if self.reserve:
            moved[self.charge_row] -= missing
            missing = 0.0
        self._spread(moved, y, missing)
        return moved

    def _spread(self, moved: np.ndarray, y: np.ndarray, missing: float) -> None:
        """Put sodium [A.h] into the hosts, as much fuller everywhere until a place is full.

        What one has no room for, or has not got, the others take or give.
        """
        if not self.hosts:
            return
        rows = np.concatenate([np.arange(h.rows.start, h.rows.stop) for h in self.hosts])
        sizes = [
            np.full(_length(h.rows), h.capacity * h.connected(moved) / _length(h.rows))
            for h in self.hosts
        ]
        low = [np.full(_length(h.rows), min(_EDGE, y[h.rows].min())) for h in self.hosts]
        high = [np.full(_length(h.rows), max(1 - _EDGE, y[h.rows].max())) for h in self.hosts]
        size, lowest, highest = (np.concatenate(parts) for parts in (sizes, low, high))
        filling = np.clip(moved[rows], lowest, highest)
        missing -= size @ (filling - moved[rows])
        # Each round fills or empties one place at least, or is the last.
        for _ in range(len(rows)):
            room = filling < highest if missing > 0 else filling > lowest
            if not missing or not room.any():
                break
            wanted = filling + np.where(room, missing / size[room].sum(), 0.0)
            now = np.clip(wanted, lowest, highest)
            missing -= size @ (now - filling)
            filling = now
            if np.array_equal(now, wanted):
                break
        moved[rows] = filling

    def filled(self, y: np.ndarray) -> np.ndarray:
        """Return how full each host is."""
        return np.array([y[h.rows].mean() for h in self.hosts])


def _length(rows: slice) -> int:
    return int(rows.stop - rows.start)


def _transformed(value: float, entry: Entry) -> float:
    return float(np.log(max(value, _TINY))) if entry.log else float(value)


def find_slow(prepared: Prepared) -> tuple[Slow | None, list[str]]:
    """Return the slow states of a built cell, and notes on what stands in the way.

    Without slow states every cycle has to be simulated; the notes say why.
    """
    layout = {name: (a, b) for name, a, b in prepared.compiled.layout}
    notes: list[str] = []
    entries: list[Entry] = []
    for mode in prepared.modes:
        declared = brought.slow_states(mode, prepared.cell)
        own = {name for name, by in prepared.owners.states.items() if by == mode.id}
        silent = not declared and own & set(layout)
        if silent:
            notes.append(
                f"{mode.id} does not declare which of its states are slow "
                f"({', '.join(sorted(silent))}): every cycle is simulated"
            )
        for slow in declared:
            name = slow.variable if slow.variable in layout else slow.variable + ON
            start, stop = layout[name]  # a build refuses one that is no state
            log = slow.transform == "log"
            entries += [Entry(name, row, log) for row in range(start, stop)]
    if notes:
        return None, notes
    counters = [
        THROUGHPUT,
        SHORT_CHARGE,
        *(i(what) for i in prepared.cell.interfaces for what in ("sodium lost [C.m-2]", ISOLATED)),
    ]
    entries += [Entry(name, layout[name][0]) for name in counters if name in layout]
    unique = tuple({e.row: e for e in entries}.values())
    hosts = tuple(_hosts(prepared, layout))
    metal = bool(prepared.cell.metal_interfaces)
    steps = prepared.plan.unique_steps
    limited = any(" until " in step.do and "harge" in step.do for step in steps)
    return Slow(unique, hosts, layout[CHARGE][0], metal, limited), []


def _hosts(prepared: Prepared, layout: dict[str, tuple[int, int]]) -> Iterable[Host]:
    for i in prepared.cell.interfaces:
        if i.kind != "porous":
            continue
        domain = "negative" if i.place == "anode" else "positive"
        wanted = f"{domain} particle concentration [mol.m-3]"
        for name, (start, stop) in layout.items():
            if name.lower().removeprefix("x-averaged ") == wanted:
                electrode = prepared.cell.porous(i.place)
                share, isolated = Port.ACTIVE_FRACTION.at(i.place).variable, None
                if i(ISOLATED) in layout:
                    isolated = layout[i(ISOLATED)][0]
                yield Host(
                    slice(start, stop),
                    used_capacity(prepared.spec, electrode),
                    i("stoichiometry"),
                    share,
                    isolated,
                    _share_of(prepared, share),
                )


def _share_of(prepared: Prepared, name: str) -> Callable[[np.ndarray], float]:
    """Return a share that depends on the states alone, as a function of them."""
    observer = prepared.recorder.observer
    if name not in observer.names:  # no mode acts on it
        return lambda y: Port.ACTIVE_FRACTION.neutral
    inputs = prepared.compiled.inputs(0, 0.0, prepared.inputs(None))

    def share(y: np.ndarray) -> float:
        states = np.asarray(y, dtype=float).reshape(-1, 1)
        return float(observer(np.zeros(1), states, inputs)[name][0])

    return share
