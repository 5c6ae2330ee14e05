"""Published rows as cells: what stands for them, what their lives say, what is learned on top."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

import twin
from twin.errors import InputError, StoreError
from twin.modes import acting
from twin.outcomes import ensembles, regression
from twin.outcomes.ablation import CONTROL, EVERYTHING, NOTHING, Ablated, ablate
from twin.outcomes.controls import control_of, marked
from twin.outcomes.ensembles import Told, key_of, nothing, tell, told_of
from twin.outcomes.expect import expected
from twin.outcomes.learning import ON_TOP, learn, load_learned, save_learned, shipped
from twin.outcomes.left import (
    PARTS,
    REMOVABLE,
    Mechanistic,
    Said,
    fit_left,
    loss_of,
    members_with,
    prior_predictive,
)
from twin.outcomes.lives import lives_mixed, trust_in_lives
from twin.outcomes.ratios import beside, fit_ratios, levels_of, ratios, spoken
from twin.outcomes.recognise import NotMapped, fits
from twin.outcomes.scores import Band
from twin.outcomes.setups import set_up
from twin.outcomes.skill import ALONE, TWIN, Prediction, _lives, _taught, score_outcomes
from twin.outcomes.table import CRITICAL, LIFE, RESISTANCE, RETENTION, Row, read_outcomes
from twin.outcomes.treatment import levels, staircase
from twin.store import Store

PUBLISHED = Path(__file__).parents[3] / "cell_specs" / "twin_cells" / "outcomes" / "published.csv"


@pytest.fixture(scope="module")
def rows():
    return {f"{r.paper}/{r.id}": r for r in read_outcomes(PUBLISHED)[0]}


def made(values, dead=None):
    values = np.asarray(values, dtype=float)
    return Told(values, np.zeros(len(values), bool) if dead is None else np.asarray(dead))


# ------------------------------------------------------- from a row to a cell


def test_a_row_is_mapped_by_its_words_and_what_it_says_is_not_drawn(rows):
    found = set_up(rows["X13/x13"])
    assert found.cell == "nasn-nbh-nco" and found.cycles == 100
    assert found.spec.stack.pressure.si == 3e6 and found.spec.stack.pressure.spread is None
    assert found.spec.window.upper.si == 3.35 and found.spec.thermal.ambient.si == 303.15
    assert found.rules.parameters["rate"] == "C/2"
    # 7 mg/cm2 of the cathode's own density and share
    cathode = found.spec.cathode
    metres = 0.07 / (cathode.material.density.si * cathode.active_fraction.si)
    assert cathode.thickness.si == pytest.approx(metres, rel=1e-4)


def test_what_a_row_does_not_say_is_drawn(rows):
    found = set_up(rows["P27/OX039"])
    assert "stack.pressure" in found.drawn and found.spec.stack.pressure.spread
    assert found.spec.electrolyte.material.name == "nzsp" and found.spec.anode.kind == "metal"
    alloy = set_up(rows["D17/d17"]).spec.modes["interphase"].anode.parabolic_constant
    assert alloy.spread == "lognormal 1.2" and alloy.si == 2.5e-18  # learned from six papers


def test_parts_of_two_cells_are_put_together(rows):
    found = set_up(rows["P72/S021b"])
    assert found.spec.cathode.material.name == "fes2"
    assert found.spec.electrolyte.material.family == "nasicon"
    assert any("cathode of" in note for note in found.notes)


def test_what_nothing_stands_for_says_so(rows):
    for name, word in (("P37/S028", "aniline"), ("X13/x14half", "half cell")):
        with pytest.raises(NotMapped, match=word):
            set_up(rows[name])
    with pytest.raises(NotMapped, match="electrolyte"):
        set_up(rows["P02/S011"])


def test_faces_are_told_apart(rows):
    bare, pressed = (set_up(rows[f"P49/X002{i}"]).spec for i in "ab")
    coated = set_up(rows["P61/OX012"]).spec
    assert bare.stack.pressed_at.si < pressed.stack.pressed_at.si == coated.stack.pressed_at.si
    assert bare.stack.pressure.si == 0.25e6
    assert pressed.interfaces.anode.resistance.reference.spread


def test_a_row_that_says_how_a_metal_was_put_on_has_that(rows):
    for name, pascals in (("P48/X001b", 12e6), ("P49/X002c", 0.0), ("P49/X002f", 2e6)):
        found = set_up(rows[name])
        assert found.spec.stack.pressed_at.si == pascals and "stack.pressed_at" not in found.drawn
    assert "stack.pressed_at" in set_up(rows["P45/X003a"]).drawn
    alloy = replace(rows["X13/x13"], pressed_at=12.0)
    assert set_up(alloy).spec.stack.pressed_at == set_up(rows["X13/x13"]).spec.stack.pressed_at


def test_a_sodium_rich_nasicon_has_its_own_resistance_unless_it_is_coated(rows):
    def face(name, **change):
        return set_up(replace(rows[name], **change)).spec.interfaces.anode

    rich, plain = face("P16/OX040"), face("P49/X002a")
    # both halves of 2 ohm cm2: a film, and RT/(F j0) = 25.7 mV/25.7 mA
    assert rich.resistance.reference.si == pytest.approx(1e-4)
    assert 0.02569 / rich.exchange_current.reference.si == pytest.approx(1e-4, rel=1e-3)
    assert rich.resistance.activation_energy.si == -rich.exchange_current.activation_energy.si
    assert plain.resistance.reference.si == pytest.approx(6.3e-4)
    coat = {**rows["P16/OX040"].classes, "face": "coated"}
    assert face("P16/OX040", classes=coat).resistance.reference.si == pytest.approx(7e-4)


def test_a_carborate_grows_a_layer_on_sodium_and_not_under_a_coat(rows):
    bare, coated = (set_up(rows[f"X02/x02{i}"]).spec.modes["interphase"].anode for i in "ab")
    assert bare.kind == "insulating" and bare.parabolic_constant.spread
    assert coated.rate_constant.si == 1e-18
    assert set_up(rows["X06/x06a"]).spec.modes["interphase"].anode.kind == "stable"
    thio = set_up(rows["P01/S001a"]).spec.modes["interphase"].anode
    assert thio.rate_constant.si == 2e-11 and thio.rate_constant.spread == "lognormal 1.2"


def test_a_bare_face_of_the_plain_nasicon_was_pressed_by_the_stack_alone(rows):
    bare, rich, coated = (
        set_up(rows[name]).spec.stack.pressed_at.si
        for name in ("D07/d07a", "P16/OX042", "P45/X003c")
    )
    assert bare == 0.0 and rich == 1e6 and coated == 30e6


def test_a_limit_of_plating_alone_has_no_stripped_face(rows):
    plated = rows["D05/d05"]
    assert plated.quantity == CRITICAL
    key = "plating"
    refill = [
        set_up(one).spec.modes["pressure"].voids.refill_current.si
        for one in (plated, replace(plated, marks=plated.marks - {key}))
    ]
    assert key in plated.marks and refill == [pytest.approx(1e4), pytest.approx(15.0)]


def test_an_entry_fits_one_or_one_of_several():
    facts = {"face": "bare", "anode": "metal"}
    assert fits({"face": "bare"}, facts) and fits({"face": ["pressed", "bare"]}, facts)
    assert not fits({"face": ["pressed"], "anode": "metal"}, facts)
    assert not fits({"face": "are"}, facts) and fits({}, facts)


def test_controls_are_told_by_their_set_up_alone(rows):
    told = {name for name, row in rows.items() if control_of(row)}
    assert told >= {"P72/S021b", "X12/x12a", "X12/x12d", "X13/x14full", "X16/x16a"}
    assert told - {"P72/S021b", "X12/x12a", "X12/x12d", "X13/x14full", "X16/x16a"} == {"X16/x15"}
    blind = replace(rows["X12/x12a"], lo=99.0, hi=99.0, marks=frozenset())
    assert "control" in marked(blind).marks
    assert "control" not in marked(replace(rows["X12/x12b"], marks=frozenset({"control"}))).marks


def test_a_staircase_carries_a_charge_or_a_time():
    steps = staircase(0.5).parameters
    hours = [float(steps[f"t{i}"].split()[0]) for i in range(1, 25)]
    assert [t * j for t, j in zip(hours, levels(), strict=True)] == pytest.approx(
        [0.5] * 24, rel=1e-4
    )
    assert {staircase(None).parameters[f"t{i}"] for i in range(1, 25)} == {"0.5 hour"}
    assert levels()[1] / levels()[0] == pytest.approx(levels()[9] / levels()[8])
    # a charge beside a time is its product with the result: the time counts
    timed = staircase(0.5, 1 / 12).parameters
    assert {float(timed[f"t{i}"].split()[0]) for i in range(1, 25)} == {0.0833333}


# ------------------------------------------------------------------- lives


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    with Store.open(f"sqlite:///{tmp_path_factory.mktemp('lives') / 'lives.db'}") as opened:
        yield opened


def test_lives_are_kept_and_lengthened_and_hang_on_no_other_row(rows, store):
    row = rows["P49/X002b"]
    two = told_of(row, store, 2)
    runs = len(store.runs())
    assert two.known and runs == 2 and two.setup["cell"] == "na-nzsp2-na"
    assert [s.status for s in store.studies()] == ["completed"]  # nobody waits for more of it
    again = told_of(row, store, 2)
    assert np.array_equal(again.values, two.values) and len(store.runs()) == runs
    four = told_of(row, store, 4)
    assert np.array_equal(four.values[:2], two.values) and len(store.runs()) == 4
    among = tell([rows["P61/OX012"], row], store, members=4)
    assert np.array_equal(among[1].values, four.values)
    # half of all but the electrolyte's, in ohm cm2: 6 in the middle, within both spreads
    assert np.all((four.values > -0.5) & (four.values < 2.7))


def test_a_mode_left_out_is_another_study_of_the_same_cells(rows, store):
    """Common random numbers: each member keeps its own, but for those of the mode."""
    row = rows["P49/X002b"]
    whole, less = told_of(row, store, 2), told_of(row, store, 2, ("pressure",))
    designs = [store.study(s.id).design for s in store.studies() if s.cell_name.startswith("P49 ")]
    one, other = (
        next(d for d in designs if ("pressure" in d["modes"]) is there) for there in (True, False)
    )
    assert any(key.startswith("modes.pressure.") for key in one["keys"])
    assert other["keys"] == [k for k in one["keys"] if not k.startswith("modes.pressure.")]
    for theirs, own in zip(other["values"], one["values"], strict=False):
        known = dict(zip(one["keys"], own, strict=True))
        assert theirs == [known[key] for key in other["keys"]]
    assert less.known and not np.array_equal(whole.values, less.values)
    runs = len(store.runs())
    assert np.array_equal(told_of(row, store, 2, ("pressure",)).values, less.values)
    assert len(store.runs()) == runs
    # Lengthened, they are the cells of the longer ensemble.
    longer = told_of(row, store, 4, ("pressure",))
    assert len(longer.values) == 4 and np.array_equal(longer.values[:2], less.values)
    found = [store.study(s.id).design for s in store.studies() if s.cell_name.startswith("P49 ")]
    assert other["keys"] in [d["keys"] for d in found if len(d["values"]) == 4]


def test_lives_that_a_mode_cannot_have_changed_are_not_lived_again(rows, store, monkeypatch):
    row = rows["P49/X002b"]
    whole, runs = told_of(row, store, 2), len(store.runs())
    # No tin is pulverised in a symmetric cell of sodium, which `plating` cannot act on either.
    assert np.array_equal(told_of(row, store, 2, ("plating",)).values, whole.values)
    assert len(store.runs()) == runs
    found = set_up(row)
    life = SimpleNamespace(mode="pressure")
    assert ensembles._changing(found, ["pressure"]).changes(life)
    assert not ensembles._changing(found, ["plating"]).changes(life)
    # One that only judges has changed the lives that it ended.
    monkeypatch.setattr(acting, "moves", lambda mode, cell, beside: mode.id != "pressure")
    judge = ensembles._changing(found, ["pressure"])
    assert judge.modes == ("pressure",) and judge.judging
    assert judge.changes(life) and not judge.changes(SimpleNamespace(mode="dendrite"))
    assert not judge.changes(SimpleNamespace(mode=None))
    both = ensembles._changing(found, ["pressure", "dendrite"])
    assert both.changes(SimpleNamespace(mode=None))


def test_a_life_of_which_all_modes_took_nothing_is_as_it_is_without_one(rows, store, monkeypatch):
    row = rows["P27/OX039"]
    found = set_up(row)

    def untouched(left):
        monkeypatch.setattr(ensembles, "_retained", lambda *of: left)
        return ensembles._untouched(row, found, store, SimpleNamespace())

    assert untouched(1.0) and untouched(0.996)
    assert not untouched(0.99) and not untouched(0.0) and not untouched(None)
    critical = replace(row, quantity=CRITICAL)
    assert not ensembles._untouched(critical, found, store, SimpleNamespace())


def test_a_life_and_a_critical_current_are_read(rows, store):
    low = told_of(rows["P48/X001b"], store, 2)
    assert np.all((low.values >= math.log10(levels()[0]) - 0.1) & (low.values <= 1.6))
    life = told_of(replace(rows["D07/d07b"], charge=3.0), store, 2)
    assert np.all((life.values <= 3.01) & (life.values >= -1))
    assert np.all(life.dead | (life.values > 2.99))


def test_a_row_without_a_cell_falls_back(rows, store):
    (none,) = tell([rows["P37/S028"]], store, members=2)
    assert not none.known and "aniline" in none.to_dict()["reason"]


# ------------------------------------------------------- what is left by them


def retentions(n=90, trust=1.0, seed=0, f0=-2.0, sigma=0.3):
    """Rows whose loss is a mechanism's and a fade's, and what is told of them."""
    rng = np.random.default_rng(seed)
    rows, told = [], {}
    for i in range(n):
        taken = 0.15 if i % 3 == 0 else 0.0
        right = rng.uniform() < trust
        f = f0 + sigma * rng.standard_normal()
        left = 100 * np.exp(-(taken * right) - np.exp(f))
        row = Row(f"p{i // 2}", f"r{i}", RETENTION, left, left, cycles=300.0,
                  classes={"cathode": "polyanion"}, marks=frozenset())  # fmt: skip
        rows.append(row)
        told[key_of(row)] = made(np.exp(-taken * np.exp(0.2 * rng.standard_normal(16))))
    return rows, told


def centre(rows, told):
    fitted, _ = fit_left(rows, told)
    # The effect of the full text is at -1/2 of all of these rows.
    return float((fitted.b[:, 0] + fitted.b[:, 1] - fitted.b[:, 3] / 2).mean()), fitted


def test_the_fade_on_top_comes_back_and_nothing_is_counted_twice():
    rows, told = retentions()
    with_it, fitted = centre(rows, told)
    assert with_it == pytest.approx(-2.0, abs=0.12)
    assert fitted.trust.mean() > 0.7
    without, _ = centre(rows, {})
    assert without > with_it + 0.1  # what the mechanism takes would be fade


def test_mechanisms_that_are_wrong_are_not_trusted():
    rows, told = retentions()
    wrong = {k: made(np.full(16, 0.4)) for k in told}  # takes more than any row has lost
    _, fitted = centre(rows, wrong)
    assert fitted.trust.mean() < 0.1
    half, told = retentions(n=150, trust=0.5, sigma=0.05)
    few = [r for i, r in enumerate(half) if i % 3 == 0]  # those of which it says something
    _, fitted = centre(few, told)
    assert 0.3 < fitted.trust.mean() < 0.7


def test_nothing_said_is_the_plain_regression():
    rows, told = retentions(n=40)
    alike, _ = fit_left(rows, {})
    nought, _ = fit_left(rows, {k: made(np.ones(8)) for k in told})
    assert alike.b.mean(axis=0) == pytest.approx(nought.b.mean(axis=0), abs=0.15)


def decades(n=40, slope=1.0, seed=1, off=0.4):
    """Resistances that are a mechanism's to a power, two a paper, and what is told of them."""
    rng = np.random.default_rng(seed)
    rows, told = [], {}
    for i in range(n):
        x = rng.normal(1.0, 0.6)
        value = 10 ** (slope * x + off + 0.1 * rng.standard_normal())
        row = Row(f"p{i // 2}", f"r{i}", RESISTANCE, value, value, classes={"face": "bare"})
        rows.append(row)
        told[key_of(row)] = made(x + 0.05 * rng.standard_normal(16))
    return rows, told


