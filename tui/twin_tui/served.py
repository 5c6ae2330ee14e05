"""The bench as textual-serve starts it for a visitor: ``python -m twin_tui.served [URL]``."""

from __future__ import annotations

import sys

from twin_tui.app import Bench

if __name__ == "__main__":
    Bench(sys.argv[1] if len(sys.argv) > 1 else None).run()
