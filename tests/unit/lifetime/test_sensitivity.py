"""Sobol indices, correlations and the split of chance against closed forms."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import norm

import twin
from twin.specs.quantity import parse_quantity
from twin.uncertainty.correlations import blocks, correlation_matrix, joined
from twin.uncertainty.sobol import analyse
from twin.uncertainty.spreads import points, uncertain
from twin.uncertainty.surrogate import fit

KEYS = ("a", "b", "c", "d")


def analysed(log_life, aleatory, together=((0,), (1,), (2,), (3,)), members=128):
    cube = points(members, 4, 5)
    lives = np.exp(log_life(norm.ppf(cube)))
    return analyse(cube, cube, lives, KEYS, together, aleatory, 1)


def additive(z):
    return 5 + 0.8 * z[:, 0] - 0.5 * z[:, 1] + 0.3 * z[:, 2]


def test_an_additive_life_has_the_indices_of_its_coefficients():
    found = analysed(additive, [False, True, False, False])
    total = 0.8**2 + 0.5**2 + 0.3**2
    for key, slope in zip(KEYS, (0.8, -0.5, 0.3, 0.0), strict=True):
        number = found["numbers"][key]
        assert number["first"] == pytest.approx(slope**2 / total, abs=0.03)
        assert number["total"] == pytest.approx(slope**2 / total, abs=0.03)
    assert list(found["numbers"])[:3] == ["a", "b", "c"]
    assert found["numbers"]["b"]["rank_correlation"] < -0.3
    assert found["explained"] > 0.99


def test_chance_and_ignorance_split_the_variance():
    found = analysed(additive, [False, True, False, False])
    total = 0.8**2 + 0.5**2 + 0.3**2
    assert found["variance"]["aleatory"] == pytest.approx(0.25 / total, abs=0.03)
    assert found["variance"]["epistemic"] == pytest.approx(0.73 / total, abs=0.03)
    assert found["variance"]["together"] < 0.03
    low, middle, high = found["life"]["median_over_epistemic"]
    # The median over cells is exp(5 + N(0, 0.73)); its 5 % point is 1.645 deviations below.
    assert np.log([low, middle, high]) == pytest.approx(
        [5 - 1.645 * 0.73**0.5, 5, 5 + 1.645 * 0.73**0.5], abs=0.12
    )
    low, _, high = found["life"]["cells_at_known_numbers"]
    assert np.log(high / low) == pytest.approx(2 * 1.645 * 0.5, rel=0.06)


def test_an_interaction_shows_in_the_total_index_alone():
    found = analysed(lambda z: 5 + 0.6 * z[:, 0] * z[:, 1] + 0.3 * z[:, 2], [False] * 4)
    share = 0.36 / 0.45
    for key in ("a", "b"):
        assert found["numbers"][key]["first"] < 0.08
        assert found["numbers"][key]["total"] == pytest.approx(share, abs=0.08)
    assert "variance" not in found  # nothing differs from cell to cell


def test_numbers_drawn_together_make_up_one_group():
    found = analysed(additive, [False] * 4, together=((0, 1), (2,), (3,)))
    total = 0.8**2 + 0.5**2 + 0.3**2
    assert found["numbers"]["a + b"]["first"] == pytest.approx(0.89 / total, abs=0.03)
    assert found["numbers"]["a + b"]["rank_correlation"] is None


def test_the_draws_are_those_of_salib():
    from SALib.sample import sobol

    from twin.uncertainty.sobol import _DRAWS, _drawn

    groups = ["b", "a", "b", "c"]
    problem = {"num_vars": 4, "names": list("1234"), "bounds": [[0, 1]] * 4, "groups": groups}
    chance = np.random.default_rng(3)
    theirs = sobol.sample(problem, _DRAWS, calc_second_order=False, seed=chance)
    assert np.array_equal(_drawn(np.array(groups), ["b", "a", "c"], 3), theirs)


def test_noise_is_not_explained():
    rng = np.random.default_rng(0)
    assert fit(rng.normal(size=(100, 10)), rng.normal(size=100)).explained < 0.2


def test_too_few_members_say_nothing():
    assert analysed(additive, [False] * 4, members=16) == {}


# ------------------------------------------------------------ correlations

SPREADS = {
    "stack.pressure": {"value": "5 MPa", "spread": "normal 2e5"},
    "anode.thickness": {"value": "50 um", "spread": "lognormal 0.2"},
    "geometry.area": {"value": "1 cm^2", "spread": "lognormal 0.1"},
}


def cell(between, coefficient=0.8, **more):
    stated = {"pressed": {"between": list(between), "coefficient": coefficient}}
    spreads = {key: value | more.get(key.replace(".", "_"), {}) for key, value in SPREADS.items()}
    return twin.load_cell("na-nzsp-na", overrides=spreads | {"correlations": stated})


def test_correlated_numbers_keep_their_own_distributions():
    spec = cell(["stack.pressure", "anode.thickness"])
    items = uncertain(spec, [])
    matrix = correlation_matrix(spec, items, [])
    assert [item.key for item in items] == ["anode.thickness", "geometry.area", "stack.pressure"]
    assert blocks(matrix) == [[0, 2], [1]]
    cube = joined(points(4096, 3, 1), matrix)
    z = norm.ppf(cube)
    assert np.corrcoef(z.T)[0] == pytest.approx([1, 0, 0.8], abs=0.02)
    for column in cube.T:  # uniform still
        assert np.quantile(column, [0.1, 0.5, 0.9]) == pytest.approx([0.1, 0.5, 0.9], abs=0.01)
    assert np.array_equal(cube[:, 1], points(4096, 3, 1)[:, 1])


def test_a_correlation_survives_the_store():
    from twin.catalog.cells import mode_entries
    from twin.specs.dump import cell_from_data, cell_to_data

    spec = cell(["stack.pressure", "anode.thickness"])
    again = cell_from_data(cell_to_data(spec), mode_entries())
    assert again.correlations == spec.correlations


@pytest.mark.parametrize(
    ("between", "coefficient", "says"),
    [
        (("stack.pressure", "anode.thicknes"), 0.5, "no spread"),
        (("stack.pressure", "anode.thickness", "geometry.area"), -0.9, "not positive"),
    ],
)
def test_a_correlation_that_cannot_be_is_refused(between, coefficient, says):
    spec = cell(between, coefficient)
    with pytest.raises(twin.InputError, match=says) as caught:
        correlation_matrix(spec, uncertain(spec, []), [])
    assert caught.value.problem.fix


def test_chance_is_not_correlated_with_ignorance():
    spec = cell(["stack.pressure", "anode.thickness"], stack_pressure={"spread_kind": "aleatory"})
    with pytest.raises(twin.InputError, match="differs from cell to cell"):
        correlation_matrix(spec, uncertain(spec, []), [])


def test_a_correlation_with_a_mode_left_out_says_nothing():
    spec = cell(["stack.pressure", "modes.dendrite.flaw.strength"])
    assert np.array_equal(correlation_matrix(spec, uncertain(spec, []), []), np.eye(3))


@pytest.mark.parametrize(
    ("table", "says"),
    [
        ({"spread_kind": "aleatory"}, "without a 'spread'"),
        ({"spread": "normal 1", "spread_kind": "chance"}, "aleatory, epistemic"),
    ],
)
def test_a_spread_kind_that_says_nothing_is_refused(table, says):
    with pytest.raises(ValueError, match=says):
        parse_quantity({"value": "1 m"} | table, "m")