@pytest.mark.parametrize("slope", [0.0, 1.0])
def test_how_far_the_ratios_of_mechanisms_count_is_learned(slope):
    rows, told = decades(slope=slope)
    fitted = fit_ratios(rows, told)
    assert fitted.posterior.b[:, -2].mean() == pytest.approx(slope, abs=0.1)
    assert fitted.posterior.b[:, -1].mean() == pytest.approx(0.0, abs=0.25)
    assert fitted.middle == pytest.approx(np.mean([spoken(of) for of in told.values()]))


def test_a_row_of_another_paper_is_said_by_the_ratio_to_the_middle():
    rows, told = decades()
    new = [Row("new", name, RESISTANCE, 1, 1, classes={"face": "bare"}) for name in "abc"]
    said = {key_of(new[0]): made(np.zeros(16)), key_of(new[1]): made(np.full(16, 1.0))}
    fitted = fit_ratios(rows, told)
    nought, one, none = (np.median(m) for m in ratios({**told, **said})(rows, new))
    assert nought == pytest.approx(0.4, abs=0.1) and one - nought == pytest.approx(1.0, abs=0.1)
    # One of which nothing is said is as its paper's others, one of a paper of which nothing is
    # said as the middle.
    assert none == pytest.approx(0.4 + 0.5, abs=0.1)
    (unsaid,) = ratios(told)(rows, [replace(new[2], paper="newer")])
    assert np.median(unsaid) == pytest.approx(0.4 + fitted.middle, abs=0.1)
    assert Mechanistic(told)(rows, new[:1])[0] == pytest.approx(ratios(told)(rows, new[:1])[0])


