"""What a table of published outcomes teaches: centres by class, effects, and how cells scatter.

Two levels: between laboratories (a paper's rows share an offset) and between cells of one. Learned
for each quantity by :mod:`twin.outcomes.regression`, kept as TOML with the rows it rests on, and
used to say what a cell of another paper will do::

    y = centre(class) + b_T max(T - 25, 0)/30 + b_full (+-1/2) + b_control + u_lab + e

``y = ln(-ln R)`` of a retention ``R``; decades of the other quantities.
"""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np

from twin import files
from twin.errors import InputError
from twin.outcomes import regression
from twin.outcomes.nulls import EFFECTS, bounds, design, group, kinds_of, members_of, prior
from twin.outcomes.table import SCORED, Row

MEMBERS = 400
OTHER = "other"
"""The centre of a class that no row has."""
_SHIPPED = "learned.toml"


@dataclass(frozen=True)
class Known:
    """A number that was learned: its middle and how well it is known."""

    value: float
    sd: float

    def draw(self, rng: np.random.Generator, count: int) -> np.ndarray:
        """Return members of it."""
        return self.value + self.sd * rng.standard_normal(count)


@dataclass(frozen=True)
class Learned:
    """What was learned of one quantity.

    Attributes
    ----------
    quantity : str
        As in the table.
    centres : mapping
        Of each class, at 25 degC.
    effects : mapping
        ``temperature`` per 30 K, ``full text``, ``control``.
    laboratory, cell : Known
        Natural logarithm of the scatter between laboratories, and of a cell's ``t_4`` within one.
    rows : tuple of str
        The rows it rests on, ``paper/id``.
    """

    quantity: str
    centres: Mapping[str, Known]
    effects: Mapping[str, Known]
    laboratory: Known
    cell: Known
    rows: tuple[str, ...]

    def predict(self, row: Row, count: int = MEMBERS, seed: int = 0) -> np.ndarray:
        """Return members of a row's number, in the scale of its score."""
        # A row's own stream: what is said of it hangs on no other row.
        words = [ord(letter) for letter in f"{row.paper}/{row.id}"]
        rng = np.random.default_rng([seed, *words])
        centre = self.centres.get(group(row), self.centres[OTHER])
        y = centre.draw(rng, count)
        for name, x in _covariates(row).items():
            y = y + x * self.effects[name].draw(rng, count)
        y = y + np.exp(self.laboratory.draw(rng, count)) * rng.standard_normal(count)
        scatter = rng.standard_t(regression.DEGREES, count)
        return members_of(self.quantity, y + np.exp(self.cell.draw(rng, count)) * scatter)

    def to_data(self) -> dict[str, Any]:
        """Return it as TOML would have it."""
        found: dict[str, Any] = {"centre": {}, "effect": {}}
        for key, known in (("centre", self.centres), ("effect", self.effects)):
            found[key] = {name: _rounded(k) for name, k in known.items()}
        found["ln_laboratory_scatter"] = _rounded(self.laboratory)
        found["ln_cell_scatter"] = _rounded(self.cell)
        found["rows"] = list(self.rows)
        return found


def _covariates(row: Row) -> dict[str, float]:
    x = design(row, (), EFFECTS[1:])
    return dict(zip(EFFECTS[1:], x[1:], strict=True))


def _rounded(known: Known) -> dict[str, float]:
    return {"value": round(known.value, 3), "sd": round(known.sd, 3)}


def learn(rows: Sequence[Row]) -> dict[str, Learned]:
    """Learn from a table.

    Parameters
    ----------
    rows : sequence of Row
        Of any quantity; each with five rows or more is learned.
    """
    found = {}
    for quantity in SCORED:
        mine = [row for row in rows if row.quantity == quantity]
        if len(mine) >= 5:
            found[quantity] = _learned(quantity, mine)
    return found


