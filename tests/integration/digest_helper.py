"""Does one thing to a store in a process of its own, and prints what all its numbers come to.

``digest_helper.py URL VERB NAME=JSON …``: the verb is a function of ``twin``, and the names
are its arguments; printed is the id, and a digest of every stored row.
"""

import hashlib
import json
import sys

import twin
from twin.store import Store


def digest(store: Store, run_ids: list[str]) -> str:
    """Return a hash of all rows and states of some runs, but for the time they took."""
    told = hashlib.sha256()
    for run_id in run_ids:
        for row in store.cycles(run_id):
            told.update(json.dumps({k: v for k, v in row.items() if k != "wall_s"}).encode())
        told.update(json.dumps(store.run(run_id).settings.get("member")).encode())
    return told.hexdigest()


def main() -> None:
    url, verb, *given = sys.argv[1:]
    asked = {name: json.loads(text) for name, _, text in (word.partition("=") for word in given)}
    subject = asked.pop("of")
    with Store.open(url) as store:
        result = getattr(twin, verb)(subject, store=store, **asked)
        if verb in ("forecast", "attribute", "safe_map"):
            members = store.runs(study=result.id)
            runs = [r.id for r in sorted(members, key=lambda r: str(r.settings["member"]))]
        else:
            runs = [result.id]
        print(result.id, digest(store, runs))


if __name__ == "__main__":
    main()