def test_levels_of_papers_are_told_apart_from_ratios_inside_them():
    """Papers whose levels the mechanisms miss, and whose ratios they say."""
    rng = np.random.default_rng(3)
    rows, told = [], {}
    for i in range(30):
        said, level = rng.normal(1.0, 0.7), rng.normal(1.0, 0.2)
        for j, step in enumerate((-0.3, 0.3)):
            value = 10 ** (level + step + 0.03 * rng.standard_normal())
            row = Row(f"p{i}", f"r{j}", CRITICAL, value, value, classes={"face": "bare"})
            rows.append(row)
            told[key_of(row)] = made(np.full(8, said + step))
    fitted = fit_ratios(rows, told)
    within, level = fitted.posterior.b[:, -2].mean(), fitted.posterior.b[:, -1].mean()
    assert within == pytest.approx(1.0, abs=0.1) and level == pytest.approx(-1.0, abs=0.15)
    assert levels_of(rows[:2], told) == {"p0": pytest.approx(spoken(told[key_of(rows[0])]) + 0.3)}
    # Two rows of a new paper, said a decade too high: the level stays, the ratio is theirs.
    new = [Row("new", name, CRITICAL, 1, 1, classes={"face": "bare"}) for name in "ab"]
    said = {key_of(new[0]): made(np.full(8, 1.7)), key_of(new[1]): made(np.full(8, 2.3))}
    low, high = (np.median(m) for m in ratios({**told, **said})(rows, new))
    assert high - low == pytest.approx(0.6, abs=0.1) and (low + high) / 2 == pytest.approx(
        1, abs=0.2
    )
    kept = learn(rows, told)[CRITICAL + ON_TOP]
    again = [np.median(kept.predict_with(row, said[key_of(row)], 2.0)) for row in new]
    assert again == pytest.approx([low, high], abs=0.1)


