"""A face in patches: the mean face where they are alike, a bundle of fibres where they differ."""

import logging
import math

import numpy as np
import pybamm
import pytest
from scipy.optimize import brentq

import twin
from twin.errors import ModelError, SpecError
from twin.model.lateral import spreading
from twin.modes.face import ON
from twin.specs.patches import Patches, divided

FACE = "interfaces.anode.patches"
REFILL = {
    "modes.pressure.voids.refill_current": "lognormal 0.3",
    "modes.pressure.voids.refill_per_pressure": "lognormal 0.3",
}


def built(cell, overrides, modes=("pressure",), model="spm"):
    """Return a simulation of a cell under a constant current, and the cell."""
    spec = twin.load_cell(cell, overrides=overrides)
    found = twin.build_model(spec, modes=list(modes), model=model)
    values = twin.parameter_values(spec)
    values.update({"Current function [A]": "[input]"}, check_already_exists=False)
    found.events = []
    solver = pybamm.IDAKLUSolver(rtol=1e-9, atol=1e-11)
    return pybamm.Simulation(found, parameter_values=values, solver=solver), spec


def solved(simulation, spec, density, hours, points=20):
    current = density * spec.geometry.area.si
    ends, times = [0, hours * 3600], np.linspace(0, hours * 3600, points)
    return simulation.solve(ends, t_interp=times, inputs={"Current function [A]": current})


@pytest.mark.parametrize(
    ("cell", "modes", "density"),
    [
        ("na-base-na", ["pressure", "dendrite", "interphase"], 16.0),
        ("na-peo-na", ["interphase", "blocking"], 1.0),
        ("na-nzsp-nvp", ["pressure", "interphase", "delamination"], -2.0),
        ("na-peo-nvp", ["pressure"], -0.5),
    ],
)
def test_patches_that_are_alike_are_the_mean_face(cell, modes, density):
    one = solved(*built(cell, {}, modes), density, 0.2)
    given = {"count": 4, "separator_share": 0.7}
    four = solved(*built(cell, {FACE: given}, modes), density, 0.2)
    for name in ("Voltage [V]", "Anode conducting fraction", "Area-specific resistance [Ohm.m2]"):
        found, wanted = four[name].entries, one[name].entries
        assert found == pytest.approx(wanted, rel=1e-8, abs=1e-9), name
    spread = np.ptp(four["Anode current density [A.m-2]" + ON].entries, axis=0)
    assert spread == pytest.approx(0, abs=1e-8 * abs(density))


def test_one_patch_is_no_patch():
    plain, _ = built("na-base-na", {})
    one, spec = built("na-base-na", {f"{FACE}.count": 1})
    assert spec.interfaces.anode.patches.count == 1
    assert set(one.model.variables) == set(plain.model.variables)


def test_the_impedance_of_equal_patches_is_the_mean_faces():
    one, eight = (
        twin.eis("na-nzsp-na", overrides=o, high="1 MHz", per_decade=2)
        for o in ({}, {f"{FACE}.count": 8})
    )
    assert eight.z == pytest.approx(one.z, rel=1e-8)


def test_the_current_is_shared_as_the_resistances_have_it():
    vary = {"interfaces.anode.resistance": "lognormal 1.5"}
    simulation, spec = built("na-base-na", {FACE: {"count": 5, "vary": vary}}, modes=())
    density = 5.0
    found = solved(simulation, spec, density, 0.01, 2)
    face = divided(spec.interfaces.anode.patches)
    factors, weights = face.factors("interfaces.anode.resistance"), face.weights
    R = found["Anode pristine resistance [Ohm.m2]" + ON].entries[:, 0]
    assert R / R[2] == pytest.approx(np.array(factors) / factors[2], rel=1e-9)
    j0 = found["Anode reference exchange current density [A.m-2]"].entries[0]
    thermal = 2 * twin.GAS_CONSTANT * spec.thermal.ambient.si / twin.FARADAY

    def taken(drop):
        """The patches' currents under a common drop."""
        return [
            brentq(lambda j, r=r: j * r + thermal * math.asinh(j / (2 * j0)) - drop, -1e4, 1e4)
            for r in R
        ]

    drop = brentq(lambda u: float(np.dot(weights, taken(u))) - density, 0, 0.5, xtol=1e-14)
    shared = found["Anode current density [A.m-2]" + ON].entries[:, 0]
    assert shared == pytest.approx(taken(drop), rel=1e-6)
    assert np.dot(weights, shared) == pytest.approx(density, rel=1e-9)
    assert found["Anode face potential drop [V]"].entries[0] == pytest.approx(drop, rel=1e-6)
    # Symmetric: the other face's drop is the same, and the separator's stands between.
    between = density * found["Separator resistance [Ohm.m2]"].entries[0]
    assert -found["Voltage [V]"].entries[0] == pytest.approx(2 * drop + between, rel=1e-6)


