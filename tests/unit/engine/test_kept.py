"""A cell that was built once is recalled: the same numbers, or none at all."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields, replace

import numpy as np
import pytest

import twin
from twin import load_protocol, plan_of, shelf
from twin.engine import kept, prepare
from twin.engine.settings import RunSettings
from twin.model.pybamm_compat import CompiledCell
from twin.specs import steps

CELL, SMALL, DYING = "na-nzsp-nvp", "na-nzsp-na", "na-b12-na"


@pytest.fixture
def place(tmp_path, monkeypatch):
    folder = tmp_path / "kept"
    monkeypatch.setenv(shelf.ENVIRONMENT, str(folder))
    return folder


def asked(cell=CELL, modes=("pressure",), **overrides):
    spec = twin.load_cell(cell, overrides={k.replace("__", "."): v for k, v in overrides.items()})
    chosen = twin.plugin_manager().select(list(modes), (), spec.kind)
    return spec, chosen, plan_of(load_protocol(None, spec), spec)


def made(settings=None, free=None, also=(), **how):
    settings = settings or RunSettings("spm")
    return prepare.prepare(*asked(**how), settings, free=free, also=also)


def named(settings=None, free=(), also=(), **how):
    spec, modes, plan = asked(**how)
    return kept.name_of(spec, modes, plan, settings or RunSettings("spm"), free, also)


@pytest.fixture
def builds(monkeypatch):
    """What was built, each time that anything was."""
    done = []
    plain = prepare.build_model

    def build(spec, *args, **more):
        done.append(spec.name)
        return plain(spec, *args, **more)

    monkeypatch.setattr(prepare, "build_model", build)
    return done


def lived(cell=SMALL, model="dfn", cycles=1):
    run = twin.simulate(cell, cycles=cycles, model=model, store="sqlite://")
    return [{k: v for k, v in row.items() if k != "wall_s"} for row in run.rows]


def same(one, other):
    return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)


@pytest.mark.parametrize(
    ("cell", "model"),
    [
        (CELL, "spm"),
        (SMALL, "dfn"),
        pytest.param("na-ion-chayambuka2022", "spm", marks=pytest.mark.slow),
    ],
    ids=["full", "symmetric", "with tables"],
)
def test_the_same_numbers_with_and_without_to_the_last_bit(place, builds, monkeypatch, cell, model):
    first, recalled = lived(cell, model), lived(cell, model)
    cells = [path for path in place.iterdir() if b'"compiled"' in path.read_bytes()]
    assert len(builds) == 1 and len(cells) == 1  # a curve may lie beside it
    monkeypatch.setenv(shelf.ENVIRONMENT, "off")
    plain = lived(cell, model)
    assert len(builds) == 2
    assert same(first, plain) and same(recalled, plain)


def test_a_recalled_cell_is_cycled_to_its_death_without_pybamm(place, monkeypatch):
    monkeypatch.setattr(steps._remembered, "new", {})
    steps._remembered.forget()
    first = lived(DYING, cycles=20)
    steps._remembered.keep()
    script = (
        "import sys, twin\n"
        f"run = twin.simulate({DYING!r}, cycles=20, store='sqlite://')\n"
        "assert run.outcome.kind == 'cell-failed' and run.outcome.runner_up\n"
        "heavy = ['pybamm', 'sympy', 'pandas', 'xarray', 'matplotlib', 'scipy.stats']\n"
        "print(run.rows[0]['capacity_Ah'], [m for m in heavy if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == f"{first[0]['capacity_Ah']!r} []"
    steps._remembered.forget()


def test_a_recalled_cell_knows_what_the_built_one_knew(place, builds):
    first, again = (
        made(free={"Electrode height [m]": 0.01}),
        made(free={"Electrode height [m]": 0.01}),
    )
    assert len(builds) == 1
    assert again.compiled.layout == first.compiled.layout
    assert again.compiled.inputs(0, 5.0, again.inputs(None)) == first.compiled.inputs(
        0, 5.0, first.inputs(None)
    )
    assert [w.label for w in again.watched] == [w.label for w in first.watched]
    assert [w.criterion for w in again.watched] == [w.criterion for w in first.watched]
    assert again.owners == first.owners and again.free == first.free
    assert again.contributors == first.contributors and first.contributors
    # Whatever else a built cell comes to know has to be kept too.
    looked_at = {"compiled", "watched", "owners", "free", "contributors", "step_index", "recorder"}
    given = {"spec", "cell", "modes", "plan", "settings"}
    assert {field.name for field in fields(first)} == looked_at | given
    assert again.step_index == first.step_index
    assert again.recorder.observer.names == first.recorder.observer.names
    # Asked for the model itself, it is built after all.
    assert again.compiled.model.len_rhs == again.compiled.differential
    assert len(builds) == 2


def test_a_number_that_is_no_input_is_another_cell(place):
    base = named()
    assert base == named()
    others = [
        named(cathode__thickness="61 um"),
        named(modes=()),
        named(also=["Voltage [V]"]),
        named(free=["Electrode height [m]"]),
        named(settings=RunSettings("dfn")),
        named(settings=RunSettings("spm", rtol=1e-6)),
        named(settings=RunSettings("spm", mesh="crowded")),
        named(cell="hc-nzsp-nvp"),
    ]
    assert len({base, *others}) == 1 + len(others)
    # What is only stored, or said, is not.
    assert named(settings=RunSettings("spm", series_every=3)) == base


def test_another_version_or_an_edited_file_is_another_cell(place, tmp_path, monkeypatch):
    base = named()
    with monkeypatch.context() as patch:
        patch.setattr(kept, "_versions", lambda: {"pybamm": "0"})
        assert named() != base
    module = tmp_path / "package" / "__init__.py"
    module.parent.mkdir()
    module.write_text("x = 1\n")
    before = shelf.sources({"package": str(module)})
    assert shelf.sources({"package": str(module)}) == before
    os.utime(module, ns=(1, 1))
    assert shelf.sources({"package": str(module)}) != before


def test_a_mode_that_is_not_installed_is_never_kept(place):
    spec, modes, plan = asked()
    other = type(modes[0])()
    assert kept.name_of(spec, [other], plan, RunSettings("spm"), [], []) is None


@pytest.mark.parametrize(
    "damage",
    [
        lambda whole: whole[: len(whole) // 2],
        lambda whole: b"",
        lambda whole: whole.replace(b"0", b"1", 40),
        lambda whole: b"\xff" * 100,
        lambda whole: whole.partition(b"\n")[2],
    ],
    ids=["cut", "empty", "changed", "noise", "no digest"],
)
def test_a_damaged_file_is_built_again_and_written_again(place, builds, damage):
    whole = lived()
    (file,) = place.iterdir()
    good = file.read_bytes()
    file.write_bytes(damage(good))
    again = lived()
    assert same(whole, again) and len(builds) == 2
    assert file.read_bytes() == good


def test_data_of_another_form_are_built_again(place, builds):
    lived()
    (file,) = place.iterdir()
    shelf.keep(file.stem, {"compiled": {}})
    lived()
    assert len(builds) == 2


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="no users")
def test_a_place_that_cannot_be_written_is_no_error(tmp_path, monkeypatch, builds):
    blocked = tmp_path / "a file"
    blocked.write_text("")
    for where in (blocked, blocked / "below"):
        monkeypatch.setenv(shelf.ENVIRONMENT, str(where))
        lived()
    assert len(builds) == 2 and blocked.read_text() == ""


def test_a_full_disk_leaves_nothing_behind(place, monkeypatch):
    def full(self, target):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(shelf.Path, "replace", full)
    shelf.keep("a", {"x": 1})
    assert list(place.iterdir()) == [] and shelf.recall("a") is None


@pytest.mark.skipif(not hasattr(os, "getuid"), reason="no users")
def test_a_file_of_somebody_else_is_not_read(place, monkeypatch):
    shelf.keep("a", {"x": 1})
    assert shelf.recall("a") == {"x": 1}
    own = os.getuid()
    monkeypatch.setattr(os, "getuid", lambda: own + 1)
    assert shelf.recall("a") is None


def put(place, name, body, as_name=None):
    """Write a file as `keep` would, but under any name and with any content."""
    place.mkdir(exist_ok=True)
    file = place / f"{name}.built"
    file.write_bytes(shelf._signed(as_name or name, body) + b"\n" + body)
    file.chmod(0o600)
    return file


def test_what_was_kept_under_another_name_is_not_read(place):
    shelf.keep("a", {"x": 1})
    (place / "a.built").rename(place / "b.built")
    assert shelf.recall("b") is None
    put(place, "c", b'{"x": 2}')
    assert shelf.recall("c") == {"x": 2}


@pytest.mark.skipif(os.name != "posix", reason="no links")
def test_only_the_users_own_plain_file_is_read(place, tmp_path):
    good = put(place, "good", b'{"x": 1}')
    elsewhere = put(tmp_path, "elsewhere", b'{"x": 6}', "link")
    (place / "link.built").symlink_to(elsewhere)
    os.link(put(tmp_path, "other", b'{"x": 6}', "hard"), place / "hard.built")
    for name, mode in (("group", 0o620), ("all", 0o602)):
        put(place, name, b'{"x": 6}').chmod(mode)
    (place / "folder.built").mkdir()
    os.mkfifo(place / "fifo.built")  # to open it plainly would wait for ever
    for name in ("link", "hard", "group", "all", "folder", "fifo", "none"):
        assert shelf.recall(name) is None, name
        shelf.keep(name, {"x": 1})
        assert shelf.recall(name) == (None if name == "folder" else {"x": 1}), name
    assert elsewhere.read_bytes().endswith(b'{"x": 6}')  # a link is replaced, not followed
    assert good.is_file() and not list(place.glob("new-*"))


def test_a_file_larger_than_any_or_nested_without_end_is_not_read(place, monkeypatch):
    put(place, "deep", b"[" * 100_000 + b"]" * 100_000)
    put(place, "nan", b"\xff")
    large = put(place, "large", b'{"x": 1}')
    assert shelf.recall("deep") is None and shelf.recall("nan") is None
    monkeypatch.setattr(shelf, "LARGEST_BYTES", large.stat().st_size)
    assert shelf.recall("large") == {"x": 1}
    monkeypatch.setattr(shelf, "LARGEST_BYTES", large.stat().st_size - 1)
    assert shelf.recall("large") is None


def test_what_a_killed_process_left_half_written_goes(place):
    shelf.keep("a", {"x": 1})
    for name, age in (("new-old", 7200), ("new-now", 5)):
        (place / name).write_bytes(b"half")
        os.utime(place / name, (time.time() - age,) * 2)
    shelf.keep("b", {"x": 1})
    assert sorted(path.name for path in place.iterdir()) == ["a.built", "b.built", "new-now"]


def test_many_writers_leave_one_whole_file(place):
    data = {"text": "x" * 200_000}
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: shelf.keep("a", data), range(24)))
    assert [path.name for path in place.iterdir()] == ["a.built"]
    assert shelf.recall("a") == data


def test_what_is_not_used_for_longest_goes_first(place, monkeypatch):
    for n, name in enumerate("abc"):
        shelf.keep(name, {"text": name * 1000})
        os.utime(place / f"{name}.built", ns=(n, n))
    shelf.recall("a")  # used now
    monkeypatch.setattr(shelf, "LARGEST_BYTES", 3500)
    shelf.keep("d", {"text": "d" * 1000})
    assert sorted(path.stem for path in place.iterdir()) == ["a", "c", "d"]
    shelf.keep("e", {"text": "e" * 9000})  # more than all there is room for
    assert "e" not in [path.stem for path in place.iterdir()]


def test_where_it_is(monkeypatch, tmp_path):
    monkeypatch.setenv(shelf.ENVIRONMENT, "OFF")
    assert shelf.folder() is None
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv(shelf.ENVIRONMENT, "~/mine")
    assert shelf.folder() == tmp_path / "mine"
    monkeypatch.setenv(shelf.ENVIRONMENT, "")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert shelf.folder() == tmp_path / "sodium-cell-twin" / "built"
    monkeypatch.setenv("XDG_CACHE_HOME", "not/absolute")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert shelf.folder() == tmp_path / ".cache" / "sodium-cell-twin" / "built"


def test_another_current_has_the_step_of_a_plain_build(place, builds):
    spec, modes, plan = asked()
    steps = tuple(replace(s, do=s.do.replace("C/5", "C/4")) for s in plan.phases[0].steps)
    other = replace(plan, phases=(replace(plan.phases[0], steps=steps),))
    settings = RunSettings("spm")
    base = prepare.prepare(spec, modes, plan, settings)
    first = base.at(spec, {}, other)
    again = prepare.prepare(spec, modes, plan, settings).at(spec, {}, other)
    for index in range(len(base.compiled.steps)):
        user = first.inputs(None)
        assert first.compiled.inputs(index, 0.0, user) == again.compiled.inputs(index, 0.0, user)
    told = [
        built.compiled.inputs(0, 0.0, {})[first.compiled.target_name] for built in (first, base)
    ]
    assert told[0] == pytest.approx(1.25 * told[1], rel=1e-12)


def test_an_observer_of_few_states_sees_what_the_whole_one_does():
    found = made()
    names = ["Current [A]", "Voltage [V]"]
    whole = found.compiled.observer(names)
    few = whole.narrow()
    result = found.compiled.solve(0, 0.0, None, found.inputs(None))
    inputs = found.compiled.inputs(0, 0.0, found.inputs(None))
    assert isinstance(found.compiled, CompiledCell)
    assert 0 < len(few.states) < len(result.y)
    ours, theirs = few(result.t, result.y[few.states], inputs), whole(result.t, result.y, inputs)
    for name in names:
        assert np.array_equal(ours[name], theirs[name])
    given, middle = few.given(inputs), (result.t[1:] + result.t[:-1]) / 2
    assert np.array_equal(few.looked(result, given), list(theirs.values()))
    between = whole.table(middle, result.at(middle), given)
    assert np.array_equal(few.looked(result, given, middle), between)
