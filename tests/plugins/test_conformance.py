"""The installed modes keep what every failure mode promises."""

from __future__ import annotations

import pytest

from twin import Criterion, Evidence, FailureMode, Port, SlowState, Validity
from twin.testing import ModeConformance

QUIET_INTERPHASE = {
    "modes.interphase.anode.kind": "stable",
    "modes.interphase.cathode.kind": "stable",
    "modes.interphase.anode.conductivity": "1e30 S/m",
    "modes.interphase.cathode.conductivity": "1e30 S/m",
}
QUIET_PRESSURE = {
    "modes.pressure.contact.hardness": "1 Pa",
    "modes.pressure.stack.stress_potential": "off",
    "modes.pressure.voids.refill_current": "1e6 A/m^2",
}


def _supposed(value):
    return {"value": value, "status": "assumed", "source": "this test"}


# All that an interphase can do besides growing: pores, cracks, and what it is made of.
BUSY_INTERPHASE = {
    f"modes.interphase.{place}.{key}": _supposed(value)
    for place in ("anode", "cathode")
    for key, value in {
        "porosity": 0.3,
        "renewal_per_strain": 2.0,
        "electrolyte_consumed": 1.0,
    }.items()
}


# How much of a particle's surface touches: what makes detours of lost contact.
TOUCHES = {"cathode.mixing.contact": _supposed(0.35)}
# What only a composite cathode has.
OF_A_CATHODE = (Port.ACTIVE_FRACTION, Port.CONTACT_FRACTION, Port.SOLID_DIFFUSIVITY_FACTOR)


class TestInterphaseInASymmetricCell(ModeConformance):
    mode_id = "interphase"
    cell = "na-nzsp-na"
    overrides = BUSY_INTERPHASE
    neutral = QUIET_INTERPHASE
    unused_ports = OF_A_CATHODE
    absent_reads = ("{interface} particle area per cell area",)


class TestInterphaseInAFullCell(ModeConformance):
    mode_id = "interphase"
    cell = "na-nzsp-nvp"
    overrides = BUSY_INTERPHASE | {
        "modes.interphase.cathode.active_consumed": _supposed(1.0),
        "modes.interphase.cathode.first_layer.charge": _supposed("5 C/m^2"),
        "modes.interphase.cathode.first_layer.time": _supposed("1 hour"),
        "modes.interphase.cathode.contact_thickness": _supposed("20 nm"),
        **TOUCHES,
    }
    neutral = QUIET_INTERPHASE | {"cathode.mixing.network": "continuous"}
    current_density = -2.0
    bounds = {"Cathode interphase thickness [m]": (5e-10, 1e-6)}


PATCHES = {"interfaces.anode.patches.count": 8}
"""A face that is taken patch by patch: whatever a mode promises holds there too."""


@pytest.mark.slow
class TestInterphaseOnPatches(TestInterphaseInASymmetricCell):
    overrides = BUSY_INTERPHASE | PATCHES


@pytest.mark.slow
class TestInterphaseOnHardCarbon(ModeConformance):
    mode_id = "interphase"
    cell = "na-ion-chayambuka2022"
    neutral = QUIET_INTERPHASE
    unused_ports = (*OF_A_CATHODE, Port.CONDUCTIVITY_FACTOR)
    voltage_tolerance = 1e-4
    cycles = 1


# Stripping cuts nothing off from it.
THICK_METAL = (Port.PARASITIC_CURRENT,)


class TestPressureInASymmetricCell(ModeConformance):
    mode_id = "pressure"
    cell = "na-base-na"
    unused_ports = THICK_METAL
    neutral = QUIET_PRESSURE
    bounds = {
        "Anode touching fraction": (0, 1),
        "Anode void height [m]": (0, 1e-3),
        "Anode constriction resistance [Ohm.m2]": (0, 1),
    }


@pytest.mark.slow
class TestPressureOnPatches(TestPressureInASymmetricCell):
    overrides = PATCHES


