"""Damaged content of a sound database: named by every command, and never called a bug."""

from __future__ import annotations

import itertools
import json
import random
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest

import twin
from twin.store import Store
from twin.store.tables import metadata

SEED, TIMES, AT_ONCE = 13, 120, 3
COMMANDS = ("runs", "db info", "show", "plot", "plot voltage", "export", "compare", "resume",
            "eis", "forecast", "map", "attribute")  # fmt: skip


@dataclass(frozen=True)
class Kept:
    """A database with runs and one study of each kind, and what they are called."""

    file: Path
    runs: tuple[str, str]
    forecast: str
    map: str
    attribute: str

    @property
    def studies(self) -> tuple[str, ...]:
        return self.forecast, self.map, self.attribute


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Kept:
    file = tmp_path_factory.mktemp("damage") / "runs.db"
    with Store.open(str(file)) as store:
        chosen = {"modes": ["interphase", "pressure"], "store": store}
        alive = twin.simulate("na-nzsp-na", cycles=2, series_every=1, **chosen)
        low = {"stack.pressure": "0.2 MPa", "modes.pressure.contact_limit": 0.3}
        dead = twin.simulate("na-base-na", overrides=low, **chosen)
        study = chosen | {"cell": "na-nzsp-na", "cycles": 3, "workers": 1}
        forecast = twin.forecast(**study, samples=2, seed=1)
        attribution = twin.attribute(**study)
        drawn = twin.safe_map(
            **study, x="stack.pressure=1..5 MPa,2", y="current=0.1..0.2 mA/cm^2,2",
            refine=0, lines=False,
        )  # fmt: skip
        with store.engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        return Kept(file, (alive.id, dead.id), forecast.id, drawn.id, attribution.id)


def words_of(command: str, kept: Kept, folder: Path) -> list[str]:
    alive, dead = kept.runs
    return {
        "runs": ["runs", "--limit", "500"],
        "db info": ["db", "info"],
        "show": ["show", alive],
        "plot": ["plot", dead],
        "plot voltage": ["plot", alive, "--what", "voltage"],
        "export": ["export", alive, "--to", "parquet", "--out", f"{folder}/"],
        "compare": ["compare", alive, dead],
        "resume": ["resume", alive, "--cycles", "3"],
        "eis": ["eis", "--run", alive, "--per-decade", "1"],
        "forecast": ["forecast", "na-nzsp-na", "--samples", "2", "--study", kept.forecast],
        "map": ["map", "na-nzsp-na", "--study", kept.map],
        "attribute": ["attribute", "na-nzsp-na", "--study", kept.attribute],
    }[command] + (["--workers", "1"] if command in ("forecast", "map", "attribute") else [])


# Which commands read a table at all; the others are tried with a few of its damages.
READERS = {
    "cell": ("runs", "show", "eis", "resume", "forecast"),
    "study": ("forecast", "map", "attribute"),
    "run": COMMANDS,
    "cycle": ("runs", "show", "plot", "export", "compare", "forecast", "map", "attribute"),
    "variable_set": ("runs", "show", "plot", "export", "forecast", "attribute"),
    "failure_event": ("show", "plot"),
    "series_chunk": ("plot voltage", "export", "db info"),
    "checkpoint": ("resume", "eis", "db info"),
}


