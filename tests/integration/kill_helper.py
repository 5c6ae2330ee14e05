"""Runs a cell in a process of its own, so that a test can kill it."""

import sys

import twin

url, model, cycles = sys.argv[1:4]
twin.simulate(
    "na-nzsp-nvp",
    model=model,
    cycles=int(cycles),
    store=url,
    on_start=lambda run: print(run, flush=True),
    on_cycle=lambda p: print(p.cycle, flush=True),
)