def test_a_column_of_its_own_evens_the_current_out():
    vary = {"interfaces.anode.resistance": "lognormal 1.5"}
    spreads, voltages = [], []
    for share in (0.0, 1.0):
        given = {"count": 5, "vary": vary, "separator_share": {"value": share}}
        found = solved(*built("na-base-na", {FACE: given}, modes=()), 5.0, 0.01, 2)
        spreads.append(np.ptp(found["Anode current density [A.m-2]" + ON].entries[:, 0]))
        voltages.append(found["Voltage [V]"].entries[0])
    assert spreads[1] < 0.8 * spreads[0]
    assert voltages[1] < voltages[0]


@pytest.mark.parametrize("spread", [0.1, 0.3])
def test_slow_voids_make_it_a_bundle_of_fibres(spread):
    """What is borne is max x (1 - F(x)) of the refill current's distribution (Daniels)."""
    x = np.exp(spread * np.linspace(-4, 4, 4001))
    tail = [0.5 * math.erfc(math.log(v) / spread / math.sqrt(2)) for v in x]
    wanted = float((x * tail).max())
    vary = dict.fromkeys(REFILL, f"lognormal {spread}")
    simulation, spec = built(
        "na-base-na", {FACE: {"count": 12, "vary": vary}, "anode.thickness": "20 cm"}
    )
    own = spec.modes["pressure"].voids
    median = own.refill_current.si + own.refill_per_pressure.si * spec.stack.pressure.si

    def left(share):
        logging.disable(logging.ERROR)  # PyBaMM tells of a face that runs away
        try:
            found = solved(simulation, spec, share * median, 4000, 3)
        except pybamm.SolverError:
            return 0.0
        finally:
            logging.disable(logging.NOTSET)
        return found["Anode kept contact fraction"].entries[-1]

    assert left(0.985 * wanted) > 0.5
    assert left(1.015 * wanted) < 0.1


def test_strata_hold_the_whole_face_and_are_fine_at_its_weak_end():
    face = divided(Patches(count=8, vary=REFILL))
    assert math.fsum(face.weights) == pytest.approx(1, rel=1e-14)
    assert list(face.weights) == sorted(face.weights)
    assert face.edges[-1] == 1.0 and len(face.edges) == 9
    factors = face.factors("modes.pressure.voids.refill_current")
    assert factors == sorted(factors)
    assert face.ranks[2] == pytest.approx((2 / 8) ** 1.5)
    assert face.factors("anything.else") is None


def test_spreads_over_a_face_by_closed_form():
    vary = {"a": "lognormal 0.5", "b": "weibull 2", "c": "lognormal -0.5"}
    face = divided(Patches(count=4, kind="random", seed=7, vary=vary))
    again = divided(Patches(count=4, kind="random", seed=7, vary=vary))
    assert face.ranks == again.ranks != divided(Patches(count=4, kind="random", seed=8)).ranks
    a, b, c = (np.array(face.factors(key)) for key in "abc")
    assert a * c == pytest.approx(1, rel=1e-12)
    assert 1 - 0.5 ** (b**2) == pytest.approx(face.ranks, rel=1e-12)
    assert face.weights == (0.25,) * 4


def test_a_map_is_taken_as_measured():
    given = Patches(count=2, kind="map", factors=(0.5, 2.0), weights=(3.0, 1.0), vary={"a": "map"})
    face = divided(given)
    assert face.weights == (0.75, 0.25) and face.factors("a") == [0.5, 2.0]


