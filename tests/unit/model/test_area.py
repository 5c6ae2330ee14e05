"""A cell's area scales its charges, and nothing else; however large, PyBaMM has no say."""

from __future__ import annotations

import logging

import pytest

import twin

AREAS = (1e-8, 1e-4, 1e7)
"""From a speck to a cell of 1e8 A.h."""


def test_the_physics_scales_with_the_area(caplog):
    # Without filaments: a larger area holds a worse flaw, which is meant.
    rows = {}
    with caplog.at_level(logging.WARNING, logger="pybamm.logger"):
        logger = logging.getLogger("pybamm.logger")
        logger.addHandler(caplog.handler)
        try:
            for area in AREAS:
                rows[area] = twin.simulate(
                    "na-nzsp-nvp", cycles=1, model="spm", store="sqlite://", without=["dendrite"],
                    overrides={"geometry.area": f"{area} m^2"}, rtol=1e-8, atol=1e-10,
                ).rows[0]  # fmt: skip
        finally:
            logger.removeHandler(caplog.handler)
    assert caplog.records == []
    assert rows[1e7]["capacity_Ah"] > 1e8
    small = rows[1e-4]
    for area, row in rows.items():
        for key in ("charge_Ah", "discharge_Ah", "charge_Wh", "discharge_Wh", "current_max_A"):
            assert row[key] / area == pytest.approx(small[key] / 1e-4, rel=1e-6), key
        for key in (
            "t_end_s",
            "Area-specific resistance [Ohm.m2]",
            "Cathode stoichiometry",
            "voltage_max_V",
        ):
            assert row[key] == pytest.approx(small[key], rel=1e-6), key
        assert row["margins"] == pytest.approx(small["margins"], rel=1e-6)


def test_pybamms_own_setting_is_left_as_it_was():
    import pybamm

    from twin.model.pybamm_compat import of_any_size

    before = pybamm.settings.max_y_value
    with pytest.raises(RuntimeError), of_any_size():
        assert pybamm.settings.max_y_value > 1e300
        raise RuntimeError
    assert pybamm.settings.max_y_value == before


@pytest.mark.parametrize(("value", "word", "near"), [(0, "empty", "0.001"), (1, "full", "0.999")])
@pytest.mark.parametrize("place", ["cathode", "anode"])
def test_a_host_that_begins_quite_empty_or_full_is_refused(place, value, word, near):
    key = f"{place}.initial_stoichiometry"
    with pytest.raises(twin.SpecError) as caught:
        twin.load_cell("hc-nzsp-nvp", overrides={key: value})
    (found,) = caught.value.problems
    assert found.key == key and word in found.message and near in found.fix
    twin.load_cell("hc-nzsp-nvp", overrides={key: float(near)})
