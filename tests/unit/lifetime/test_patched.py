"""Maps and attributions of a cell whose metal face is in patches."""

import pytest

import twin

SPREAD = {
    "modes.pressure.voids.refill_current": "lognormal 0.3",
    "modes.pressure.voids.refill_per_pressure": "lognormal 0.3",
}
FACE = {
    "interfaces.anode.patches": {"count": 3, "vary": SPREAD},
    "modes.pressure.voids.refill_current": "0.05 mA/cm^2",
}
"""Three patches that refill so little that pressure decides."""


def test_a_map_of_a_full_cell_is_the_same_with_one_worker_and_with_two(tmp_path):
    asked = {
        "x": "stack.pressure=1..4 MPa,2",
        "y": "current=0.3..0.9 mA/cm^2,2",
        "cycles": 3,
        "refine": 0,
        "modes": ["pressure"],
        "model": "spm",
        "lines": False,
    }
    points = [
        twin.safe_map("na-nzsp-nvp", overrides=own, workers=workers,
                      store=f"sqlite:///{tmp_path}/{name}.db", **asked).points
        for own, workers, name in ((FACE, 1, "one"), (FACE, 2, "two"))
    ]  # fmt: skip

    def told(some):
        return [{k: v for k, v in p.items() if k not in ("run", "wall_s")} for p in some]

    assert told(points[0]) == told(points[1])
    assert len(points[0]) == 4
    assert {p["label"] for p in points[0]} == {"alive", "pressure"}


@pytest.mark.slow
def test_an_attribution_is_the_same_with_one_worker_and_with_two(tmp_path):
    asked = {
        "cycles": 4,
        "modes": ["interphase", "pressure"],
        "overrides": FACE | {"stack.pressure": "1 MPa"},
    }
    one, two = (
        twin.attribute("na-base-na", workers=n, store=f"sqlite:///{tmp_path}/{n}.db", **asked)
        for n in (1, 2)
    )
    first, second = (found.to_dict()["losses"] for found in (one, two))
    assert first == second
    for loss in first.values():
        for part in loss.values():
            total = sum(part["by_mode"].values()) + part["residual"]
            assert total == pytest.approx(part["total"])
    share = first["resistance_Ohm_m2"]["all"]["by_mode"]
    assert share["pressure"] > abs(share["interphase"])