@pytest.mark.parametrize(
    ("table", "word"),
    [
        ({"vary": {"a": "lognormal"}}, "no spread"),
        ({"vary": {"a": "normal 3"}}, "no spread"),
        ({"vary": {"a": "weibull 0"}}, "no spread"),
        ({"count": 3, "kind": "map", "factors": [1.0]}, "factors"),
        ({"vary": {"a": "map"}}, "no spread"),
        ({"count": 2, "factors": [1.0, 2.0]}, "map's"),
        ({"count": 129}, "at most 128"),
    ],
)
def test_what_is_no_face_is_refused(table, word):
    with pytest.raises(SpecError, match=word):
        twin.load_cell("na-base-na", overrides={FACE: table})


def mapped(folder, numbers, means="", vary="", **more):
    """Return what divides a face by a file of a measured one, a millimetre a pixel."""
    np.savetxt(folder / "face.csv", numbers, delimiter=",")
    file = {"file": str(folder / "face.csv"), "pixel_size": "1 mm"}
    file |= {"means": means} if means else {}
    own = {"kind": "map", "count": np.size(numbers), "map": file} | more
    return {FACE: own | ({"vary": {vary: "map"}} if vary else {})}


def test_contact_that_a_map_says_is_lost_takes_no_current(tmp_path):
    given = mapped(tmp_path, [[1.0, 0.25], [0.0, 0.25]], means="lost contact")
    found = solved(*built("na-base-na", given, modes=()), 5.0, 0.01, 2)
    theta = found["Anode conducting fraction" + ON].entries[:, 0]
    assert theta == pytest.approx([0, 0.75, 1, 0.75], abs=1e-12)
    assert found["Anode conducting fraction"].entries[0] == pytest.approx(0.625, rel=1e-12)
    j = found["Anode current density [A.m-2]" + ON].entries[:, 0]
    assert abs(j[0]) < 1e-3 and j[1] == pytest.approx(j[3], rel=1e-9) and j[2] > j[1]
    assert j.mean() == pytest.approx(5.0, rel=1e-9)


@pytest.mark.parametrize(("size", "alike"), [("30 nm", 0.0), ("30 cm", 1.0)])
def test_exchange_between_neighbours_has_the_limits_of_one_potential_and_of_columns(
    size, alike, tmp_path
):
    """Strong: one potential, as without it. None: each column of electrolyte by itself."""
    vary = "interfaces.anode.resistance"
    numbers = [[0.1, 1.0, 3.0], [2.0, 0.3, 1.0]]
    lone = mapped(tmp_path, numbers, vary=vary, separator_share={"value": alike})
    with_neighbours = mapped(tmp_path, numbers, vary=vary, exchange="electrolyte")
    with_neighbours[f"{FACE}.map.pixel_size"] = size
    one, other = (
        solved(*built("na-base-na", given, modes=()), 5.0, 0.01, 2)
        for given in (lone, with_neighbours)
    )
    for name in ("Anode current density [A.m-2]" + ON, "Voltage [V]"):
        found = other[name].entries[..., 0]
        assert found == pytest.approx(one[name].entries[..., 0], rel=3e-3), name


def test_current_crowds_into_a_lone_spot_by_its_spreading_resistance(tmp_path):
    """Between the limits each patch's own balance holds, with its neighbours' drops in it."""
    numbers = np.full((5, 5), 8.0)
    numbers[2, 2] = 0.01
    vary = "interfaces.anode.resistance"
    given = mapped(tmp_path, numbers, vary=vary, exchange="electrolyte")
    simulation, spec = built("na-base-na", given, modes=())
    found = solved(simulation, spec, 5.0, 0.01, 2)
    j = found["Anode current density [A.m-2]" + ON].entries[:, 0]
    R_e = found["Separator resistance [Ohm.m2]"].entries[0]
    R = found["Anode series resistance [Ohm.m2]" + ON].entries[:, 0]
    eta = found["Anode reaction overpotential [V]" + ON].entries[:, 0]
    file = spec.interfaces.anode.patches.map
    own = R_e * spreading(*file.edges, spec.electrolyte.thickness.si) @ (j - 5.0)
    drop = found["Anode face potential drop [V]"].entries[0]
    assert j * R + eta + own == pytest.approx(drop, rel=1e-6)
    assert np.mean(own) == pytest.approx(0, abs=1e-12)
    assert np.argmax(j) == 12 and j[7] < j[0]  # a neighbour has less than a corner


