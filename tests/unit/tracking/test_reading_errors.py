"""A calibration's own noise, offset and drift take the place of the assumed ones."""

from __future__ import annotations

import pytest

import twin
from twin.errors import InputError
from twin.store import Store
from twin.tracking.observables import observables, observables_with
from twin.tracking.reading_errors import told_errors

BLOCK = """
schema = 1
title = "readings of one cell"
[patch]
[calibration.readings.resistance]
noise = {noise}
offset = 0.4
drift = 0.3
"""


@pytest.fixture
def overlay(tmp_path):
    def write(noise=0.2):
        path = tmp_path / "told.toml"
        path.write_text(BLOCK.format(noise=noise))
        return str(path)

    return write


def test_only_what_is_told_changes(overlay):
    known = observables_with(told_errors([overlay()]))
    one = known["resistance"]
    assert (one.noise, one.offset, one.drift) == (0.2, 0.4, 0.3)
    assert known["capacity"] == observables()["capacity"]
    assert told_errors([]) == {}


@pytest.mark.parametrize("noise", ["0", "-0.1", '"much"', "nan"])
def test_what_no_calibration_writes_is_refused(overlay, noise):
    with pytest.raises(InputError, match="could be used") as caught:
        told_errors([overlay(noise)])
    assert caught.value.problem.key == "calibration.readings.resistance"


def test_a_track_takes_them_and_keeps_them(tracked, overlay):
    url, data, first, asked = tracked
    with Store.open(url) as store:
        how = asked | {"overlays": [*asked["overlays"], overlay()]}
        rough = twin.track("na-nzsp-na", [data], lives=32, store=store, **how)
        assert rough.design["library"] == first.design["library"]  # the cell is the same
        assert rough.to_dict()["errors"]["resistance"]["noise"] == 0.2
        assert rough.known["resistance"].noise == 0.2
        # With readings twenty times as rough less is known.
        assert rough.to_dict()["told_share"] < first.to_dict()["told_share"] - 0.1
        assert rough.last().posterior.log_evidence != first.last().posterior.log_evidence
        step, kept = rough.last(), twin.load_track(rough.id, store=store).to_dict()
        assert kept["checkups"][-1]["distance"] == step.posterior.distance
