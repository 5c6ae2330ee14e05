"""When a cell dies does not hang on the mesh or the solver's tolerance."""

from __future__ import annotations

import math

import pytest

import twin

F, V_M = twin.FARADAY, 2.375e-5
HOUR = 3600.0
CYCLES = [
    "Charge at C/5 until 3.8 V",
    "Rest for 1 hour",
    "Discharge at C/5 until 2.6 V",
    "Rest for 1 hour",
] * 3
ANODE = {
    "modes.interphase.anode.kind": "insulating",
    "modes.interphase.anode.initial_thickness": "5 nm",
    "modes.interphase.anode.rate_constant": "1e-9 m/s",
    "modes.interphase.anode.parabolic_constant": "1e-18 m^2/s",
    "modes.interphase.anode.conductivity": "1e-5 S/m",
    "modes.interphase.anode.resistance_limit": "300 ohm*cm^2",
}
CATHODE = {
    "modes.interphase.cathode.kind": "mixed-conducting",
    "modes.interphase.cathode.initial_thickness": "5 nm",
    "modes.interphase.cathode.stability_limit": "3.3 V",
    "modes.interphase.cathode.reference_drive": "0.1 V",
    "modes.interphase.cathode.rate_constant": "1e-13 m/s",
    "modes.interphase.cathode.conductivity": "1e-8 S/m",
    "modes.interphase.cathode.resistance_limit": "50 ohm*cm^2",
}


@pytest.fixture(scope="module")
def contact_lost():
    """Cycle a badly pressed symmetric cell to its death; return when it comes [h]."""

    def die(rtol, atol):
        run = twin.simulate(
            "na-base-na",
            cycles=60,
            overrides={"stack.pressure": "0.2 MPa"},
            modes=["pressure"],
            store="sqlite://",
            rtol=rtol,
            atol=atol,
            series_every=0,
        )
        outcome = run.outcome
        assert (outcome.kind, outcome.mode) == ("cell-failed", "pressure")
        assert outcome.criterion == "anode contact lost"
        return outcome.time_h

    return die


def test_contact_is_lost_when_the_cycle_map_says(contact_lost, make_cell, limit):
    # u = r + (u_0 - r) e^s over each stripping, w = u - 1 shrinking by e^-s over each plating,
    # until 1/u, what is kept of the contact, is below the limit: with the library's own
    # parameters and smoothing.
    spec = make_cell("na-base-na", {"stack.pressure": "0.2 MPa"})
    mode = spec.modes["pressure"]
    j, half = 3.0, HOUR
    cap = mode.voids.refill_current.si + mode.voids.refill_per_pressure.si * 0.2e6
    fatal = 1 / mode.contact_limit.si  # of the contact that pressing once has made
    r, s = cap / j, V_M * j * half / (F * mode.voids.reference_height.si)
    u, cycles = 1.0, 0
    while r + (u - r) * math.exp(s) < fatal:
        stripped = r + (u - r) * math.exp(s)
        u = 1 + (stripped - 1) * math.exp(-s * mode.voids.healed_fraction.si)
        cycles += 1
    last = math.log((fatal - r) / (u - r)) / s
    limit("E10 contact lost, by the map", contact_lost(1e-4, 1e-6), 2 * cycles + last, 0.01)


def test_contact_loss_does_not_hang_on_tolerance(contact_lost, limit):
    usual, tight = contact_lost(1e-4, 1e-6), contact_lost(1e-8, 1e-10)
    limit("E24 contact lost, tolerance", usual, tight, 0.01)


def test_contact_loss_by_vacancies_does_not_hang_on_their_grid(
    monkeypatch, make_cell, build, run, limit
):
    # Twice as many wave numbers, over the same range, at a tighter tolerance.
    from twin_pressure import vacancies

    from twin.engine import criteria

    overrides = {
        "stack.pressure": "0.2 MPa",
        "modes.pressure.contact_limit": 0.3,
        "modes.pressure.voids.refill": "vacancy-diffusion",
    }
    mode = twin.plugin_manager().modes["pressure"]
    times = []
    for step, rtol in ((vacancies.STEP, 1e-4), (vacancies.STEP / 2, 1e-8)):
        monkeypatch.setattr(vacancies, "STEP", step)
        spec = make_cell("na-base-na", overrides)
        model = build(spec, ["pressure"])
        criteria.add_events(model, criteria.gather(model.cell, [mode]))
        steps = [(3.0, HOUR), (-3.0, HOUR)] * 6
        seen = run(spec, steps, model=model, rtol=rtol, atol=rtol / 100)
        assert seen.termination == "event: Failure: pressure: anode contact lost"
        times.append(seen.t[-1])
    assert times[0] > 2 * HOUR
    limit("E24 contact lost by vacancies, grid", times[0], times[1], 0.01)


