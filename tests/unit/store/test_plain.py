from __future__ import annotations

import json
import math
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin.errors import StoreError
from twin.store.history import spans
from twin.store.plain import integer, number, plain, text

scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text()
trees = st.recursive(
    scalars,
    lambda t: st.lists(t, max_size=4) | st.dictionaries(st.text(), t, max_size=4),
    max_leaves=15,
)


@given(trees)
def test_anything_becomes_strict_json_and_stays_itself(tree):
    clean = plain(tree)
    written = json.dumps(clean, allow_nan=False, ensure_ascii=False)
    assert "\\u0000" not in written
    written.encode("utf-8")
    assert json.loads(written) == clean
    assert plain(clean) == clean


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_finite_numbers_are_not_touched(value):
    assert plain({"x": [value]}) == {"x": [value]}
    assert number(value, "x") == value
    assert plain(np.float64(value)) == value


@given(st.text())
def test_ordinary_text_is_not_touched(value):
    kept = "".join(c for c in value if c != "\x00" and not "\ud800" <= c <= "\udfff")
    assert text(kept) == kept


def test_numpy_and_the_standard_library():
    class Kind(StrEnum):
        FULL = "full"

    moment = datetime(2026, 1, 2, tzinfo=UTC)
    given = {
        "array": np.array([[1.0, np.nan], [np.inf, 2.0]]),
        "int": np.int32(3),
        "bool": np.bool_(False),
        "kind": Kind.FULL,
        "when": moment,
        "path": Path("a") / "b",
        "set": {2, 1},
        "tuple": (1, (2,)),
        3: "a number as a key",
    }
    assert plain(given) == {
        "array": [[1.0, None], [None, 2.0]],
        "int": 3,
        "bool": False,
        "kind": "full",
        "when": moment.isoformat(),
        "path": str(Path("a") / "b"),
        "set": [1, 2],
        "tuple": [1, [2]],
        "3": "a number as a key",
    }
    assert type(plain(Kind.FULL)) is str


def test_bytes_and_objects_are_refused_by_key():
    with pytest.raises(StoreError, match=r"a\.b\[0\]: a bytes cannot be stored") as caught:
        plain({"a": {"b": [b"x"]}})
    assert caught.value.problem.key == "a.b[0]"
    with pytest.raises(StoreError, match="a type cannot"):
        plain(np.ndarray)


def test_numbers_for_columns():
    assert number(None, "x") is None
    assert number(math.inf, "x") is None
    assert number(10**400, "x") is None
    assert number(np.int64(2), "x") == 2.0
    with pytest.raises(StoreError):
        number([1.0], "x")
    assert integer(np.int64(2**63 - 1), "x") == 2**63 - 1
    for wrong in (2**63, 1.5, True, None, "1"):
        with pytest.raises(StoreError, match="x: "):
            integer(wrong, "x")


def test_spans():
    assert spans([0, 1, 2, 5, 7, 8]) == "0-2, 5, 7-8"
    assert spans(list(range(0, 40, 2))) == "0, 2, 4, 6, …, 34, 36, 38"
