"""The published cases: the quick ones run every day, the whole table when asked for."""

from __future__ import annotations

import json

import pytest

from twin.validation.loader import case_names, load_case
from twin.validation.runner import run_case, validate

QUICK = [name for name in case_names() if load_case(name).quick]


@pytest.mark.parametrize("name", QUICK)
def test_a_quick_case_runs_and_gives_its_rows(name):
    case = load_case(name)
    lines = run_case(case)
    assert [line.says for line in lines] == [row.says for row in case.row]
    for line in lines:
        assert line.status in ("within", "missed", "predicted")
        assert line.simulated is not None, line.why
        # Nobody has to guess at a miss.
        assert line.status != "missed" or line.why


@pytest.mark.slow
@pytest.mark.timeout(7200)
def test_the_whole_table():
    """Every case gives every row; what is missed says why; most of it is within tolerance."""
    lines = validate(case_names(), jobs=2)
    assert {line.case for line in lines} == set(case_names())
    assert len({line.case for line in lines}) >= 22
    json.dumps([line.to_dict() for line in lines])
    missed = [line for line in lines if line.status == "missed"]
    assert all(line.why for line in missed), [(m.case, m.says) for m in missed if not m.why]
    compared = [line for line in lines if line.role == "compared"]
    within = [line for line in compared if line.status == "within"]
    assert len(within) > len(compared) / 2
    assert all(line.measured is None for line in lines if line.status == "predicted")


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("name", ["d05-argon-treated", "x05-three-electrolytes"])
def test_a_calibrated_observable_comes_out_as_measured(name):
    for line in run_case(name):
        if line.role == "calibrated":
            assert line.status == "within"
