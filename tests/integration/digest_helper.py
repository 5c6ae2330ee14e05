"""Does some things to stores in a process of its own, and prints what all their numbers come to.

Each line of its input is one thing: ``[URL, VERB, {NAME: VALUE, …}]``, where the verb is a
function of ``twin`` and the names are its arguments. Printed for each is the id, and a digest
of every stored row. An id of ``null`` stands for the newest run or study in that store.
"""

import hashlib
import json
import sys

import twin
from twin.store import Store

STUDIES = ("forecast", "attribute", "safe_map")


def digest(store: Store, run_ids: list[str]) -> str:
    """Return a hash of all rows and states of some runs, but for the time they took."""
    told = hashlib.sha256()
    for run_id in run_ids:
        for row in store.cycles(run_id):
            told.update(json.dumps({k: v for k, v in row.items() if k != "wall_s"}).encode())
        told.update(json.dumps(store.run(run_id).settings.get("member")).encode())
    return told.hexdigest()


def do(url: str, verb: str, asked: dict) -> None:
    """Do one thing, and print what it came to."""
    subject = asked.pop("of")
    with Store.open(url) as store:
        if subject is None:
            (subject,) = (run.id for run in store.runs())
        if "study" in asked:
            (asked["study"],) = (study.id for study in store.studies())
        result = getattr(twin, verb)(subject, store=store, **asked)
        if verb in STUDIES:
            members = store.runs(study=result.id)
            runs = [r.id for r in sorted(members, key=lambda r: str(r.settings["member"]))]
        else:
            runs = [result.id]
        print(result.id, digest(store, runs))


if __name__ == "__main__":
    for line in sys.stdin:
        do(*json.loads(line))