def change(chance: random.Random, value: object) -> object:
    """Return something else than a stored value, of the kinds that files get damaged to."""
    if isinstance(value, str) and value[:1] in ("[", "{") and value[-1:] in ("]", "}"):
        return chance.choice([value[: len(value) // 2], "", "[]", "5", '"x"', "null", "{}",
                              _other_json(chance, value), None, b"\xff\xfe"])  # fmt: skip
    if isinstance(value, bytes):
        at = chance.randrange(max(len(value), 1))
        flipped = value[:at] + bytes([value[at] ^ 0xFF]) + value[at + 1 :] if value else b"x"
        return chance.choice([flipped, value[: len(value) // 2], b"", "text", None, 7])
    if isinstance(value, str):
        return chance.choice(["", "nosuch", b"\xff", None, 5])
    return chance.choice([None, "text", b"\xff", -1, 10**15, 1.5])


def _other_json(chance: random.Random, text: str) -> str:
    """Return the same JSON with one thing in it missing, or of another kind."""
    data = json.loads(text)
    place = data
    while isinstance(place, dict | list) and place:
        key = chance.choice(sorted(place) if isinstance(place, dict) else range(len(place)))
        inner = place[key]
        if not isinstance(inner, dict | list) or not inner or chance.random() < 0.5:
            if chance.random() < 0.5:
                del place[key]
            else:
                place[key] = chance.choice([None, "x", 5, [], {}, [1], {"a": 1}])
            break
        place = inner
    return json.dumps(data)


def corruptions() -> Iterator[tuple[int, str, str]]:
    """Yield a seed, a table and a column: every column once, then some again."""
    chance = random.Random(SEED)
    every = [(t, c.name) for t in READERS for c in metadata.tables[t].columns if t != "x"]
    chosen = every + chance.choices(every, k=max(TIMES - len(every), 0))
    for number, (table, column) in enumerate(chosen):
        yield number, table, column


def damaged(kept: Kept, file: Path, number: int, table: str, column: str) -> str:
    """Write a copy of the database with one damaged value; return what was done."""
    chance = random.Random(1000 * SEED + number)
    shutil.copy(kept.file, file)
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("PRAGMA ignore_check_constraints=ON")
        every = connection.execute(f'SELECT rowid, "{column}", * FROM "{table}"').fetchall()
        # Mostly in what the commands ask for by name.
        named = [row for row in every if {*kept.runs, *kept.studies} & set(row[2:])]
        row, before, *_ = chance.choice(named if named and chance.random() < 0.8 else every)
        for _ in range(20):
            after = change(chance, before)
            try:
                connection.execute(f'UPDATE "{table}" SET "{column}" = ? WHERE rowid = ?',
                                   (after, row))  # fmt: skip
            except sqlite3.IntegrityError:
                connection.execute("PRAGMA writable_schema=ON")
                connection.execute("UPDATE sqlite_master SET sql = replace(sql, ' NOT NULL', '')")
                continue
            return f"{table}.{column} of row {row}: {str(before)[:60]!r} -> {str(after)[:60]!r}"
    return "nothing"


def every_column_once() -> Iterator[tuple[int, str, str, str]]:
    """Yield each column's first damage, and one command that reads its table, in turn."""
    readers = {table: itertools.cycle(commands) for table, commands in READERS.items()}
    seen: set[tuple[str, str]] = set()
    for number, table, column in corruptions():
        if (table, column) not in seen:
            seen.add((table, column))
            yield number, table, column, next(readers[table])


@pytest.mark.parametrize(("number", "table", "column", "command"), every_column_once())
def test_no_damage_is_called_a_bug(cli, kept, tmp_path, number, table, column, command):
    nothing_is_called_a_bug(cli, kept, tmp_path, (number, table, column), [command])


@pytest.mark.slow
@pytest.mark.parametrize("damage", list(corruptions()), ids=lambda it: "-".join(map(str, it)))
def test_no_damage_is_called_a_bug_by_any_of_several_commands(cli, kept, tmp_path, damage):
    number, table, _ = damage
    readers = READERS[table]
    commands = random.Random(number).sample(readers, min(AT_ONCE, len(readers)))
    nothing_is_called_a_bug(cli, kept, tmp_path, damage, commands)


def nothing_is_called_a_bug(cli, kept, tmp_path, damage, commands) -> None:
    file = tmp_path / "runs.db"
    what = damaged(kept, file, *damage)
    for command in commands:
        words = words_of(command, kept, tmp_path)
        said = cli(*words, "--db", f"sqlite:///{file}")
        told = f"{what}: twin {' '.join(words)}: {said.code}\n{said.err}"
        assert "bug" not in said.err and "Traceback" not in said.err, told
        assert said.code in (0, 2, 3), told
        if said.code:
            assert "fix:" in said.err, told


@pytest.fixture
def damage(kept: Kept, tmp_path: Path) -> Callable[..., str]:
    """``damage("UPDATE …", value)``: the URL of a copy in which that was done."""

    def do(statement: str, *values: object) -> str:
        file = tmp_path / "runs.db"
        shutil.copy(kept.file, file)
        with closing(sqlite3.connect(file)) as connection, connection:
            assert connection.execute(statement, values).rowcount >= 1
        return f"sqlite:///{file}"

    return do


def test_one_damaged_run_is_listed_as_that_among_the_others(cli, kept, damage):
    url = damage("UPDATE run SET outcome = '{\"kind' WHERE id = ?", kept.runs[0])
    listed = {run["run"]: run for run in cli("runs", "--limit", 500, "--json", "--db", url).json}
    assert listed[kept.runs[0]]["status"] == "damaged"
    assert listed[kept.runs[0]]["damaged"] == {"outcome": "no JSON"}
    assert listed[kept.runs[1]]["status"] == "cell-failed"
    assert cli("show", kept.runs[1], "--db", url).code == 0
    said = cli("show", kept.runs[0], "--db", url)
    assert said.code == 2 and f"run {kept.runs[0]}: outcome is damaged" in said.err
    only = cli("runs", "--status", "damaged", "--json", "--db", url).json
    assert [run["run"] for run in only] == [kept.runs[0]]


def test_a_run_without_its_cell_is_not_lost_from_the_list(cli, kept, damage):
    url = damage("UPDATE run SET cell_hash = 'nosuch' WHERE id = ?", kept.runs[0])
    listed = {run["run"]: run for run in cli("runs", "--limit", 500, "--json", "--db", url).json}
    assert listed[kept.runs[0]]["status"] == "damaged"


def test_a_damaged_row_is_left_out_and_named(cli, kept, damage):
    url = damage("UPDATE cycle SET other_values = '{' WHERE run = ? AND number = 1", kept.runs[0])
    said = cli("show", kept.runs[0], "--json", "--db", url)
    assert said.code == 0 and said.json["cycles"] == 1
    assert said.json["damaged"] == [
        f"run {kept.runs[0]}, cycle 1: other_values is damaged (no JSON)"
    ]
    assert said.err.count("cycle 1: other_values is damaged") == 1


def test_a_damaged_series_is_left_out_and_named(cli, kept, damage, tmp_path):
    url = damage("UPDATE series_chunk SET data = x'00' WHERE run = ? AND cycle = 1", kept.runs[0])
    said = cli("export", kept.runs[0], "--to", "bdf", "--out", tmp_path / "x.csv", "--db", url)
    assert said.code == 0 and f"run {kept.runs[0]}, cycle 1: series is damaged" in said.err


@pytest.mark.parametrize("column", ["status = 'x'", "updated = 'x'", "outcome = '{'"])
def test_a_damaged_member_of_a_study_is_kept_and_lived_again(cli, kept, damage, column):
    url = damage(f"UPDATE run SET {column} WHERE study = ?", kept.attribute)
    with Store.open(url) as store:
        assert store.runs(study=kept.attribute) == []
        before = store.info()["counts"]["run"]
    words = words_of("attribute", kept, Path())
    assert cli(*words, "--db", url).code == 0
    with Store.open(url) as store:
        assert store.info()["counts"]["run"] == before + 4
        assert len(store.runs(study=kept.attribute)) == 4
    assert cli(*words, "--db", url).code == 0  # those are lived once
    with Store.open(url) as store:
        assert store.info()["counts"]["run"] == before + 4


def test_a_damaged_checkpoint_names_its_run_and_another_can_be_taken(cli, kept, damage):
    url = damage("UPDATE checkpoint SET data = x'00' WHERE run = ? AND cycle = 2", kept.runs[0])
    said = cli("resume", kept.runs[0], "--cycles", 3, "--db", url)
    assert said.code == 2 and f"run {kept.runs[0]}, cycle 2" in said.err
    assert "--from-cycle" in said.err


def test_a_mode_that_is_no_longer_installed_is_no_damage(cli, tmp_path):
    from twin.specs.dump import cell_to_data

    url = f"sqlite:///{tmp_path / 'theirs.db'}"
    own = twin.load_cell("na-nzsp-na")
    protocol, spec = twin.load_protocol(None, own).to_data(), cell_to_data(own)
    spec["modes"]["cracking"] = {"rate": "1 1/s"}
    cell = {"name": "c", "kind": "symmetric", "family": "", "title": "", "hash": "h", "spec": spec}
    settings = {"model": "dfn", "rtol": 1e-5, "atol": 1e-7, "series_every": 0}
    with Store.open(url) as store:
        run = store.start_run(
            cell=cell, protocol=protocol, settings=settings, packages={}, cycles_requested=1,
            modes={"cracking": "their-cracking 0.1.0"},
        )  # fmt: skip
        store.finish_run(run, status="completed", outcome={"kind": "completed"}, wall_s=1.0)
    said = cli("report", run, "--out", tmp_path, "--db", url)
    assert said.code == 2 and "damaged" not in said.err
    assert "'cracking' (of their-cracking 0.1.0), which no installed plugin brings" in said.err
    assert "fix: install the plugin that brings it" in said.err
