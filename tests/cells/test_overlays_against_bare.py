"""Each overlay beside its bare cell: what its file says it does."""

from __future__ import annotations

import functools

import pytest

import twin

pytestmark = pytest.mark.slow
NZSP, LOOSE = "na-nzsp-na", "na-nzsp2-na-unpressed"
RAMP = {"half_cycle": "30 minutes", "start": "0.4 mA/cm^2", "step": "0.4 mA/cm^2"}
END = 13.0  # mA/cm2: nothing limits up to the end of the ramp


@functools.cache
def limits(cell, overlay=None):
    """Return the critical currents of stripping and of plating [mA/cm2]."""
    found = twin.ccd(cell, overlays=[overlay] if overlay else [], maximum=f"{END} mA/cm^2", **RAMP)
    return tuple(
        END if limit.current is None else limit.current / 10
        for limit in (found.stripping, found.plating)
    )


# (overlay, cell, what it does to the stripping limit, and to the plating limit)
SAYS = [
    ("healing-polymer", NZSP, "same", "end"),
    ("na-k-liquid", NZSP, "end", "end"),
    ("fluid-layer", NZSP, "more", "more"),
    ("il-anode-wetting", NZSP, "same", "end"),
    ("grain-boundary-doped", NZSP, "same", "same"),
    ("mixed-conducting-interlayer", NZSP, "same", "more"),
    ("soft-gradient", NZSP, "same", "more"),
    ("na-in-anode", NZSP, "more", "more"),
]


@pytest.mark.parametrize(("overlay", "cell", "stripping", "plating"), SAYS)
def test_an_overlay_does_what_its_file_says(overlay, cell, stripping, plating):
    for bare, laid, says in zip(
        limits(cell), limits(cell, overlay), (stripping, plating), strict=True
    ):
        assert {"same": laid == bare, "more": laid > bare, "end": laid == END}[says]