def test_rows_of_another_table_are_said_from_the_level_of_their_paper():
    new = [Row("new", name, CRITICAL, 1, 1, classes={"face": "bare"}) for name in "ab"]
    said = {key_of(new[0]): made(np.full(8, 0.5)), key_of(new[1]): made(np.full(8, 1.5))}
    top = shipped()[CRITICAL + ON_TOP]
    assert top.effects["level"].value != 0.0
    for one in _taught(new, shipped(), said):
        of_row = said[key_of(one.row)]
        assert np.array_equal(one.members, top.predict_with(one.row, of_row, 1.0))
        assert not np.array_equal(one.members, top.predict_with(one.row, of_row))


def test_what_stands_beside_a_row_where_mechanisms_say_little():
    one = made(np.full(4, 2.0))
    assert beside(one, 1.5, 1.0) == (1.0, 0.5)
    assert beside(one, None, 1.0) == (1.0, 1.0)
    assert beside(None, 1.5, 1.0) == (0.5, 0.5)
    assert beside(None, None, 1.0) == (0.0, 0.0)


@pytest.mark.slow
def test_rows_of_one_structure_share_a_build_and_say_the_same(rows, tmp_path, monkeypatch):
    names = ("P61/OX012", "D11/d11b")
    alone = []
    for name in names:
        monkeypatch.setattr(ensembles, "_builds", None)
        with Store.open(f"sqlite:///{tmp_path / name.replace('/', '-')}.db") as own:
            alone.append(told_of(resistances(rows)[name], own, 2).values)
    monkeypatch.setattr(ensembles, "_builds", None)
    with Store.open(f"sqlite:///{tmp_path / 'both'}.db") as both:
        together = [told_of(resistances(rows)[name], both, 2).values for name in names]
    assert ensembles._builds.made == 1
    assert all(np.array_equal(a, b) for a, b in zip(alone, together, strict=True))
    assert not np.array_equal(*alone)