RENEWED = ANODE | {
    "modes.interphase.anode.renewal_per_strain": 0.5,
    "modes.interphase.anode.porosity": 0.3,
    "modes.interphase.anode.electrolyte_consumed": 1.0,
}
PARTED = {
    "modes.delamination.cathode.fatigue_strain": 0.03,
    "modes.delamination.cathode.damage_limit": 0.3,
}
BLOCKED = {
    f"modes.blocking.{layer}.field_ageing_rate": "4e-6 1/s" for layer in ("separator", "cathode")
} | {"modes.blocking.resistance_factor_limit": 1.5}


@pytest.mark.parametrize(
    ("mode_id", "side"),
    [
        ("interphase", ANODE),
        ("interphase", CATHODE),
        ("interphase", RENEWED),
        ("delamination", PARTED),
        ("blocking", BLOCKED),
        pytest.param("all", PARTED | BLOCKED | ANODE, marks=pytest.mark.slow),
    ],
    ids=["anode", "cathode", "renewed", "delamination", "blocking", "all"],
)
def test_death_does_not_hang_on_mesh_or_tolerance(
    make_cell, build, run, limit, request, mode_id, side
):
    from twin.engine import criteria

    spec = make_cell("na-nzsp-nvp", side)
    known = twin.plugin_manager()
    modes = known.select(None, (), "full") if mode_id == "all" else [known.modes[mode_id]]
    dies_of = "" if mode_id == "all" else f" {mode_id}:"
    times = {}
    for points, rtol in ((20, 1e-4), (40, 1e-6)):
        model = build(spec, modes)
        criteria.add_events(model, criteria.gather(model.cell, modes))
        mesh = dict.fromkeys(("x_n", "x_s", "x_p", "r_n", "r_p"), points)
        seen = run(spec, CYCLES, model=model, rtol=rtol, atol=rtol / 100, var_pts=mesh)
        assert seen.termination.startswith(f"event: Failure:{dies_of}")
        times[points] = seen.t[-1]
    limit(f"E24 {request.node.callspec.id}, mesh and tolerance", times[20], times[40], 0.01)
    # Not at the very start, where anything agrees.
    assert times[40] > HOUR


GROWTH = {
    "modes.interphase.anode.kind": "insulating",
    "modes.interphase.anode.rate_constant": "1e-9 m/s",
    "modes.interphase.anode.parabolic_constant": "1e-16 m^2/s",
    "modes.interphase.anode.conductivity": "1 S/m",
    "modes.interphase.anode.renewal_per_strain": 0.0,
}
WIDE = {"anode.thickness": "5 mm", "window.lower": "-1e3 V", "window.upper": "1e3 V"}
BINARY = WIDE | {
    "electrolyte.material.transport": "binary",
    "electrolyte.material.transference_number": 0.4,
    "electrolyte.material.diffusivity": "2e-11 m^2/s",
    "electrolyte.material.salt_concentration": "1000 mol/m^3",
}
ADIABATIC = {
    "thermal.model": "lumped",
    "thermal.heat_transfer": "0 W/(m^2*K)",
    "thermal.heat_capacity": "1800 J/(m^2*K)",
    "end_of_life.maximum_temperature": "80 degC",
}


@pytest.mark.parametrize(
    ("says", "modes", "overrides", "steps"),
    [
        (
            "interphase: anode sodium consumed",
            ["interphase"],
            WIDE | GROWTH | {"anode.thickness": "2 um"},
            [(0.0, 1e6)],
        ),
        (
            "interphase: separator electrolyte consumed",
            ["interphase"],
            WIDE | GROWTH | {"modes.interphase.anode.electrolyte_consumed": 20.0},
            [(0.0, 1e7)],
        ),
        ("blocking: salt depleted", ["blocking"], BINARY, [(16.0, 10 * HOUR)]),
        ("dendrite: anode hard short", ["dendrite"], WIDE, [(-100.0, 10 * HOUR)]),
        ("core: too hot", [], WIDE | ADIABATIC, [(300.0, 10 * HOUR)]),
        (
            "core: polarised (negative)",
            ["interphase"],
            GROWTH
            | {
                "anode.thickness": "5 mm",
                "window.lower": "-0.1 V",
                "modes.interphase.anode.conductivity": "1e-5 S/m",
            },
            [(3.0, 100 * HOUR)],
        ),
    ],
    ids=lambda value: value.partition(": ")[2] if isinstance(value, str) else "",
)
def test_a_symmetric_cells_death_does_not_hang_on_mesh_or_tolerance(
    make_cell, build, run, limit, says, modes, overrides, steps
):
    from twin.engine import criteria

    spec = make_cell("na-nzsp-na", overrides)
    chosen = [twin.plugin_manager().modes[m] for m in modes]
    times = []
    # Forty cells across the electrolyte are the symmetric cell's own mesh.
    for points, rtol in ((40, 1e-4), (80, 1e-8)):
        model = build(spec, chosen)
        criteria.add_events(model, criteria.gather(model.cell, chosen))
        mesh = {"x_s": points}
        seen = run(spec, steps, model=model, rtol=rtol, atol=rtol / 100, var_pts=mesh)
        assert seen.termination == f"event: Failure: {says}"
        times.append(seen.t[-1])
    limit(f"E24 {says}", times[0], times[1], 0.01)
    assert times[1] > 60.0