class TestPressureInASpring(ModeConformance):
    mode_id = "pressure"
    cell = "na-nzsp-nvp"
    unused_ports = THICK_METAL
    overrides = {
        "stack.fixture": "spring",
        "stack.stiffness": "1e11 Pa/m",
        "modes.pressure.contact.law": "creep",
        "modes.pressure.stack.creep_relaxation": "norton",
        "modes.pressure.voids.creep_closure": "wilkinson-ashby",
    }
    neutral = QUIET_PRESSURE | {
        "modes.pressure.contact.law": "plastic",
        "stack.fixture": "constant-force",
    }
    current_density = -2.0


class TestPressureByVacanciesInARigidGap(ModeConformance):
    mode_id = "pressure"
    cell = "na-base-na"
    unused_ports = THICK_METAL
    overrides = {
        "stack.fixture": "rigid",
        "stack.pressure": "16 MPa",
        "modes.pressure.contact.law": "fractal",
        "modes.pressure.voids.refill": "vacancy-diffusion",
        "modes.pressure.extrusion.pellet": "pressed",
        "modes.pressure.stack.creep_relaxation": "constrained",
    }
    neutral = QUIET_PRESSURE | {
        "modes.pressure.contact.law": "plastic",
        "modes.pressure.voids.refill": "empirical",
    }
    bounds = {
        "Anode extrusion depth [m]": (0, 5e-4),
        "Anode vacancy supersaturation": (1, 2),
    }


class TestPressureOfAnAnodeFreeHalfCell(ModeConformance):
    mode_id = "pressure"
    cell = "na-nzsp-na"
    overrides = {
        "anode.thickness": "0 um",
        "anode.counter_thickness": "200 um",
        "protocol": "galvanostatic-symmetric",
        "modes.pressure.contact.law": "nucleation",
        "modes.pressure.voids.refill": "bulk-creep",
    }
    # A film that is not yet continuous funnels the current; spots of nothing do not.
    neutral = QUIET_PRESSURE | {
        "modes.pressure.contact.law": "plastic",
        "modes.pressure.contact.spot_spacing": "0 m",
        "modes.pressure.voids.refill": "empirical",
    }
    current_density = -3.0


@pytest.mark.slow
class TestPressureOnMoltenSodium(ModeConformance):
    mode_id = "pressure"
    cell = "na-base-na"
    unused_ports = THICK_METAL
    overrides = {"thermal.ambient": "250 degC", "end_of_life.maximum_temperature": "400 degC"}
    neutral = {"modes.pressure.melting.contact_angle": "60 degree"}


@pytest.mark.slow
class TestPressureOnHardCarbon(ModeConformance):
    mode_id = "pressure"
    cell = "na-ion-chayambuka2022"
    neutral = QUIET_PRESSURE
    unused_ports = (Port.CONTACT_FRACTION, Port.INTERFACE_RESISTANCE, *THICK_METAL)
    absent_reads = ("{interface} sodium thickness [m]", "{interface} sodium lost [C.m-2]")
    shows_itself = False  # no metal, no voids
    voltage_tolerance = 1e-4
    cycles = 1


# Delamination that neither fatigue nor overload drives.
QUIET_DELAMINATION = {
    f"modes.delamination.{place}.{key}": value
    for place, values in {
        "anode": {"fatigue_factor": 0.0},
        "cathode": {"fatigue_strain": 1e9},
    }.items()
    for key, value in {"fracture_energy": "1e9 J/m^2", **values}.items()
}
# Grain boundaries like the grains, that do not age, and no space charge.
QUIET_BLOCKING = {
    f"modes.blocking.{layer}.{key}": value
    for layer in ("separator", "cathode")
    for key, value in {"field_ageing_rate": "0 1/s", "strain_ageing": 0.0}.items()
}


class TestDelaminationInASymmetricCell(ModeConformance):
    mode_id = "delamination"
    cell = "na-nzsp-na"
    neutral = QUIET_DELAMINATION
    unused_ports = (Port.ACTIVE_FRACTION, Port.SOLID_DIFFUSIVITY_FACTOR)
    absent_reads = ("{interface} stoichiometry",)
    bounds = {"Anode delaminated fraction": (0, 1)}


class TestDelaminationInAFullCell(ModeConformance):
    mode_id = "delamination"
    cell = "na-nzsp-nvp"
    overrides = TOUCHES
    neutral = QUIET_DELAMINATION
    current_density = -2.0
    bounds = {"Cathode delaminated fraction": (0, 1)}