def resistances(rows):
    return {f"{r.paper}/{r.id}": r for r in read_outcomes(PUBLISHED)[0] if r.quantity == RESISTANCE}


def test_lives_are_mixed_by_a_trust_that_is_learned():
    good, bad = [], []
    told_right, told_wrong = {}, {}
    for i in range(30):
        lived = i % 2 == 0
        row = Row(f"p{i}", "r", LIFE, 1000.0 if lived else 10.0, math.inf if lived else 10.0)
        good.append(row)
        values, dead = np.full(8, 3.0 if lived else 1.0), np.full(8, not lived)
        told_right[key_of(row)] = Told(values, dead)
        told_wrong[key_of(row)] = Told(np.full(8, 1.0 if lived else 3.0), ~dead)
    usual = [np.linspace(0, 4, 100)] * 30
    assert trust_in_lives(good, told_right, usual).value > 0.8
    assert trust_in_lives(good, told_wrong, usual).value < 0.2
    mixed = lives_mixed(good[1], told_right[key_of(good[1])], usual[0], 1.0)
    assert np.all(mixed == 1.0)
    assert np.all(lives_mixed(good[0], told_right[key_of(good[0])], usual[0], 1.0) >= 3.0)
    assert not bad


def test_a_store_that_fails_is_no_fault_of_the_row(rows, monkeypatch):
    def fails(*of, **more):
        raise StoreError("the disk is full")

    monkeypatch.setattr(ensembles, "_study", fails)
    with Store.open("sqlite://") as store, pytest.raises(StoreError, match="the disk is full"):
        told_of(rows["D21/d21"], store, 2)


def test_who_dies_in_the_first_cycle_is_rarely_reported():
    row = Row("p", "r", LIFE, 1000.0, math.inf)
    values, dead = np.array([0.0, 1.0, 3.0, 3.0]), np.array([True, True, False, False])
    plain = Told(values, dead)
    first = replace(plain, at_once=np.array([True, False, False, False]))
    usual = [np.full(4000, 4.0)]

    def lived(told):
        return (lives_mixed(row, told, usual[0], 1.0) >= 2.0).mean()

    # one member in ten of those that die at once: 2 of 4 live, 2 of 3.1
    assert lived(plain) == pytest.approx(0.5, abs=0.03)
    assert lived(first) == pytest.approx(2 / 3.1, abs=0.03)
    trusted = [trust_in_lives([row], {key_of(row): t}, usual).value for t in (plain, first)]
    assert trusted[0] < trusted[1]


def test_an_ensemble_says_who_died_in_the_first_cycle(rows, monkeypatch):
    def life(dead, finished):
        return SimpleNamespace(
            run="r", dead=dead, known=True, finished=finished, wall_s=0.0, mode="m", criterion="c"
        )

    cycles = SimpleNamespace(cycles=lambda run: [{"t_end_s": 7200.0}])
    lived = [life(True, 0), life(True, 3), life(False, 0)]
    setup = SimpleNamespace(to_dict=dict, drawn=())
    told = ensembles._read(rows["D07/d07a"], setup, cycles, lived, {"keys": []})
    assert list(told.at_once) == [True, False, False]


def test_ratios_count_whole_at_most():
    # papers in which what is measured goes as the square of what is said
    rows, told = decades(slope=2.0)
    posterior = fit_ratios(rows, told).posterior
    slopes = posterior.b[:, -2]
    assert slopes.mean() > 0.9 and slopes.max() <= 1.0


def test_what_is_learned_of_ratios_is_kept_and_says_the_same_again(tmp_path):
    rows, told = decades()
    found = learn(rows, told)
    path = tmp_path / "learned.toml"
    save_learned(found, path, "a test")
    again = load_learned(path)[RESISTANCE + ON_TOP]
    assert again.effects["mechanisms"].value == pytest.approx(1.0, abs=0.1)
    new = Row("new", "a", RESISTANCE, 1, 1, classes={"face": "bare"})
    said = made(np.full(16, 1.0))
    anew = ratios({key_of(new): said, **told})(rows, [new])[0]
    kept = again.predict_with(new, said)
    for q in (0.1, 0.25, 0.5, 0.75, 0.9):
        assert np.quantile(kept, q) == pytest.approx(np.quantile(anew, q), abs=0.15)
    path.write_text(path.read_text().replace("middle =", "muddle ="))
    with pytest.raises(InputError, match="middle"):
        load_learned(path)


