"""Critical currents: which limit, at which current, put down to whom."""

from __future__ import annotations

import math

import pytest

import twin
from twin.engine.criteria import Watched
from twin.errors import InputError, SolverGaveUpError
from twin.experiments.bench import Leg, Stop
from twin.experiments.ccd import CriticalCurrentTest, _nearest, as_data, place_of
from twin.experiments.staircase import Staircase
from twin.modes.context import CellContext
from twin.modes.mode import Criterion

K_B = 8.617333262e-5  # eV/K
STEP = 2.0  # A.m-2
MINUTES = Staircase(5, 5, 100, 1800, rest=60)


def modes(*names):
    return [twin.plugin_manager().modes[name] for name in names]


def refill(spec, pressure, T=298.15):
    """The current that the interface refills by the mode's own law [A.m-2]."""
    v = spec.modes["pressure"].voids
    energy = v.refill_activation_energy.si / twin.FARADAY
    return (v.refill_current.si + v.refill_per_pressure.si * pressure) * math.exp(
        -energy / K_B * (1 / T - 1 / v.reference_temperature.si)
    )


def test_a_rest_whose_solver_goes_nowhere_ends():
    """A rest after 14 mAh/cm2 at a face that lost its contact took steps of 1e-8 s for ever."""
    found = twin.ccd(
        "na-nzsp-na",
        half_cycle="2 hours",
        start="7 mA/cm^2",
        step="0.1 mA/cm^2",
        maximum="7.1 mA/cm^2",
    )
    assert found.plating.current is None


# ------------------------------------------------------------ stripping and pressure


@pytest.fixture(scope="module")
def pressed():
    """na-base-na, its contact mode alone, at three pressures and two temperatures."""
    points = twin.ccd_sweep(
        "na-base-na",
        sweep=["stack.pressure=1 MPa,5 MPa,9 MPa", "thermal.ambient=25 degC,60 degC"],
        modes=["pressure"],
        start="0.2 mA/cm^2",
        step="0.2 mA/cm^2",
        maximum="6 mA/cm^2",
    )
    return {
        (round(p.spec.stack.pressure.si / 1e6), round(p.spec.thermal.ambient.si - 273.15)): p
        for p in points
    }


def test_voids_begin_where_stripping_outruns_refilling(pressed):
    for point in pressed.values():
        j_cap = refill(point.spec, point.spec.stack.pressure.si, point.spec.thermal.ambient.si)
        # The first level above it: contact falls from there on, and not before.
        assert 0 < point.currents.onset - j_cap <= STEP


def test_the_onset_is_linear_in_pressure_and_the_slope_is_the_laws(pressed):
    v = pressed[1, 25].spec.modes["pressure"].voids
    rise = pressed[9, 25].currents.onset - pressed[1, 25].currents.onset
    assert rise == pytest.approx(v.refill_per_pressure.si * 8e6, abs=STEP)


def test_sixty_degrees_carry_what_the_activation_energy_says(pressed):
    cold, warm = (pressed[9, T].currents.onset for T in (25, 60))
    # 1.773 at 0.14 eV, to the staircase's step.
    assert warm == pytest.approx(1.773 * cold, abs=1.773 * STEP)


def test_stripping_ends_the_ramp_and_plating_is_left_open(pressed):
    for point in pressed.values():
        found = point.currents
        assert found.process == "stripping"
        assert (found.cell.mode, found.cell.criterion) == ("pressure", "anode contact lost")
        assert found.cell is found.stripping
        assert found.stripping.failed_at - found.stripping.current == pytest.approx(STEP)
        assert found.plating.current is None and found.plating.at_least == pytest.approx(60)
    currents = [pressed[p, 25].currents.stripping.current for p in (1, 5, 9)]
    assert currents == sorted(currents) and currents[0] < currents[-1]


def test_points_that_share_a_model_are_as_good_as_their_own(pressed):
    alone = twin.ccd(
        "na-base-na",
        overrides={"stack.pressure": "9 MPa"},
        modes=["pressure"],
        start="0.2 mA/cm^2",
        step="0.2 mA/cm^2",
        maximum="6 mA/cm^2",
    )
    shared = pressed[9, 25].currents
    assert alone.stripping.current == shared.stripping.current
    assert alone.onset == shared.onset
    assert alone.stripping.time == pytest.approx(shared.stripping.time, rel=1e-6)


def test_a_longer_half_cycle_lowers_the_stripping_limit_to_the_onset():
    spec = twin.load_cell("na-base-na", overrides={"stack.pressure": "1 MPa"})
    found = {}
    for hours in (0.5, 4.0):
        stairs = Staircase(2, 2, 40, hours * 3600, rest=60)
        found[hours] = CriticalCurrentTest(spec, modes("pressure"), stairs, "alternating").run()
    assert found[0.5].onset == found[4.0].onset
    assert found[4.0].stripping.current < found[0.5].stripping.current


