"""What pressure does to the voltage: V_m p/F at sodium, less the host's own share."""

from __future__ import annotations

import numpy as np
import pytest

from twin import FARADAY as F

V_M = 2.375e-5
REST = [(0.0, 1.0)]
HALF = {"cathode.initial_stoichiometry": 0.5}


@pytest.fixture(scope="module")
def ocv(make_cell, run):
    """Return the voltage at rest [V] of a full cell under a pressure [MPa]."""

    def at(pressure, overrides=None, model="spm", modes=("pressure",)):
        spec = make_cell(
            "na-nzsp-nvp", HALF | {"stack.pressure": f"{pressure} MPa"} | dict(overrides or {})
        )
        return run(spec, REST, modes, model=model)["Voltage [V]"][0]

    return at


@pytest.mark.parametrize("model", ["spm", "dfn"])
def test_stress_raises_the_voltage_of_a_full_cell(ocv, model, limit):
    # 49.2 mV at 200 MPa against a host that does not swell; less by the host's own share.
    stiff = {"cathode.material.volume_change": 0.0}
    rise = ocv(200, stiff, model) - ocv(0, stiff, model)
    limit("potential: V_m p/F", rise, V_M * 200e6 / F, 1e-6)
    assert rise * 1e3 == pytest.approx(49.2, abs=0.05)
    swells = {
        "cathode.material.volume_change": 0.083,
        "cathode.material.maximum_concentration": "13870 mol/m^3",
    }
    rise = ocv(200, swells, model) - ocv(0, swells, model)
    limit("potential: (V_m - v) p/F", rise, (V_M - 0.083 / 13870) * 200e6 / F, 1e-6)
    assert rise * 1e3 == pytest.approx(36.8, abs=0.05)


def test_without_the_mode_or_with_the_option_off_it_is_pybamms(ocv):
    bare = ocv(200, modes=())
    assert ocv(0.1, modes=()) == bare
    off = {"modes.pressure.stack.stress_potential": "off"}
    assert ocv(200, off) == pytest.approx(bare, abs=1e-12)


def test_it_follows_the_pressure_of_a_built_model(make_cell, run):
    # A spring: the voltage of the symmetric cell stays nought, the shift follows the pressure.
    spec = make_cell(
        "na-nzsp-na",
        {
            "stack.fixture": "spring",
            "stack.stiffness": "1e12 Pa/m",
            "anode.counter_thickness": "0 um",
            "modes.pressure.voids.refill_current": "1 A/cm^2",
            "modes.pressure.stack.creep_relaxation": "off",
            "window.lower": "-1e3 V",
        },
    )
    seen = run(spec, [(1.0, 600.0), (0.0, 60.0)], ("pressure",), rtol=1e-8, atol=1e-10)
    pressure = seen["Stack pressure [Pa]"]
    for place in ("Anode", "Cathode"):
        shift = seen[f"{place} equilibrium potential shift [V]"]
        assert shift == pytest.approx(-V_M * pressure / F, rel=1e-9)
    assert np.abs(seen["Voltage [V]"][-1]) < 1e-9
