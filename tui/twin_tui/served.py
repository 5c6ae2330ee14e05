"""The bench as textual-serve starts it for a visitor: ``python -m twin_tui.served``.

Its database is that of the environment: a command line is no place for a password.
"""

from __future__ import annotations

from twin_tui.app import Bench

if __name__ == "__main__":
    Bench(None).run()
