"""What tests of whole processes share: the cells that one of them has built."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture(scope="module", autouse=True)
def built_cells(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Path]:
    """The folder of built cells that all processes of these tests keep theirs in.

    A module with ``BUILDS_ANEW = True`` looks at how cells are built, so it recalls none.
    """
    folder = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:  # one for all workers
        folder = folder.parent
    kept = folder / "built-cells"
    kept.mkdir(mode=0o700, exist_ok=True)
    with pytest.MonkeyPatch.context() as patch:
        if not getattr(request.module, "BUILDS_ANEW", False):
            patch.setenv("TWIN_CACHE", str(kept))
        yield kept