def test_intervals_are_filled_in_by_what_mechanisms_leave():
    rows, told = retentions(n=60)
    wide = [replace(r, lo=r.lo - 3, hi=min(r.hi + 3, 99.9)) for r in rows]
    assert centre(wide, told)[0] == pytest.approx(-2.0, abs=0.25)
    above = [replace(r, lo=80.0, hi=100.0) for r in rows]
    assert centre(above, told)[0] < -1.3


def test_a_dead_member_is_rarely_reported():
    f, rng = np.full(4000, -30.0), np.random.default_rng(0)
    told = made([1.0] * 5 + [0.0] * 5, [False] * 5 + [True] * 5)
    members = members_with(told, f, np.ones(len(f)), rng)
    # 0.1 of a half against a half
    assert (members < 1).mean() == pytest.approx(0.1 / 1.1, abs=0.02)
    assert members.max() <= 100
    dead = made([0.0] * 10, [True] * 10)
    members = members_with(dead, f, np.full(len(f), 0.5), rng)
    assert (members < 1).mean() == pytest.approx(0.05 / 0.55, abs=0.02)
    assert loss_of(np.array([0.0, 1.0, 1.2]))[1:] == pytest.approx([0, 0])


def test_an_impossible_member_is_never_chosen():
    row = Row("p", "r", RETENTION, 90.0, 90.0, classes={"cathode": "layered"})
    told = {key_of(row): made([0.5] * 8 + [0.95] * 8)}
    said = Said([row], told)
    said.trust = 0.99
    rng = np.random.default_rng(0)
    left = {
        round(float(said.draw(np.array([-3.0]), np.array([0.5]), rng)[0]), 3) for _ in range(200)
    }
    possible = {round(math.log(-math.log(0.9) - taken), 3) for taken in (0.0, -math.log(0.95))}
    assert left <= possible and round(math.log(-math.log(0.9) + math.log(0.95)), 3) in left


# ------------------------------------------------ scored, learned, switched off


@pytest.mark.slow
def test_a_table_is_scored_with_mechanisms_and_with_each_off():
    rows, told = retentions(n=12)
    found = score_outcomes(rows, told=told)
    scores = found.scores[RETENTION]
    assert {TWIN, ALONE, "learned"} <= set(scores)
    # A mechanism that is right tells the rows apart, which statistics cannot.
    assert scores[TWIN].mean_crps < scores["learned"].mean_crps
    assert found.contrasts[RETENTION][TWIN]["sign_right"] > 0.6
    document = found.to_dict()["predictions"][0]
    assert document["mechanisms"]["lives"] == 16 and document["mechanisms"]["dead"] == 0
    assert found.widths["mechanisms"]["width_90"] < found.widths["nothing"]["width_90"]
    assert found.widths["nothing"]["width_90"] == scores[TWIN].width
    nought = {k: made(np.ones(16)) for k in told}
    off = ablate(rows, told, {"a-mode": nought, "idle": told})
    of = {one.name: one for one in off}
    assert set(of) == {"a-mode", "idle", EVERYTHING, CONTROL, NOTHING}
    assert of["a-mode"].crps.value > 0 and of["a-mode"].alone.value > 0
    assert of["a-mode"].crps.value == pytest.approx(of[EVERYTHING].crps.value, abs=0.5)
    # A third of the rows lose something; pairs of them are told apart by nothing else.
    assert of["a-mode"].changed == 4 and of["a-mode"].sign.value > 0
    assert of["a-mode"].before["p25_trusted"] > of["idle"].before["p25_trusted"]
    # What changes nothing is worth nothing, to the last digit: all draws are the same.
    idle = of["idle"]
    assert idle.changed == 0 and idle.worth is None
    assert idle.crps.value == idle.crps.high == idle.alone.value == idle.sign.value == 0
    assert 0 < abs(of[NOTHING].crps.value) < of["a-mode"].crps.value
    assert of["a-mode"].chance["crps"] == abs(of[NOTHING].crps.value)
    assert of[NOTHING].worth is None and of["a-mode"].worth


def test_a_mechanism_is_worth_what_the_whole_band_says():
    def worth(crps, sign=None, chance=None):
        nought = Band(0.0, 0.0, 0.0)
        return Ablated("m", RETENTION, 9, 9, crps, nought, sign, None, chance=chance or {}).worth

    up, around, down = Band(0.3, 0.1, 0.5), Band(0.1, -0.1, 0.3), Band(-0.2, -0.4, -0.1)
    assert (worth(up), worth(around), worth(down)) == (True, None, False)
    assert worth(around, up) is True and worth(around, down) is False
    # Other draws of the sampler move it as far.
    assert worth(up, chance={"crps": 0.2}) is None and worth(up, chance={"crps": 0.05})
    assert worth(down, chance={"crps": 0.2}) is None and worth(up, chance={"sign": 0.2})


