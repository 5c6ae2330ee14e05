"""The command line collects garbage rarely, and not at its end; a library does not."""

from __future__ import annotations

import gc
import subprocess
import sys

from twin import garbage
from twin.cli.main import main

AT_THE_END = """
import atexit, gc, sys
atexit.register(lambda: print(gc.get_freeze_count() > 0, gc.get_threshold()))
from twin.cli.main import main
sys.argv = ["twin", "--version"]
main()
"""


def test_a_process_of_its_own_leaves_without_a_last_collection():
    done = subprocess.run([sys.executable, "-c", AT_THE_END], capture_output=True, text=True)
    assert done.stdout.splitlines()[-1] == f"True {garbage.THRESHOLDS}"


def test_a_caller_keeps_its_own_thresholds(capsys):
    before = gc.get_threshold()
    main(["--version"])
    assert gc.get_threshold() == before
