from __future__ import annotations

import io
import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin.cli.session import as_json, plain

SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text()
DOCUMENTS = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


def stream(encoding: str = "utf-8") -> io.TextIOWrapper:
    return io.TextIOWrapper(io.BytesIO(), encoding=encoding)


def expected(value):
    """The same document as JSON can say it."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, list):
        return [expected(item) for item in value]
    if isinstance(value, dict):
        return {key: expected(item) for key, item in value.items()}
    return value


@given(DOCUMENTS)
def test_any_document_comes_back_with_null_for_what_is_not_finite(document):
    assert json.loads(as_json(document, stream())) == expected(document)


@given(DOCUMENTS)
def test_an_encoding_without_unicode_can_hold_any_document(document):
    text = as_json(document, stream("ascii"))
    assert json.loads(text.encode("ascii")) == expected(document)


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (np.float64("nan"), None),
        (np.float64(1.5), 1.5),
        (np.int64(3), 3),
        (np.array([1.0, np.inf]), [1.0, None]),
        ((1, 2), [1, 2]),
        ({3: "x"}, {"3": "x"}),
    ],
)
def test_numpy_and_tuples_become_plain(value, said):
    assert plain(value) == said
    json.dumps(plain(value), allow_nan=False)