def test_a_width_falls_by_what_is_taken_out():
    rows, told = retentions(n=24)
    whole = Mechanistic(told)
    others, mine = rows[2:], rows[:2]

    def spread(without):
        members, _ = replace(whole, without=without)(others, mine)
        return np.ptp(np.quantile(members, (0.05, 0.95)))

    assert spread("mechanisms") < spread(None)  # of the first row they take 15 %, or nothing
    for part in ("scatter of laboratories", "scatter of cells"):
        assert spread(part) < spread(None)
    assert len(whole.fits) == 1  # one law for all of them
    known = [replace(whole, without=part)._fitted(others)[0] for part in (None, *PARTS)]
    scattered = [(bool(f.lab.any()), bool(f.cell.any()), bool(np.ptp(f.b))) for f in known]
    assert scattered[1] == (False, True, True) and scattered[2] == (True, False, True)
    assert np.ptp(known[-1].b[:, 0]) == 0 == np.ptp(known[-1].trust)
    assert known[-1].b[0] == pytest.approx(known[0].b.mean(axis=0))


def test_what_is_learned_on_top_is_kept_and_said_again(tmp_path):
    rows, told = retentions(n=24)
    found = learn(rows, told)
    assert set(found) == {RETENTION, RETENTION + ON_TOP}
    path = tmp_path / "learned.toml"
    save_learned(found, path, "a test")
    again = load_learned(path)
    assert again[RETENTION + ON_TOP].trust.value == pytest.approx(
        found[RETENTION + ON_TOP].trust.value, abs=1e-3
    )
    assert set(again[RETENTION + ON_TOP].effects) == {
        "temperature",
        "full text",
        "control",
        "cycles",
    }
    said = score_outcomes(rows[:6], learned=again, told=told)
    assert not said.folds and len(said.predictions) == 6
    assert nothing("no cell").to_dict()["lives"] == 0


# ------------------------------------------------------------ a cell of one's own


def test_a_forecast_of_identical_lives_still_has_a_spread():
    rows, told = retentions(n=24)
    learned = learn(rows, told)
    lives = [
        SimpleNamespace(
            cycles=1000,
            cause=None,
            censored=False,
            capacity=[(1, 1.0), (1000, 0.98)],
            fitted=(),
        )
        for _ in range(8)
    ]
    cell = {
        "kind": "full",
        "name": "x",
        "thermal": {"ambient": {"value": "25 degC"}},
        "cathode": {"material": {"family": "polyanion"}},
    }
    forecast = SimpleNamespace(design={"cell": cell, "cycles": 1000}, members=lives)
    at = {one["cycle"]: one for one in expected(forecast, learned)}
    assert set(at) == {100, 300, 1000}
    for one in at.values():
        assert one["published"]["p05"] < one["published"]["median"] - 1
        assert one["yours"]["median"] < one["published"]["median"]
        assert one["yours"]["dead"] == pytest.approx(0.15, abs=0.03)
        assert one["published"]["dead"] == 0
    loss = {n: -math.log(one["published"]["median"] / 100) for n, one in at.items()}
    # a fade by the root of the cycles, beside the 2 % that the lives lose
    assert (loss[1000] - 0.0202) / (loss[100] - 0.002) == pytest.approx(math.sqrt(10), rel=0.1)
    # What a mode took that is fitted to published retentions itself is not counted again.
    for life in lives:
        life.fitted = [(1, 0.0), (1000, -math.log(0.98))]
    again = {one["cycle"]: one for one in expected(forecast, learned)}
    alone = -math.log(again[1000]["published"]["median"] / 100)
    assert alone == pytest.approx(loss[1000] - 0.0202, rel=0.03)
    symmetric = SimpleNamespace(
        design={"cell": cell | {"kind": "symmetric"}, "cycles": 10}, members=lives
    )
    assert expected(symmetric, learned) == []


def test_what_is_fitted_to_retentions_has_no_part_in_an_ensemble():
    from twin.outcomes.ablation import mechanisms
    from twin.store import Store

    rows, _ = read_outcomes("cell_specs/twin_cells/outcomes/published.csv")
    row = next(r for r in rows if f"{r.paper}/{r.id}" == "D21/d21")
    with Store.open("sqlite://") as store:
        _, design = ensembles._study(row, ensembles.set_up(row), store, 2)
    assert {"blocking", "delamination", "pulverisation"} <= set(design["modes"])
    assert "fade" not in design["modes"]
    assert "fade" not in mechanisms() and "delamination" in mechanisms()


def test_the_resistance_of_one_face_is_half_of_all_but_the_electrolytes():
    from twin.outcomes.ensembles import _resistance

    row = {"Area-specific resistance [Ohm.m2]": 40e-4, "Electrolyte resistance [Ohm.m2]": 10e-4}
    life = SimpleNamespace(run="x")
    store = SimpleNamespace(cycles=lambda run: [row])
    assert _resistance(None, None, store, life) == pytest.approx(math.log10(15.0))
    store = SimpleNamespace(cycles=lambda run: [])
    assert _resistance(None, None, store, life) is None