def _learned(quantity: str, rows: Sequence[Row]) -> Learned:
    kinds = kinds_of(rows)
    X = np.array([design(row, kinds, EFFECTS) for row in rows])
    lo, hi = np.array([bounds(row) for row in rows]).T
    mean, sd = prior(rows, kinds, EFFECTS)
    fitted = regression.fit(X, lo, hi, [row.paper for row in rows], sd, mean)
    intercept, between = fitted.b[:, 0], sd[1] if kinds else 0.0
    centres = {kind: _known(intercept + fitted.b[:, 1 + i]) for i, kind in enumerate(kinds)}
    alone = _known(intercept)
    centres[OTHER] = Known(alone.value, math.hypot(alone.sd, float(between)))
    rest = fitted.b[:, 1 + len(kinds) :]
    return Learned(
        quantity,
        centres,
        {name: _known(rest[:, i]) for i, name in enumerate(EFFECTS[1:])},
        _known(np.log(fitted.lab)),
        _known(np.log(fitted.cell)),
        tuple(f"{row.paper}/{row.id}" for row in rows),
    )


def _known(draws: np.ndarray) -> Known:
    return Known(float(draws.mean()), float(draws.std()))


def shipped() -> dict[str, Learned]:
    """Return what the library's own table has taught."""
    text = resources.files(__package__).joinpath(_SHIPPED).read_text("utf-8")
    return _from_data(tomllib.loads(text))


def load_learned(path: str | Path) -> dict[str, Learned]:
    """Return what was learned and saved.

    Raises
    ------
    InputError
        If the file cannot be read or is none of these.
    """
    try:
        return _from_data(tomllib.loads(Path(path).read_text(encoding="utf-8")))
    except OSError as error:
        why = f"it cannot be read: {error.strerror}"
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        why = f"it is no TOML: {error}"
    except (KeyError, TypeError, AttributeError) as error:
        why = f"{error} is missing or of another kind"
    raise InputError(why, file=str(path), fix="make it with `twin learn --save FILE`")


def save_learned(found: Mapping[str, Learned], path: str | Path, source: str) -> None:
    """Save what was learned as TOML."""
    files.write_text(path, to_toml(found, source), parents=True)


def to_toml(found: Mapping[str, Learned], source: str) -> str:
    """Return what was learned as the text of a TOML file."""
    lines = [
        "# What published outcomes have taught: written by `twin learn`, read by",
        "# `twin validate --outcomes`. Status of every number: fitted.",
        "",
        f"source = {_quoted(source)}",
        'status = "fitted"',
    ]
    for quantity, learned in found.items():
        data = learned.to_data()
        lines += ["", f"[{quantity}]"]
        lines += [f"{name} = {_inline(data[name])}" for name in _SCATTERS]
        lines += [f"rows = [{', '.join(_quoted(r) for r in data['rows'])}]"]
        for key in ("centre", "effect"):
            lines += [f"[{quantity}.{key}]"]
            lines += [f"{_quoted(name)} = {_inline(known)}" for name, known in data[key].items()]
    return "\n".join(lines) + "\n"


_SCATTERS = ("ln_laboratory_scatter", "ln_cell_scatter")


def _inline(known: Mapping[str, float]) -> str:
    return f"{{ value = {known['value']:g}, sd = {known['sd']:g} }}"


def _quoted(text: str) -> str:
    import json

    return json.dumps(text, ensure_ascii=False)


def _from_data(data: Mapping[str, Any]) -> dict[str, Learned]:
    found = {}
    for quantity in SCORED:
        if quantity not in data:
            continue
        of = data[quantity]
        lab, cell = (Known(**of[name]) for name in _SCATTERS)
        found[quantity] = Learned(
            quantity,
            {name: Known(**k) for name, k in of["centre"].items()},
            {name: Known(**k) for name, k in of["effect"].items()},
            lab,
            cell,
            tuple(of["rows"]),
        )
        _ = found[quantity].centres[OTHER], [found[quantity].effects[e] for e in EFFECTS[1:]]
    if not found:
        raise KeyError(f"one of {', '.join(SCORED)}")
    return found
