"""A cell as data and back, its hash, and the count of where its numbers come from."""

from __future__ import annotations

import json
from collections import Counter

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from twin.errors import SpecError
from twin.modes.mode import ModeParameters
from twin.specs.dump import (
    cell_from_data,
    cell_hash,
    cell_to_data,
    cell_to_toml,
    data_hash,
    iter_quantities,
    provenance_counts,
    with_overrides,
)
from twin.specs.loader import ModeEntry
from twin.specs.naming import find
from twin.specs.quantity import Q
from twin.visible import controls

once = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
# Specs refuse what a terminal may obey.
written = st.characters(codec="utf-8", exclude_categories=("Cs",)).filter(lambda c: not controls(c))
remark = st.text(written, max_size=20)
remarks = st.fixed_dictionaries(
    {},
    optional={
        "source": remark,
        "note": remark,
        "status": st.sampled_from(["measured", "fitted", "unverified", "assumed", "exact"]),
        "spread": st.sampled_from(["lognormal 0.3", "weibull 10", "uniform 1 2", "normal 5%"]),
    },
)
positive = st.floats(1e-30, 1e30, allow_nan=False)


def quantities(unit, size):
    number = st.one_of(size.map(repr), st.integers(1, 9).map(str), st.just("+2."))
    text = number.map(lambda n: f"{n} {unit}".strip())
    value = st.one_of(text, size, st.integers(1, 1)) if not unit else text
    return st.one_of(value, st.builds(lambda v, r: {"value": v, **r}, value, remarks))


fractions = quantities("", st.floats(0.01, 0.49))


@once
@given(
    thickness=quantities("um", positive),
    pressure=quantities("MPa", positive),
    fraction=st.floats(0.01, 0.49),
    exponent=quantities("", st.floats(0.01, 10)),
    diffusivity=st.one_of(
        quantities("m^2/s", positive),
        st.fixed_dictionaries(
            {
                "law": st.just("arrhenius"),
                "reference": quantities("cm^2/s", positive),
                "activation_energy": quantities("kJ/mol", st.floats(-100, 100)),
            },
            optional={"source": remark, "form": st.sampled_from(["plain", "sigma-T"])},
        ),
        st.lists(st.floats(1e-20, 1e-10), min_size=2, max_size=5).map(
            lambda y: {
                "law": "table",
                "x": [i / len(y) for i in range(len(y))],
                "y": y,
                "unit": "m^2/s",
            }
        ),
    ),
)
def test_a_cell_survives_the_way_through_json_and_toml(
    tree, thickness, pressure, fraction, exponent, diffusivity
):
    spec = tree.load(
        overrides={
            "anode.thickness": thickness,
            "stack.pressure": pressure,
            "cathode.active_fraction": fraction,
            "modes.rust.exponent": exponent,
            "cathode.material.diffusivity": diffusivity,
        }
    )
    data = json.loads(json.dumps(cell_to_data(spec), allow_nan=False))
    again = cell_from_data(data, tree.modes)
    assert again == spec
    assert cell_to_data(again) == data
    assert cell_hash(again) == cell_hash(spec)
    text = cell_to_toml(spec)
    assert tree.load(tree.write(f"again/{spec.name}.toml", text)) == spec


def test_the_hash_is_of_the_content_not_of_the_way_there(tree):
    tree.write("cells/sub/full.toml", (tree.root / "cells/full.toml").read_text())
    assert cell_hash(tree.load()) == cell_hash(tree.load(tree.root / "cells/sub/full.toml"))
    assert cell_hash(tree.load()) != cell_hash(tree.load(overrides=["stack.pressure=6 MPa"]))
    assert cell_hash(tree.load()) != cell_hash(tree.load(overrides=["stack.pressure.note=x"]))


class Stiff(ModeParameters):
    """A mode for which infinity makes sense."""

    stiffness: Q("Pa/m", inf=True)  # type: ignore[valid-type]
    ratio: Q("", inf=True)  # type: ignore[valid-type]