def test_keys_that_vary_may_be_written_as_tables():
    texts = [f'{FACE}.vary.modes.pressure.voids.refill_current="lognormal 0.3"']
    spec = twin.load_cell("na-base-na", overrides=texts)
    assert spec.interfaces.anode.patches.vary == {
        "modes.pressure.voids.refill_current": "lognormal 0.3"
    }


def test_a_composite_has_no_patches():
    with pytest.raises(SpecError, match="composite"):
        twin.load_cell("hc-nzsp-nvp", overrides={f"{FACE}.count": 4})


def test_a_key_that_nothing_reads_there_is_refused():
    vary = {"electrolyte.thickness": "lognormal 0.3"}
    spec = twin.load_cell("na-base-na", overrides={FACE: {"count": 4, "vary": vary}})
    with pytest.raises(ModelError, match="nothing at the anode's face reads"):
        twin.simulate(spec, cycles=1, store="sqlite://")
    other = twin.load_cell("na-base-na", overrides={FACE: {"count": 4, "vary": REFILL}})
    run = twin.simulate(other, cycles=1, modes=["interphase"], store="sqlite://", series_every=0)
    assert run.outcome.kind == "completed"  # the mode is left out, not the key unknown


def test_each_patch_holds_the_flaw_of_its_own_area():
    simulation, spec = built("na-base-na", {f"{FACE}.count": 6}, ["dendrite"])
    found = solved(simulation, spec, 0.1, 0.001, 2)
    flaw = spec.modes["dendrite"].flaw
    lengths = found["Anode filament length [m]" + ON].entries[:, 0]
    whole = flaw.length.si * (spec.geometry.area.si / flaw.reference_area.si) ** (
        2 / flaw.weibull_modulus.si
    )
    weights = np.array(divided(spec.interfaces.anode.patches).weights)
    assert lengths == pytest.approx(whole * weights ** (2 / flaw.weibull_modulus.si), rel=1e-6)


def test_the_worst_patch_shorts_the_cell_and_conducts_for_all_of_it():
    """A short is the longest filament's, though nearly all of the face is sound."""
    vary = {"modes.dendrite.flaw.length": "lognormal -2.5"}
    given = {FACE: {"count": 6, "vary": vary}, "protocol.current_density": "6 mA/cm^2"}
    run = twin.simulate(
        "na-nzsp-na", overrides=given, modes=["dendrite"], cycles=4, store="sqlite://"
    )
    assert run.outcome.kind == "cell-failed"
    assert run.outcome.variable.endswith("filament length [m] (highest patch)")
    place = run.outcome.variable.split()[0]
    lengths = [run.rows[-1][f"{place} filament length [m] (patch {k})"] for k in range(1, 7)]
    assert max(lengths) == lengths[0]
    assert min(lengths) < 0.5 * max(lengths)


def test_what_is_kept_of_a_face_and_jumps_over_cycles():
    given = {FACE: {"count": 3, "vary": REFILL}, "protocol.current_density": "1 mA/cm^2"}
    exact = twin.life(
        "na-base-na", overrides=given, modes=["pressure"], cycles=40, exact=True, store="sqlite://"
    )
    jumped = twin.life(
        "na-base-na", overrides=given, modes=["pressure"], cycles=40, store="sqlite://"
    )
    assert jumped.cycles_simulated < 30
    for k in (1, 2, 3):
        name = f"Anode conducting fraction (patch {k})"
        assert jumped.rows[-1][name] == pytest.approx(exact.rows[-1][name], abs=1e-3)
    row = exact.rows[-1]
    shares = divided(Patches(**given[FACE])).weights
    each = [row[f"Anode conducting fraction (patch {k})"] for k in (1, 2, 3)]
    assert row["Anode conducting fraction"] == pytest.approx(np.dot(shares, each), rel=1e-9)
    assert row["Anode conducting fraction (lowest patch)"] == pytest.approx(min(each), rel=1e-12)
    assert row["Anode conducting fraction (highest patch)"] == pytest.approx(max(each), rel=1e-12)
