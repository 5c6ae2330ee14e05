"""``twin.api.compare`` and ``twin.api.sensitivity``: what is run, what is said, what is kept."""

from __future__ import annotations

import math
from types import SimpleNamespace

import pytest

from twin import api
from twin.api.comparing import split_item
from twin.api.evidence import life_hours
from twin.engine.outcome import Outcome
from twin.errors import InputError, NotFoundError, TwinError

EMPTY = "sqlite://"


@pytest.mark.parametrize(
    ("item", "parts"),
    [
        ("na-nzsp-na", ("na-nzsp-na", ())),
        ("na-nzsp-na+sbf3-interlayer+warm-60C", ("na-nzsp-na", ("sbf3-interlayer", "warm-60C"))),
        ("cells/mine.toml", ("cells/mine.toml", ())),
        ("abcd1234", None),
        ("last", None),
    ],
)
def test_items_are_cells_with_overlays_or_runs(item, parts):
    assert split_item(item) == parts


def test_mistakes_are_known_before_anything_is_run(monkeypatch):
    monkeypatch.setattr("twin.api.comparing.simulate", lambda *a, **k: pytest.fail("was run"))
    with pytest.raises(InputError, match="one alone"):
        api.compare(["na-nzsp-na"], store=EMPTY)
    with pytest.raises(InputError, match="na-nzsp-na is named twice"):
        api.compare(["na-nzsp-na", "na-nzsp-na"], store=EMPTY)
    with pytest.raises(TwinError, match="there is no overlay 'nosuch'"):
        api.compare(["na-nzsp-na", "na-nzsp-na+nosuch"], store=EMPTY)
    with pytest.raises(NotFoundError, match="no run"):
        api.compare(["na-nzsp-na", "zzzz"], store=EMPTY)


def test_cells_and_a_stored_run_are_compared_in_the_order_given():
    from twin.store import Store

    store = Store.open(EMPTY)
    first = api.simulate("na-base-na", cycles=1, store=store, series_every=0)
    shares = []
    runs = api.compare(
        ["na-base-na+warm-60C", first.id],
        store=store,
        cycles=1,
        progress=lambda share, text: shares.append(share),
    )
    assert list(runs) == ["na-base-na+warm-60C", first.id]
    warm = runs["na-base-na+warm-60C"].rows[0]["resistance_Ohm_m2"]
    assert 0 < warm < first.rows[0]["resistance_Ohm_m2"]
    assert shares == [1.0]
    store.close()


# ------------------------------------------------------------ evidence


def lived(outcome: Outcome, *margins: dict[str, float]) -> SimpleNamespace:
    rows = [{"t_end_s": 36000.0 * (i + 1), "margins": m} for i, m in enumerate(margins)]
    return SimpleNamespace(outcome=outcome, rows=rows)


def test_a_life_is_extrapolated_along_the_fatal_margin_that_runs_out_first():
    margins = [{"a": 1.0, "b": 1.0, "warned": 0.9}, {"a": 0.9, "b": 0.98, "warned": 0.5},
               {"a": 0.8, "b": 0.96, "warned": 0.1}]  # fmt: skip
    run = lived(Outcome("completed"), *margins)
    # From 0.9 at 20 h to 0.8 at 30 h: nought 80 h later, at 110 h.
    assert life_hours(run, {"a", "b"}) == pytest.approx(110)
    # b: 0.02 in 10 h, 0.96 left: 480 h more.
    assert life_hours(run, {"b"}) == pytest.approx(510)
    assert life_hours(run, {"c"}) == math.inf


def test_a_cell_that_died_lived_until_then():
    assert life_hours(lived(Outcome("cell-failed", time_h=12.5)), {"a"}) == 12.5
    assert math.isnan(life_hours(lived(Outcome("completed"), {"a": 1.0}), {"a"}))


def test_sensitivity_finds_the_exponent_and_remembers_it(monkeypatch, tmp_path):
    """With a life that is put in, the exponent that comes out is known."""
    monkeypatch.setattr("platformdirs.user_cache_dir", lambda *a, **k: str(tmp_path))

    def life(spec, cycles, protocol):
        pressure, voids = spec.stack.pressure.si, spec.modes["pressure"].voids
        return 100 * (pressure / 5e6) ** 0.5 / (voids.reference_height.si / 2e-6) ** 2

    monkeypatch.setattr("twin.api.evidence._life", life)
    spec = api.load_cell("na-nzsp-na")
    assert api.known_sensitivity(spec) is None
    found = api.sensitivity(spec, cycles=5)
    assert api.known_sensitivity(spec) == found
    assert api.known_sensitivity(api.load_cell("na-base-na")) is None
    assert found["life_h"] == pytest.approx(100)
    by_key = {n["key"]: n["exponent"] for n in found["numbers"]}
    assert by_key["stack.pressure"] == pytest.approx(0.5)
    assert by_key["modes.pressure.voids.reference_height"] == pytest.approx(-2)
    assert [n["key"] for n in api.drivers(found)] == [
        "modes.pressure.voids.reference_height",
        "stack.pressure",
    ]
    assert not any(key.startswith(("window.", "end_of_life.")) for key in by_key)
    # Measured numbers are not doubted.
    assert "electrolyte.material.fracture_toughness" not in by_key


def test_a_cell_in_which_nothing_declines_has_no_life_to_vary(monkeypatch):
    monkeypatch.setattr("twin.api.evidence._life", lambda *a: math.inf)
    with pytest.raises(InputError, match="nothing declines"):
        api.sensitivity("na-base-na", cycles=5)
    with pytest.raises(InputError, match="so few cycles"):
        api.sensitivity("na-base-na", cycles=2)
