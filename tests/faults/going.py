"""A run, a life or a forecast, in a process that a test can kill; begun, or gone on with."""

import json
import sys

import twin

CELL = "na-nzsp-nvp"


def tell(**what):
    print(json.dumps(what), flush=True)


def main() -> None:
    url, kind, which = sys.argv[1:4]
    told = {"on_start": lambda run: tell(id=run), "on_cycle": lambda p: tell(cycle=p.cycle)}
    if kind == "forecast":
        asked = {"store": url, "workers": 1, "on_start": lambda study: tell(id=study)}
        member = lambda done: tell(member=str(done.lived.name))  # noqa: E731
        if which == "-":
            twin.forecast(
                "na-nzsp-na", cycles=40, samples=8, seed=3, modes=["pressure"], on_member=member,
                **asked,
            )  # fmt: skip
        else:
            twin.continue_study(which, on_life=member, **asked)
    elif which == "-":
        way = twin.simulate if kind == "run" else twin.life
        way(CELL, model="spm", cycles=40 if kind == "run" else 400, store=url, **told)
    else:
        twin.resume(which, store=url, **told)
    tell(done=True)


if __name__ == "__main__":
    main()
