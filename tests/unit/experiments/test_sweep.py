"""How the values of a sweep are read."""

import pytest

from twin.experiments.sweep import combinations, parse_sweeps


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("p=1 MPa,5 MPa", ("1 MPa", "5 MPa")),
        ("p=1,2,5 MPa", ("1 MPa", "2 MPa", "5 MPa")),
        ("p=0.5,1e3 kPa, 5 MPa", ("0.5 MPa", "1e3 kPa", "5 MPa")),
        ("p=1,2", ("1", "2")),
        ("law=plastic,creep", ("plastic", "creep")),
        ("p=1,hard creep", ("1", "hard creep")),
    ],
)
def test_bare_numbers_take_the_last_values_unit(text, values):
    (sweep,) = parse_sweeps([text])
    assert sweep.values == values


def test_every_combination_is_there_with_the_last_key_fastest():
    found = combinations(parse_sweeps(["a=1,2 K", "b=x,y"]))
    assert [tuple(c.values()) for c in found] == [
        ("1 K", "x"),
        ("1 K", "y"),
        ("2 K", "x"),
        ("2 K", "y"),
    ]
