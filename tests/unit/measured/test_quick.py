"""Nothing of measured data slows what has no use for it; a long file takes bounded memory."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = ["pyarrow", "polars", "fastnda", "galvani", "pandas", "numpy", "pint", "sqlmodel"]


@pytest.mark.parametrize(
    "code",
    [
        "import twin",
        "import twin.cli.app; twin.cli.app.core_app()",
        "import twin.cli.measuring",
        "import twin; twin.plugin_manager().plugins",
    ],
)
def test_nothing_heavy_is_imported(code):
    code = f"import sys; {code}; print([m for m in {HEAVY!r} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.slow
def test_a_long_file_takes_less_memory_than_it_is_long(tmp_path):
    """300 MB of text in less than 450 MB, most of which are the libraries'."""
    path = tmp_path / "long.csv"
    block = "".join(f"{n},{3 + (n % 997) / 1e4:.6f},{1.0 if n % 200 < 100 else -1.0:.6f},1,25.00\n"
                    for n in range(100_000, 200_000))  # fmt: skip
    with path.open("w") as file:
        file.write("Test_Time(s),Voltage(V),Current(A),Step_Index,Temperature(C)\n")
        for _ in range(300 * 1_000_000 // len(block)):
            file.write(block)
    code = (
        "import resource, sys, twin; from twin.store import Store\n"
        "with Store.open(sys.argv[2]) as store:\n"
        "    rows = twin.import_file(sys.argv[1], store=store).info.rows\n"
        "print(rows, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"
    )
    arguments = [sys.executable, "-c", code, path, tmp_path / "x.db"]
    done = subprocess.run(arguments, capture_output=True, text=True, check=True)
    rows, peak_kB = map(int, done.stdout.split())
    assert rows > 5_000_000
    assert peak_kB < 450_000