def test_a_forecast_keeps_what_a_fitted_mode_took():
    from twin.studies.forecast import _fitted

    rows = [{"cycle": 1, "y": 0.01}, {"cycle": 5, "y": 0.03}]
    assert _fitted(rows, ["y"]) == [(1, 0.0), (5, pytest.approx(0.02))]
    assert _fitted(rows, []) == _fitted([], ["y"]) == []
    asked = {"cycles": 3, "samples": 2, "seed": 3, "workers": 1}
    found = twin.forecast("na-nzsp-nvp", store="sqlite://", **asked)
    assert all(member.fitted[-1][1] > 1e-4 for member in found.members)


def test_scatters_come_from_the_table_of_priors():
    (a, b), (c, d) = regression.scatters()
    assert (a, b, c, d) == (2.0, 0.4, 2.0, 0.5)
    assert CRITICAL != LIFE


def test_rows_of_a_paper_with_one_set_up_share_their_lives_followed_coarsely(rows, store):
    one = rows["P49/X002b"]
    two = replace(one, id="another", lo=1.0, hi=2.0)
    first, second = told_of(one, store, 4), told_of(two, store, 4)
    assert np.array_equal(first.values, second.values)
    design = store.study(
        next(s.id for s in store.studies() if s.cell_name.startswith("P49 "))
    ).design
    assert design["jump"] == {"tolerance": 1e-2, "sodium": 0.05} and design["rtol"] == 1e-5
    other = told_of(replace(one, paper="P00"), store, 4)
    assert not np.array_equal(first.values, other.values)


def test_how_closely_a_study_is_followed_reaches_its_lives(monkeypatch):
    from twin.studies import member
    from twin.studies.runner import Lives

    monkeypatch.setattr(member, "layout_of", lambda prepared: [])
    bench = object.__new__(member.LivesSimulator)
    bench.store = SimpleNamespace(commit_initial=lambda *of: None)
    bench.missing = []
    for design, tolerance in (({"jump": {"tolerance": 0.02}}, 0.02), ({}, 1e-3)):
        bench.design = design
        assert bench._loop(SimpleNamespace(), "a run", 0.0).jump.tolerance == tolerance
    design = dict.fromkeys(
        ("cell", "cell_name", "protocol", "modes", "model", "rtol", "atol", "cycles", "inputs",
         "rebuilt"), 0)  # fmt: skip
    nothing_lived = SimpleNamespace(runs=lambda study: [])
    going = SimpleNamespace(workers=1, on_life=None, on_wait=None, on_start=None)
    lives = Lives(nothing_lived, "a study", design | {"jump": {"tolerance": 0.02}}, going)
    assert lives.design["jump"] == {"tolerance": 0.02}


def test_a_separator_of_another_class_is_as_thick_as_where_it_is_used(rows):
    gel = set_up(rows["PMMA/r-sei"]).spec  # laid over a cell of hard carbon on a ceramic of 0.3 mm
    assert gel.electrolyte.material.name == "tep-gel"
    assert gel.electrolyte.thickness.si == twin.load_cell("na-gel-nvp").electrolyte.thickness.si


def test_before_anything_is_fitted_the_mechanisms_are_half_believed():
    rows = [
        Row(f"p{i}", "r", RETENTION, 80, 80, cycles=300, classes={"cathode": "layered"})
        for i in range(6)
    ]
    told = {key_of(row): made([0.3] * 16) for row in rows}
    found = prior_predictive(rows, told)
    assert found["p75_trusted"] < 30 < found["p75"] and found["dead"] == 0
    assert 0.35 < found["below_half"] < 0.65  # each life loses 70 %
    assert prior_predictive(rows, {}) == {}
    harmless = prior_predictive(rows, {k: made([1.0] * 16) for k in told})
    assert harmless["p25"] == pytest.approx(harmless["p25_trusted"], abs=2)


def test_which_belief_is_at_fault_is_told_by_taking_one_out_at_a_time():
    rows = [
        Row(f"p{i}", "r", RETENTION, 80, 80, cycles=300, classes={"cathode": "layered"})
        for i in range(6)
    ]
    told = {key_of(row): made([0.3] * 16) for row in rows}
    found = prior_predictive(rows, told)
    without = found["without"]
    assert set(without) == set(REMOVABLE)
    # Each life loses 70 %: without the mechanisms nothing is left of that.
    assert without["mechanisms"]["p25"] > found["p25"] + 30
    harmless = prior_predictive(rows, {k: made([1.0] * 16) for k in told})
    for name in ("scatter of laboratories", "scatter of cells", "class", "width of the middle"):
        assert harmless["without"][name]["p25"] > harmless["p25"]  # a narrower law
    # Rows without these set-ups hang on none of these.
    for name in ("temperature", "control", "cycles"):
        assert harmless["without"][name]["p25"] == pytest.approx(harmless["p25"], abs=1e-9)


def test_the_base_rate_of_lives_in_folds_has_not_seen_the_row():
    lived = [Row("a", "1", LIFE, 1000, math.inf), Row("b", "2", LIFE, 1000, math.inf)]
    dead = Row("c", "3", LIFE, 5, 5)
    said = [Prediction(row, np.full(8, 3.0)) for row in (*lived, dead)]
    at = _lives(said)["100 h"]
    assert at["base_rate"] == pytest.approx((2 / 9 + 4 / 9) / 3)  # 2 of 3 lived
    assert at["base_rate_in_folds"] == pytest.approx((1 / 4 + 1 / 4 + 1) / 3)
