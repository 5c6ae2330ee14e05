"""What a table of published outcomes teaches: centres by class, effects, and how cells scatter.

Two levels: between laboratories (a paper's rows share an offset) and between cells of one. Learned
for each quantity by :mod:`twin.outcomes.regression`, kept as TOML with the rows it rests on, and
used to say what a cell of another paper will do::

    y = centre(class) + b_T max(T - 25, 0)/30 + b_full (+-1/2) + b_control + u_lab + e

``y = ln(-ln R)`` of a retention ``R``; decades of the other quantities. Where mechanisms say
something of the rows, more is learned with them. Of retentions, the same law of what they leave
(:mod:`twin.outcomes.left`): there ``y`` is ``ln`` of the loss on top, with a part
``b_cycles ln(N/300)``, and a *trust*, how likely they are right about a row. Of resistances and
critical currents, how far their ratios count (:mod:`twin.outcomes.ratios`); of lives, the trust
(:mod:`twin.outcomes.lives`).
"""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np

from twin import files
from twin.errors import InputError
from twin.outcomes import regression
from twin.outcomes.controls import marked
from twin.outcomes.ensembles import Tellings, Told
from twin.outcomes.left import fit_left, members_with
from twin.outcomes.lives import trust_in_lives
from twin.outcomes.nulls import (
    EFFECTS,
    LEFT,
    LEVEL,
    SPOKEN,
    bounds,
    covariates,
    design,
    group,
    kinds_of,
    members_of,
    prior,
)
from twin.outcomes.ratios import BESIDE, REPEATED, Known, beside, fit_ratios, stream
from twin.outcomes.table import LIFE, RETENTION, SCORED, Row

MEMBERS = 400
FEWEST = 5
"""So many rows of a quantity, with a value, it takes to learn of it."""
OTHER = "other"
"""The centre of a class that no row has."""
ON_TOP = "_left"
"""What is learned with mechanisms stands under the quantity's name and this."""
SHIPPED = "learned.toml"
"""What the library's own table has taught, beside this module."""


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
        ``temperature`` per 30 K, ``full text``, ``control``; ``mechanisms``, per decade that they
        say, and ``level``, as much more of their paper's mean.
    laboratory, cell : Known
        Natural logarithm of the scatter between laboratories, and of a cell's ``t_4`` within one.
    rows : tuple of str
        The rows it rests on, ``paper/id``.
    trust : Known, optional
        How likely mechanisms are right about a row: a retention they leave something of, a life.
    middle : float, optional
        What mechanisms say of the rows in the mean, from which their ratios count [decades].
    """

    quantity: str
    centres: Mapping[str, Known]
    effects: Mapping[str, Known]
    laboratory: Known
    cell: Known
    rows: tuple[str, ...]
    trust: Known | None = None
    middle: float | None = None

    def left(
        self,
        row: Row,
        rng: np.random.Generator,
        count: int = MEMBERS,
        said: tuple[float, float] = (0.0, 0.0),
    ) -> np.ndarray:
        """Return draws of ``y`` of a row: what is on top, where mechanisms have spoken.

        ``said`` is what they say of it and of its paper [decades beyond ``middle`` each].
        """
        centre = self.centres.get(group(row), self.centres[OTHER])
        y = centre.draw(rng, count)
        known = {**covariates(row), SPOKEN: said[0], LEVEL: said[1]}
        for name, effect in self.effects.items():
            y = y + known[name] * effect.draw(rng, count)
        y = y + np.exp(self.laboratory.draw(rng, count)) * rng.standard_normal(count)
        scatter = rng.standard_t(regression.DEGREES, count)
        value: np.ndarray = y + np.exp(self.cell.draw(rng, count)) * scatter
        return value

    def predict(self, row: Row, count: int = MEMBERS, seed: int = 0) -> np.ndarray:
        """Return members of a row's number, in the scale of its score."""
        # A row's own stream: what is said of it hangs on no other row.
        words = [ord(letter) for letter in f"{row.paper}/{row.id}"]
        rng = np.random.default_rng([seed, *words])
        return members_of(self.quantity, self.left(row, rng, count))

    def predict_with(self, row: Row, told: Told | None, level: float | None = None) -> np.ndarray:
        """Return members of a row's number: what mechanisms say, and what is learned with them.

        ``level`` is what they say of its paper's rows in the mean [decades], of the row if it is
        not given.
        """
        rng = stream(row, seed=4)
        if self.quantity != RETENTION:
            assert self.middle is not None
            return self.left(row, rng, MEMBERS * REPEATED, beside(told, level, self.middle))
        f = self.left(row, rng, MEMBERS * REPEATED)
        assert self.trust is not None
        trust = np.clip(self.trust.draw(rng, len(f)), 0.0, 1.0)
        return members_with(told, f, trust, rng)

    def to_data(self) -> dict[str, Any]:
        """Return it as TOML would have it."""
        data: dict[str, Any] = {"centre": {}, "effect": {}}
        for key, known in (("centre", self.centres), ("effect", self.effects)):
            data[key] = {name: _rounded(k) for name, k in known.items()}
        data["ln_laboratory_scatter"] = _rounded(self.laboratory)
        data["ln_cell_scatter"] = _rounded(self.cell)
        if self.trust is not None:
            data["trust"] = _rounded(self.trust)
        if self.middle is not None:
            data["middle"] = round(self.middle, 3)
        data["rows"] = list(self.rows)
        return data


def _rounded(known: Known) -> dict[str, float]:
    return {"value": round(known.value, 3), "sd": round(known.sd, 3)}