def test_infinity_stays_text_in_data(tree):
    """JSON has no infinity."""
    defaults = {"stiffness": "inf Pa/m", "ratio": float("inf")}
    tree.modes = {"stiff": ModeEntry(Stiff, defaults, "stiffly")}
    spec = tree.load()
    data = json.loads(json.dumps(cell_to_data(spec), allow_nan=False))
    assert data["modes"]["stiff"] == {"stiffness": "inf Pa/m", "ratio": "inf"}
    assert cell_from_data(data, tree.modes) == spec and len(cell_hash(spec)) == 64


def test_stored_data_that_are_no_cell_are_explained(tree):
    data = cell_to_data(tree.load())
    data["stack"]["pressure"] = 3
    data["modes"]["gone"] = {}
    with pytest.raises(SpecError) as raised:
        cell_from_data(data, tree.modes)
    assert [(p.file, p.key) for p in raised.value.problems] == [
        ("stored cell full", "modes.gone"),
        ("stored cell full", "stack.pressure"),
    ]


def test_a_mode_installed_later_gets_its_defaults(tree):
    data = cell_to_data(tree.load())
    del data["modes"]["rust"]
    assert cell_from_data(data, tree.modes) == tree.load()


def test_quantities_come_with_the_keys_and_the_source_of_their_law(tree):
    found = dict(iter_quantities(tree.load()))
    law = "electrolyte.material.conductivity"
    assert found[f"{law}.reference"].source == "paper A"
    assert found[f"{law}.reference"].status == "measured"
    # What says something of its own takes nothing over.
    assert found[f"{law}.activation_energy"].status == "fitted"
    assert found[f"{law}.activation_energy"].source is None
    assert found["cathode.material.diffusivity.value"].source == "paper B"
    assert found["modes.rust.anode.rate"].source == "plugin paper"
    assert found["anode.thickness"].status is None


def test_every_key_can_be_set(tree):
    """The keys of the walk are override keys: a sampled value goes back in by its key."""
    spec = tree.load()
    for key, quantity in iter_quantities(spec):
        again = tree.load(overrides={key: {"value": quantity.text, "note": "sampled"}})
        assert find(again, key).note == "sampled", key
        assert find(again, key).si == quantity.si, key


def test_provenance_is_counted(tree):
    spec = tree.load()
    counts = provenance_counts(spec)
    assert counts == Counter(q.status or "unstated" for _, q in iter_quantities(spec))
    table = '{ law = "table", x = [0, 1], y = [3.5, 3.3], unit = "V", status = "measured" }'
    with_table = provenance_counts(
        tree.load(overrides={"cathode.material.open_circuit_potential": table})
    )
    # The plateau's three unstated numbers are gone; the table counts as a measured one.
    assert with_table["unstated"] == counts["unstated"] - 3
    assert with_table["measured"] == counts["measured"] + 1


def test_a_finished_cell_takes_overrides_as_a_file_does(tree):
    overrides = ["stack.pressure=9 MPa", "electrolyte.material.conductivity.reference=1 mS/cm"]
    stored = cell_from_data(cell_to_data(tree.load()), tree.modes)
    assert with_overrides(stored, overrides, tree.modes) == tree.load(overrides=overrides)
    swap = {"anode.material": "sodium"}
    assert with_overrides(stored, swap, tree.modes, library=tree.library) == tree.load()
    with pytest.raises(SpecError) as raised:
        with_overrides(stored, {"stack.presure": "1 MPa"}, tree.modes)
    assert raised.value.problem.fix == "did you mean stack.pressure?"


def test_the_hash_of_given_data_never_changes():
    # Worked out by hand: sha256 of {"a":[1.5,null,"Ω"],"b":{"c":true,"d":"x"}}
    data = {"b": {"d": "x", "c": True}, "a": [1.5, None, "Ω"]}
    golden = "29f46c7a4ad3ba604b81651deec5554ba15579173cf3fc64023651afbf42556a"
    assert data_hash(data) == golden
    assert data_hash({"a": [1.5, None, "Ω"], "b": {"c": True, "d": "x"}}) == golden
    assert data_hash({**data, "a": [None, 1.5, "Ω"]}) != golden  # a list keeps its order


def test_a_cells_hash_is_its_datas(tree):
    spec = tree.load()
    assert cell_hash(spec) == data_hash(cell_to_data(spec))