# ------------------------------------------------------------ plating, by any mode


def test_a_strangers_mode_gives_the_plating_limit(plating_limit):
    spec = twin.load_cell("na-base-na")
    test = CriticalCurrentTest(spec, [plating_limit(32.0)], MINUTES, "alternating")
    found = test.run()
    assert found.process == "plating" and found.cell is found.plating
    assert (found.plating.current, found.plating.failed_at) == (30.0, 35.0)
    # The first half cycle plates the cathode.
    assert (found.plating.mode, found.plating.place) == ("stranger", "cathode")
    assert found.plating.step == 7
    # Nothing else can fail: the ramp without it reaches its end.
    assert found.stripping.current is None and "stranger" in found.stripping.ramp
    assert any("without stranger" in note for note in found.notes)


def test_stripping_first_leaves_plating_to_a_ramp_on_fresh_cells(plating_limit):
    spec = twin.load_cell("na-base-na", overrides={"stack.pressure": "1 MPa"})
    chosen = [*modes("pressure"), plating_limit(52.0)]
    found = CriticalCurrentTest(spec, chosen, MINUTES, "alternating").run()
    assert found.process == "stripping" and found.stripping.mode == "pressure"
    assert found.stripping.current < 20
    assert (found.plating.current, found.plating.mode) == (50.0, "stranger")
    # Inside one half cycle of a fresh cell, not after hours of ramp.
    assert found.plating.time <= 1800
    assert "fresh cell" in found.plating.ramp


def test_plating_on_a_face_that_lost_contact_is_not_the_plating_limit(plating_limit):
    # 0.33 mA/cm2 can be refilled; above, voids crowd the plating that follows.
    loose = {"stack.pressure": "1 MPa", "stack.pressed_at": "0 Pa"}
    spec = twin.load_cell("na-base-na", overrides=loose)
    chosen = [*modes("pressure"), plating_limit(60.0, local=True)]
    found = CriticalCurrentTest(spec, chosen, MINUTES, "alternating").run()
    assert found.process == "plating" and found.cell.mode == "stranger"
    assert found.cell.current < 20
    contact = 1 - math.exp(-1e6 / spec.modes["pressure"].contact.hardness.si)
    assert found.plating.current == pytest.approx(60 * contact, abs=5)
    assert found.stripping.mode == "pressure"
    assert found.cell.current < found.stripping.current < found.plating.current
    assert any("robbed of contact" in note for note in found.notes)


def test_what_only_warns_ends_nothing_and_is_told(plating_limit):
    spec = twin.load_cell("na-base-na")
    chosen = [plating_limit(22.0, severity="warning")]
    found = CriticalCurrentTest(spec, chosen, MINUTES, "alternating").run()
    assert found.process is None and found.plating.current is None
    assert {(w.place, w.process, w.current) for w in found.warnings} == {
        ("anode", "plating", 25.0),
        ("cathode", "plating", 25.0),
    }
    assert found.plating_onset == 25.0
    assert as_data(found)["plating_onset_mA_cm2"] == 2.5


def test_a_criterion_belongs_to_the_face_its_variable_is_named_after(plating_limit):
    cell = CellContext(twin.load_cell("na-base-na"))
    from twin.engine.criteria import CORE, gather

    watched = {w.label: w for w in gather(cell, [plating_limit(1.0), *modes("pressure")])}
    places = {label: place_of(w, cell) for label, w in watched.items()}
    assert places["stranger: anode plated too hard"].place == "anode"
    assert places["pressure: cathode contact lost"].place == "cathode"
    assert all(place is None for label, place in places.items() if label.startswith(CORE))


def test_a_voltage_that_leaves_its_window_is_put_down_to_the_face_behind_it():
    # The window closes before the contact criterion is met: voids have eaten most of it.
    spec = twin.load_cell(
        "na-base-na",
        overrides={"stack.pressure": "1 MPa", "window.lower": "-0.3 V", "window.upper": "0.3 V"},
    )
    found = CriticalCurrentTest(spec, modes("pressure"), MINUTES, "alternating").run()
    assert found.process == "stripping" and found.cell.place == "anode"


# ------------------------------------------------------------ the ends of a ramp