def learn(rows: Sequence[Row], told: Tellings | None = None) -> dict[str, Learned]:
    """Learn from a table.

    Parameters
    ----------
    rows : sequence of Row
        Of any quantity; each with :data:`FEWEST` rows or more is learned.
    told : mapping, optional
        What mechanisms say of them: what they leave is learned too, under ``…_left``.
    """
    rows = [marked(row) for row in rows]
    by_quantity = {}
    for quantity in SCORED:
        mine = [row for row in rows if row.quantity == quantity and row.measured]
        if len(mine) < FEWEST:
            continue
        by_quantity[quantity] = _learned(quantity, mine)
        if told is None:
            continue
        if quantity == LIFE:
            said = [by_quantity[quantity].predict(row) for row in mine]
            trust = trust_in_lives(mine, told, said)
            by_quantity[quantity] = replace(by_quantity[quantity], trust=trust)
        else:
            learned = _on_top if quantity == RETENTION else _ratios
            by_quantity[quantity + ON_TOP] = learned(quantity, mine, told)
    return by_quantity


def _on_top(quantity: str, rows: Sequence[Row], told: Tellings) -> Learned:
    fitted, kinds = fit_left(rows, told)
    _, sd = prior(rows, kinds, LEFT, left=True)
    fitted_on_top = _read(quantity, rows, fitted, kinds, float(sd[1]), LEFT)
    return replace(fitted_on_top, trust=_known(fitted.trust))


def _ratios(quantity: str, rows: Sequence[Row], told: Tellings) -> Learned:
    fitted = fit_ratios(rows, told)
    _, sd = prior(rows, fitted.kinds, BESIDE, left=True)
    read = _read(quantity, rows, fitted.posterior, fitted.kinds, float(sd[1]), BESIDE)
    return replace(read, middle=fitted.middle)


def _learned(quantity: str, rows: Sequence[Row]) -> Learned:
    kinds = kinds_of(rows)
    X = np.array([design(row, kinds, EFFECTS) for row in rows])
    lo, hi = np.array([bounds(row) for row in rows]).T
    mean, sd = prior(rows, kinds, EFFECTS)
    fitted = regression.fit(X, lo, hi, [row.paper for row in rows], sd, mean)
    return _read(quantity, rows, fitted, kinds, float(sd[1]) if kinds else 0.0, EFFECTS)


def _read(
    quantity: str,
    rows: Sequence[Row],
    fitted: regression.Posterior,
    kinds: Sequence[str],
    between: float,
    effects: Sequence[str],
) -> Learned:
    intercept = fitted.b[:, 0]
    centres = {kind: _known(intercept + fitted.b[:, 1 + i]) for i, kind in enumerate(kinds)}
    alone = _known(intercept)
    centres[OTHER] = Known(alone.value, math.hypot(alone.sd, float(between)))
    rest = fitted.b[:, 1 + len(kinds) :]
    return Learned(
        quantity,
        centres,
        {name: _known(rest[:, i]) for i, name in enumerate(effects[1:])},
        _known(np.log(fitted.lab)),
        _known(np.log(fitted.cell)),
        tuple(f"{row.paper}/{row.id}" for row in rows),
    )


def _known(draws: np.ndarray) -> Known:
    return Known(float(draws.mean()), float(draws.std()))


def shipped() -> dict[str, Learned]:
    """Return what the library's own table has taught."""
    text = resources.files(__package__).joinpath(SHIPPED).read_text("utf-8")
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


def save_learned(learned: Mapping[str, Learned], path: str | Path, source: str) -> None:
    """Save what was learned as TOML."""
    files.write_text(path, to_toml(learned, source), parents=True)


def to_toml(by_quantity: Mapping[str, Learned], source: str) -> str:
    """Return what was learned as the text of a TOML file."""
    lines = [
        "# What published outcomes have taught: written by `twin learn`, read by",
        "# `twin validate --outcomes`. Status of every number: fitted.",
        "",
        f"source = {_quoted(source)}",
        'status = "fitted"',
    ]
    for quantity, learned in by_quantity.items():
        data = learned.to_data()
        lines += ["", f"[{quantity}]"]
        lines += [f"{name} = {_inline(data[name])}" for name in _SCATTERS]
        if "trust" in data:
            lines += [f"trust = {_inline(data['trust'])}"]
        if "middle" in data:
            lines += [f"middle = {data['middle']:g}"]
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
    learned = {}
    for name in (quantity + top for quantity in SCORED for top in ("", ON_TOP)):
        if name not in data:
            continue
        of, quantity = data[name], name.removesuffix(ON_TOP)
        lab, cell = (Known(**of[scatter]) for scatter in _SCATTERS)
        trust = of.get("trust")
        learned[name] = Learned(
            quantity,
            {kind: Known(**k) for kind, k in of["centre"].items()},
            {kind: Known(**k) for kind, k in of["effect"].items()},
            lab,
            cell,
            tuple(of["rows"]),
            None if trust is None else Known(**trust),
            of.get("middle"),
        )
        needed: tuple[str, ...] = EFFECTS
        if name.endswith(ON_TOP):
            # What was learned before levels were counted apart has none.
            needed = LEFT if quantity == RETENTION else BESIDE[:-1]
            _ = of["trust" if quantity == RETENTION else "middle"]
        _ = learned[name].centres[OTHER], [learned[name].effects[e] for e in needed[1:]]
    if not learned:
        raise KeyError(f"one of {', '.join(SCORED)}")
    return learned
