"""How runs and studies stand."""

from __future__ import annotations

import pytest

from twin import Outcome, Status
from twin.errors import StoreError


def test_an_end_nobody_knows_is_refused_in_words():
    with pytest.raises(StoreError, match="'lost' is not a way for a run to end"):
        Outcome.from_dict({"kind": "lost"})


def test_an_end_is_stored_as_plain_text():
    kept = Outcome(Status.COMPLETED).to_dict()["kind"]
    assert kept == "completed" and type(kept) is str
    assert Outcome.from_dict({"kind": kept}).kind is Status.COMPLETED
