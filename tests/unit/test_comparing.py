"""``twin.compare``: what is run, what is said."""

from __future__ import annotations

import pytest

import twin
from twin.errors import InputError, NotFoundError, TwinError
from twin.runs.compare import split_item

EMPTY = "sqlite://"


@pytest.mark.parametrize(
    ("item", "parts"),
    [
        ("na-nzsp-na", ("na-nzsp-na", ())),
        ("na-nzsp-na+sbf3-interlayer+warm-60C", ("na-nzsp-na", ("sbf3-interlayer", "warm-60C"))),
        ("cells/mine.toml", ("cells/mine.toml", ())),
        ("abcd1234", None),
        ("last", None),
    ],
)
def test_items_are_cells_with_overlays_or_runs(item, parts):
    assert split_item(item) == parts


def test_mistakes_are_known_before_anything_is_run(monkeypatch):
    monkeypatch.setattr("twin.runs.compare.simulate", lambda *a, **k: pytest.fail("was run"))
    with pytest.raises(InputError, match="one alone"):
        twin.compare(["na-nzsp-na"], store=EMPTY)
    with pytest.raises(InputError, match="na-nzsp-na is named twice"):
        twin.compare(["na-nzsp-na", "na-nzsp-na"], store=EMPTY)
    with pytest.raises(TwinError, match="there is no overlay 'nosuch'"):
        twin.compare(["na-nzsp-na", "na-nzsp-na+nosuch"], store=EMPTY)
    with pytest.raises(NotFoundError, match="no run"):
        twin.compare(["na-nzsp-na", "zzzz"], store=EMPTY)


def test_cells_and_a_stored_run_are_compared_in_the_order_given():
    from twin.store import Store

    store = Store.open(EMPTY)
    first = twin.simulate("na-base-na", cycles=1, store=store, series_every=0)
    shares = []
    runs = twin.compare(
        ["na-base-na+warm-60C", first.id],
        store=store,
        cycles=1,
        progress=lambda share, text: shares.append(share),
    )
    assert list(runs) == ["na-base-na+warm-60C", first.id]
    warm = runs["na-base-na+warm-60C"].rows[0]["resistance_Ohm_m2"]
    assert 0 < warm < first.rows[0]["resistance_Ohm_m2"]
    assert shares == [1.0]
    store.close()
