"""The numerics under other kernels of linear algebra than this processor's own.

Which ones OpenBLAS takes is the processor's; ``OPENBLAS_CORETYPE`` chooses them by hand. These
two are old enough for any of its family, so that every run of the suite tries a second kernel.
"""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
NUMERICS = ("test_ties.py", *(f"lifetime/test_{name}.py" for name in (
    "error_control", "envelope", "interpolation", "fast_state", "jump_size",
    "error_budget")))  # fmt: skip


@pytest.mark.skipif(platform.machine() != "x86_64", reason="the kernels are of x86-64")
@pytest.mark.parametrize("kernel", ["Prescott", pytest.param("Nehalem", marks=pytest.mark.slow)])
def test_the_numerics_are_green_under_another_kernel(kernel):
    files = [str(ROOT / "tests/unit" / name) for name in NUMERICS]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", *files],
        cwd=ROOT,
        env={k: v for k, v in os.environ.items() if not k.startswith("PYTEST_")}
        | {"OPENBLAS_CORETYPE": kernel},
        capture_output=True,
        text=True,
        timeout=250,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3000:]
