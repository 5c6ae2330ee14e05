"""Checkpoints: exact, small, and never code."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from twin.engine.checkpoint import State
from twin.errors import StoreError

numbers = st.floats(allow_nan=False, allow_infinity=False)


@given(
    cycle=st.integers(0, 10**6),
    t=st.floats(0, 1e12),
    y=arrays(np.float64, st.integers(1, 600), elements=numbers),
    first=st.dictionaries(st.text(max_size=20), numbers, max_size=5),
)
def test_a_state_survives_bit_by_bit(cycle, t, y, first):
    state = State(cycle, t, y, {"kind": {"capacity_Ah": 1.0}}, first, ["mode: warned"])
    back = State.from_bytes(state.to_bytes())
    assert back.y.tobytes() == y.tobytes()
    assert (back.cycle, back.t, back.first) == (cycle, t, first)
    assert back.references == state.references and back.warned == state.warned


def test_the_fresh_cell_has_no_state_vector():
    assert State.from_bytes(State(0, 0.0, None).to_bytes()).y is None


@pytest.mark.parametrize(
    "data", [b"", b"TWN1", b"TWN1garbage", b"\x80\x04\x95\x00.", b"PK\x03\x04rest"]
)
def test_what_is_no_checkpoint_is_refused_in_words(data):
    with pytest.raises(StoreError) as caught:
        State.from_bytes(data)
    assert "checkpoint is damaged" in str(caught.value) and caught.value.problem.fix


def test_a_layout_has_one_order_and_is_read_in_any():
    from twin.model.layout import layout_from_text, layout_of, layout_to_text

    class Named:
        def __init__(self, name):
            self.name = name

    class Model:
        def __init__(self, names):
            self.y_slices = {Named(name): [PLACES[name]] for name in names}

    PLACES = {
        "Separator electrolyte potential [V]": slice(1, 3),
        "Electrolyte potential [V]": slice(1, 5),
        "Charge": slice(0, 1),
        "Positive electrolyte potential [V]": slice(3, 5),
        "Another name of the separator's": slice(1, 3),
    }
    one, other = layout_of(Model(PLACES)), layout_of(Model(reversed(PLACES)))
    assert one == other
    assert one[0] == ("Charge", 0, 1) and one[-1] == ("Positive electrolyte potential [V]", 3, 5)
    assert layout_from_text(layout_to_text(reversed(one))) == one