def test_a_ramp_ends_before_an_electrode_is_stripped_bare():
    spec = twin.load_cell("na-base-na", overrides={"anode.thickness": "10 um"})
    found = CriticalCurrentTest(spec, [], Staircase(5, 5, 200, 3600), "alternating").run()
    assert "use up the sodium" in found.cell.says
    # 10 um are 1.128 mAh/cm2: an hour of 11.28 A.m-2.
    assert found.cell.at_least == 10.0


@pytest.mark.parametrize("charge", [3600.0, 36000.0])
def test_half_cycles_of_one_charge_take_the_time_they_need(charge):
    stairs = Staircase(5, 5, 20, 0.0, charge=charge)
    assert [stairs.seconds(j) * j for j in stairs.levels] == [charge] * 4


def test_limiting_current_of_a_salt_ends_the_ramp_at_the_plated_face():
    # E23: i_lim = 2 F D c_0/((1 - t+) L); each half cycle is many L^2/D long.
    spec = twin.load_cell("na-peo-na", overrides={"anode.thickness": "2 mm"})
    material, L = spec.electrolyte.material, spec.electrolyte.thickness.si
    D = material.diffusivity.reference.si
    t_plus = material.transference_number.value.si
    c = material.salt_concentration.si
    limit = 2 * twin.FARADAY * D * c / ((1 - t_plus) * L)
    step = limit / 50
    stairs = Staircase(0.9 * limit, step, 1.2 * limit, 20 * L**2 / D)
    found = CriticalCurrentTest(spec, [], stairs, "alternating").run()
    assert found.process == "plating" and found.plating.place == "cathode"
    # PyBaMM's salt counts as gone at 2 mol/m3.
    share = 1 - 2 / c
    assert found.plating.current < limit
    assert found.plating.failed_at == pytest.approx(share * limit, abs=step)


def test_a_solver_that_stops_far_from_any_criterion_is_no_critical_current(monkeypatch):
    spec = twin.load_cell("na-base-na")
    test = CriticalCurrentTest(spec, [], MINUTES, "alternating")
    bench = test._bench()
    healthy = bench.drive

    def drive(density, seconds):
        leg = healthy(density, seconds)
        stop = Stop(solver="IDA_CONV_FAIL") if density > 20 else leg.stop
        return Leg(leg.t, leg.values, stop)

    monkeypatch.setattr(bench, "drive", drive)
    with pytest.raises(SolverGaveUpError, match=r"2\.5 mA/cm2"):
        test.run()


@pytest.mark.parametrize(
    ("given", "key"),
    [
        ({"start": "3 V"}, "start"),
        ({"start": "0 mA/cm^2"}, "start"),
        ({"start": "20 mA/cm^2"}, "maximum"),
        ({"step": "1e-6 mA/cm^2"}, "step"),
        ({"half_cycle": "1 hour", "areal_capacity": "1 mAh/cm^2"}, "areal_capacity"),
        ({"rest": "-1 s"}, "rest"),
        ({"repeats": 0}, "repeats"),
        ({"direction": "sideways"}, "direction"),
    ],
)
def test_what_cannot_be_climbed_is_said_before_anything_is_built(given, key):
    with pytest.raises(InputError) as error:
        twin.ccd("na-base-na", **given)
    assert error.value.problem.key == key and error.value.problem.fix


@pytest.mark.parametrize(
    "sweep", [["stack.pressure"], ["a=1", "a=2"], ["=1 MPa"], ["a=" + ",".join("1" * 1001)]]
)
def test_a_sweep_that_is_none_is_said(sweep):
    with pytest.raises(InputError) as error:
        twin.ccd_sweep("na-base-na", sweep=sweep)
    assert error.value.problem.key == "sweep"


def test_a_full_cell_has_no_critical_currents():
    with pytest.raises(InputError, match="symmetric") as error:
        twin.ccd("na-nzsp-nvp")
    assert error.value.problem.fix


class _Stairs:
    """As much of a bench as the blame of a ramp looks at: two faces, one voltage."""

    def __init__(self, near: float, far: float):
        self.cell = CellContext(twin.load_cell("na-base-na"))
        self.values = {"Anode wear": far, "Cathode wear": near}
        self.watched = [
            Watched(mode, Criterion(f"{place} worn", f"{place.capitalize()} wear", 1.0, "above",
                                    0.0, "worn"))
            for mode, place in (("rust", "anode"), ("wear", "cathode"))
        ]  # fmt: skip


def test_it_is_the_face_nearest_to_failure_that_is_blamed():
    for near, far in ((0.999, 0.95), (0.97, 0.93)):
        bench = _Stairs(near, far)
        found = _nearest(bench, bench.values.__getitem__)
        assert found is not None and found.label == "wear: cathode worn"
    nobody = _Stairs(0.2, 0.1)
    assert _nearest(nobody, nobody.values.__getitem__) is None