class TestBlockingInASymmetricCell(ModeConformance):
    mode_id = "blocking"
    cell = "na-base-na"
    neutral = QUIET_BLOCKING
    absent_reads = ("{interface} particle area per cell area",)
    bounds = {"Separator blocking factor": (1, 10)}


class TestBlockingInAFullCell(ModeConformance):
    mode_id = "blocking"
    cell = "na-nzsp-nvp"
    neutral = QUIET_BLOCKING
    current_density = -2.0


class TestPlatingOnHardCarbon(ModeConformance):
    mode_id = "plating"
    cell = "hc-nzsp-nvp"
    # So slow inside that it plates.
    overrides = {"anode.material.diffusivity": "1e-17 m^2/s"}
    neutral = {"modes.plating.exchange_current": "0 A/m^2"}
    bounds = {
        "Anode plated sodium [C.m-2]": (-0.01, 1e5),  # the solver's tolerance of what is all gone
        "Anode dead plated sodium [C.m-2]": (0, 1e5),
    }
    current_density = -8.0
    duration = 1800.0


class TestFade(ModeConformance):
    mode_id = "fade"
    cell = "na-nzsp-nvp"
    # Enough of it to be seen in an hour; the limit that a host may have, within the window.
    overrides = {
        "modes.fade.polyanion.loss": _supposed(0.5),
        "cathode.material.upper_limit": "3.6 V",
    }
    neutral = {
        "modes.fade.polyanion.loss": 0.0,
        "modes.fade.polyanion.calendar_loss": 0.0,
    }
    bounds = {"Cathode unfaded active fraction": (0, 1), "Cathode fade exponent": (0, 10)}
    current_density = -2.0


class TestPulverisation(ModeConformance):
    mode_id = "pulverisation"
    cell = "sn-nbh-nco"
    # Half full, so that it can be stripped.
    overrides = {"anode.initial_stoichiometry": 0.5, "cathode.initial_stoichiometry": 0.5}
    neutral = {
        f"modes.pulverisation.{loss}": 0.0
        for loss in ("first_loss", "early_loss", "lasting_loss", "opened_loss")
    }
    bounds = {"Anode unpulverised active fraction": (0, 1), "Anode full strips": (0, 10)}
    current_density = 2.0


class _Broken(FailureMode):
    """A mode of sound promises, for each test to break one of."""

    id = "broken"
    title = "A mode for the suite's own tests"
    references = ("none",)
    validity = Validity(says="anywhere")
    writes = (Port.CONTACT_FRACTION,)
    value = 1.0

    def defaults(self):
        return {}

    def submodels(self, cell):
        from twin import ModeSubModel

        value = self.value

        class Contact(ModeSubModel):
            def get_coupled_variables(self, variables):
                import pybamm

                contact = pybamm.PrimaryBroadcast(pybamm.Scalar(value), "current collector")
                variables["Anode broken contact"] = contact
                return variables

        return {"contact": Contact(cell, self.id)}

    def contributions(self, cell):
        return {Port.CONTACT_FRACTION.at("anode"): "Anode broken contact"}


def _frozen(mode, cell):
    """Submodels that take the stack pressure as the number it is when they are built."""
    mode.value = cell.spec.stack.pressure.si / 6e6
    return _Broken.submodels(mode, cell)


class _Suite(ModeConformance):
    __test__ = False
    mode_id = "broken"
    cell = "na-nzsp-na"
    neutral = {"stack.pressure": "5 MPa"}


class _Growing(_Broken):
    """A film that grows by 0.1 ohm cm2 an hour and says what it costs."""

    writes = (Port.INTERFACE_RESISTANCE,)
    factor = 1.0

    def submodels(self, cell):
        from twin import ModeSubModel

        class Film(ModeSubModel):
            def get_fundamental_variables(self):
                return {"Anode broken film [Ohm.m2]": self.state("Anode broken film [Ohm.m2]", 1.0)}

            def set_rhs(self, variables):
                import pybamm

                film = variables["Anode broken film [Ohm.m2]"]
                self.rhs = {film: pybamm.PrimaryBroadcast(1e-5 / 3600, "current collector")}

            def set_initial_conditions(self, variables):
                import pybamm

                film = variables["Anode broken film [Ohm.m2]"]
                self.initial_conditions = {film: pybamm.Scalar(0)}

        return {"film": Film(cell, self.id)}

    def contributions(self, cell):
        return {Port.INTERFACE_RESISTANCE.at("anode"): "Anode broken film [Ohm.m2]"}

    def diagnose(self, run, cell):
        grown = run.last["Anode broken film [Ohm.m2]"] - run.first["Anode broken film [Ohm.m2]"]
        return Evidence(self.factor * run.current_density * grown)


CHECKS = [name for name in dir(ModeConformance) if name.startswith("test_")]


def suite_of(monkeypatch, mode):
    import twin

    monkeypatch.setitem(twin.plugin_manager().modes, "broken", mode)
    return _Suite()


@pytest.mark.parametrize("check", CHECKS)
def test_a_sound_mode_passes(monkeypatch, check):
    getattr(suite_of(monkeypatch, _Broken()), check)()


@pytest.mark.parametrize(
    ("check", "broken", "says"),
    [
        ("test_says_what_it_is", {"references": ()}, "references"),
        ("test_says_what_it_is", {"validity": Validity()}, "validity"),
        (
            "test_declares_the_ports_it_writes",
            {"writes": (Port.CONTACT_FRACTION, Port.HEAT_SOURCE)},
            "heat source",
        ),
        ("test_declares_the_ports_it_writes", {"writes": ()}, "not declared"),
        ("test_names_exist_in_the_model", {"reads": ("{interface} mood",)}, "mood"),
        (
            "test_names_exist_in_the_model",
            {"slow_states": lambda self, cell: [SlowState("Anode broken contact")]},
            "integrated in time",
        ),
        ("test_names_exist_in_the_model", {"outputs": lambda self, cell: ["Nothing"]}, "Nothing"),
        (
            "test_criteria_make_sense",
            {
                "criteria": lambda self, cell: [
                    Criterion("lost", "Anode broken contact", 0.5, "below", 0.1, "it is lost")
                ]
            },
            "failed side",
        ),
        ("test_neutral_parameters_leave_the_cell_alone", {"value": 0.5}, "change the voltage"),
        ("test_neutral_equations_are_the_bare_cells", {"value": 0.9999}, "change the equation"),
        ("test_stays_in_bounds", {"value": 1.2}, "rises to 1.2"),
        (
            "test_a_free_parameter_acts_as_a_new_build",
            {"submodels": lambda self, cell: _frozen(self, cell)},
            "another equation",
        ),
    ],
)
def test_a_broken_promise_is_noticed(monkeypatch, check, broken, says):
    mode = type("Broken", (_Broken,), broken)()
    with pytest.raises(AssertionError, match=says):
        getattr(suite_of(monkeypatch, mode), check)()


def test_evidence_that_is_true_passes(monkeypatch):
    suite_of(monkeypatch, _Growing()).test_evidence_is_what_it_does()


@pytest.mark.parametrize(
    "diagnose",
    [
        lambda self, run, cell: Evidence(),
        lambda self, run, cell: Evidence(
            capacity=-_Growing.diagnose(self, run, cell).polarisation * run.nominal_capacity
        ),
        lambda self, run, cell: Evidence(3600 * _Growing.diagnose(self, run, cell).polarisation),
        lambda self, run, cell: Evidence(says=run.last["Nothing"]),
    ],
    ids=["says nothing", "another sign", "another unit", "raises"],
)
def test_evidence_that_is_not_true_is_noticed(monkeypatch, diagnose):
    mode = type("Lying", (_Growing,), {"diagnose": diagnose})()
    with pytest.raises(AssertionError, match=r"diagnose says|no evidence"):
        suite_of(monkeypatch, mode).test_evidence_is_what_it_does()


def test_a_mode_that_did_nothing_and_says_it_did_is_noticed(monkeypatch):
    claims = {"diagnose": lambda self, run, cell: Evidence(polarisation=0.01)}
    with pytest.raises(AssertionError, match="its contributions cost 0 V"):
        mode = type("Boasting", (_Broken,), claims)()
        suite_of(monkeypatch, mode).test_evidence_is_what_it_does()
