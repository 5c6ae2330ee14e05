"""Loading plugins one by one: what is broken is reported and skipped, the rest works."""

from __future__ import annotations

import logging
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import twin
from twin.errors import NotFoundError, PluginError
from twin.modes.hookspecs import hookimpl
from twin.modes.manager import PluginManager

GOOD = "good"


@pytest.mark.parametrize(
    "error", [ImportError("no module"), RuntimeError("boom"), SystemExit(3), SyntaxError("bad")]
)
def test_a_plugin_that_cannot_be_imported_is_skipped(manager, brings, mode, info, error, caplog):
    caplog.set_level(logging.WARNING, "twin.plugins")
    loaded = manager(broken=error, good=brings(mode("a")))
    assert list(loaded.modes) == ["a"]
    assert type(error).__name__ in info(loaded, "broken").problem
    assert info(loaded, GOOD).problem is None
    assert "broken" in caplog.text


def test_ctrl_c_while_importing_is_obeyed(manager):
    with pytest.raises(KeyboardInterrupt):
        manager(slow=KeyboardInterrupt())


def test_of_two_plugins_with_one_name_the_second_is_reported(entry, brings, mode, distribution):
    first = entry("same", brings(mode("a")), distribution("aaa"))
    second = entry("same", brings(mode("b")), distribution("bbb"))
    for order in ([first, second], [second, first]):
        loaded = PluginManager(order)
        assert list(loaded.modes) == ["a"]
        kept, skipped = loaded.plugins
        assert (kept.distribution, kept.modes, kept.problem) == ("aaa", ("a",), None)
        assert (skipped.distribution, skipped.modes) == ("bbb", ())
        assert "'same'" in skipped.problem


def test_one_object_under_two_names_is_loaded_once(manager, brings, mode, info):
    plugin = brings(mode("a"))
    loaded = manager(one=plugin, other=plugin)
    assert list(loaded.modes) == ["a"]
    assert info(loaded, "one").problem is None and info(loaded, "other").problem


def test_an_unknown_hook_is_refused_with_the_one_meant(manager, brings, mode, info):
    class Misspelt:
        @hookimpl
        def twin_failure_mode(self):
            return []

        @hookimpl
        def twin_cell_specs(self):
            raise AssertionError("a plugin that was refused is never called")

    loaded = manager(misspelt=Misspelt(), good=brings(mode("a")))
    assert "twin_failure_mode" in info(loaded, "misspelt").problem
    assert [p.fix for p in loaded.problems] == ["did you mean 'twin_failure_modes'?"]
    assert list(loaded.modes) == ["a"] and loaded.spec_directories == []


def test_a_hook_with_an_argument_the_twin_does_not_pass_is_refused(manager, info):
    class Greedy:
        @hookimpl
        def twin_cycle_finished(self, run, row, solver):
            raise AssertionError

    loaded = manager(greedy=Greedy())
    assert "solver" in info(loaded, "greedy").problem
    assert not loaded.has_observers("twin_cycle_finished")


def test_a_hook_may_take_fewer_arguments(manager, info):
    heard = []

    class Modest:
        @hookimpl
        def twin_cycle_finished(self, run):
            heard.append(run)

    loaded = manager(modest=Modest())
    loaded.observe("twin_cycle_finished", run="r1", row={})
    assert heard == ["r1"] and info(loaded, "modest").problem is None


def test_hook_wrappers_are_refused(manager, info):
    class Wrapper:
        @hookimpl(wrapper=True)
        def twin_failure_modes(self):
            return (yield)

    assert "wrapper" in info(manager(wraps=Wrapper()), "wraps").problem


def test_a_forgotten_decorator_is_noticed(manager, info):
    plugin = SimpleNamespace(twin_failure_modes=lambda: [])
    loaded = manager(forgot=plugin, empty=SimpleNamespace())
    assert "twin_failure_modes is not marked" in info(loaded, "forgot").problem
    assert "implements none" in info(loaded, "empty").problem
    assert "hookimpl" in loaded.problems[1].fix


def raising():
    yield from ()
    raise ValueError("half way")


@pytest.mark.parametrize(
    "behave",
    [
        lambda: 1 / 0,
        raising,
        lambda: 7,
        lambda: "interphase",
        lambda: (_ for _ in ()).throw(SystemExit(1)),
    ],
    ids=["raises", "generator raises", "no list", "text", "exits"],
)
@pytest.mark.parametrize("hook", ["twin_failure_modes", "twin_cell_specs"])
def test_a_hook_that_fails_takes_only_its_own_plugin_down(
    manager, brings, mode, info, tmp_path, hook, behave
):
    (tmp_path / "cells").mkdir()
    broken = type("Broken", (), {hook: hookimpl(lambda self: behave())})()
    specs = type("Specs", (), {"twin_cell_specs": hookimpl(lambda self: [tmp_path])})()
    loaded = manager(broken=broken, good=brings(mode("a")), specs=specs)
    assert list(loaded.modes) == ["a"]
    assert loaded.spec_directories == [tmp_path]
    assert hook in info(loaded, "broken").problem


@pytest.mark.parametrize("nothing", [None, (), iter(())])
def test_a_hook_may_bring_nothing(manager, info, nothing):
    plugin = type("Quiet", (), {"twin_failure_modes": hookimpl(lambda self: nothing)})()
    loaded = manager(quiet=plugin)
    assert loaded.modes == {} and info(loaded, "quiet").problem is None


@pytest.mark.parametrize(
    "bad_id",
    ["", "two words", "Upper", "a.b", "1st", "a/b", "-a", None, 7, "core", "stack", "anode"],
)
def test_a_mode_needs_an_id_of_its_own(manager, brings, mode, info, bad_id):
    loaded = manager(odd=brings(mode(bad_id), mode("fine")))
    assert list(loaded.modes) == ["fine"]
    problem = info(loaded, "odd")
    assert repr(bad_id) in problem.problem and problem.modes == ("fine",)


def test_what_is_no_mode_is_reported(manager, brings, mode, info):
    class Forgotten(twin.FailureMode):
        id = "forgotten"

    loaded = manager(odd=brings("interphase", Forgotten, mode("fine")))
    assert list(loaded.modes) == ["fine"]
    assert "return Forgotten()" in [p.fix for p in loaded.problems]
    assert "'interphase' is no FailureMode" in info(loaded, "odd").problem


def test_of_two_modes_with_one_id_the_second_is_reported(manager, brings, mode, info):
    loaded = manager(aaa=brings(mode("same", title="first")), bbb=brings(mode("same")))
    assert loaded.modes["same"].title == "first"
    assert loaded.modes["same"].provider == "aaa"
    assert "'same' is already provided by 'aaa'" in info(loaded, "bbb").problem
    assert info(loaded, "bbb").modes == ()


OWN = "sodium-cell-twin"


def test_the_twins_own_names_are_reserved(entry, brings, mode, distribution, caplog):
    own = entry("dendrite", brings(mode("dendrite", title="own")), distribution(OWN))
    namesake = entry("dendrite", object(), distribution("aaa"))
    taker = entry("aaa", brings(mode("dendrite", title="taken"), mode("rust")), distribution("aaa"))
    for order in ([own, namesake, taker], [taker, namesake, own]):
        loaded = PluginManager(order)
        assert loaded.modes["dendrite"].title == "own" and loaded.missing() == []
        assert sorted(loaded.modes) == ["dendrite", "rust"]
        told = {p.file: p.message for p in loaded.problems}
        assert "the name 'dendrite' is the twin's own" in told["plugin dendrite"]
        assert "the id 'dendrite' is the twin's own mode's" in told["plugin aaa"]


def test_nobody_stands_in_for_one_of_the_twins_own_that_is_missing(
    entry, brings, mode, distribution
):
    gone = entry("dendrite", ImportError("no"), distribution(OWN))
    namesake = entry("dendrite", brings(mode("dendrite")), distribution("bbb"))
    taker = entry("aaa", brings(mode("dendrite"), mode("rust")), distribution("aaa"))
    others = [entry(name, ImportError("no"), distribution(OWN)) for name in ("cells", "tui")]
    loaded = PluginManager([gone, namesake, taker, *others])
    assert sorted(loaded.modes) == ["rust"]
    assert loaded.missing() == ["dendrite"] and loaded.missing(["dendrite"]) == []


def test_what_a_plugin_prints_goes_to_stderr(entry, brings, mode, capsys):
    class Talks:
        name = "talks"
        dist = None

        def load(self):
            print("on import")
            return self

        @hookimpl
        def twin_failure_modes(self):
            print("in a hook")
            yield mode("rust")

    assert list(PluginManager([Talks()]).modes) == ["rust"]
    told = capsys.readouterr()
    assert told.out == "" and told.err == "on import\nin a hook\n"


@settings(deadline=None)
@given(order=st.permutations(["d", "a", "c-2", "b", "c"]))
def test_modes_come_in_the_order_of_their_ids(manager, brings, mode, order):
    loaded = manager(**{f"p{k}": brings(mode(i)) for k, i in enumerate(order)})
    assert list(loaded.modes) == sorted(order)
    assert [m.id for m in loaded.select()] == sorted(order)


def test_registering_by_hand_is_all_or_nothing(manager, brings, mode):
    loaded = manager(one=brings(mode("a")))
    assert list(loaded.modes) == ["a"]
    loaded.register(brings(mode("b")), "two")
    assert list(loaded.modes) == ["a", "b"]
    with pytest.raises(PluginError, match="two"):
        loaded.register(brings(mode("c")), "two")
    assert list(loaded.modes) == ["a", "b"]


class TestSelection:
    @pytest.fixture
    def modes(self, manager, brings, mode):
        return manager(
            one=brings(mode("voids"), mode("cracks", kinds=("full",))),
            two=brings(mode("alloying"), mode("bubbles", kinds=("symmetric",))),
        )

    @staticmethod
    def ids(found):
        return [m.id for m in found]

    def test_all_that_fit_the_cell(self, modes):
        assert self.ids(modes.select(kind="full")) == ["alloying", "cracks", "voids"]
        assert self.ids(modes.select(kind="symmetric")) == ["alloying", "bubbles", "voids"]

    def test_only(self, modes):
        assert self.ids(modes.select(["voids", "alloying"])) == ["alloying", "voids"]
        assert self.ids(modes.select(iter(["voids"]))) == ["voids"]
        assert self.ids(modes.select("voids")) == ["voids"]
        assert modes.select([]) == []

    def test_without(self, modes):
        assert self.ids(modes.select(without=["voids"])) == ["alloying", "cracks"]
        assert self.ids(modes.select(["voids", "cracks"], ["voids"])) == ["cracks"]

    @pytest.mark.parametrize("where", ["only", "without"])
    def test_a_near_miss_is_named(self, modes, where):
        with pytest.raises(NotFoundError) as caught:
            modes.select(**{where: ["void"]})
        assert caught.value.problem.fix == "did you mean 'voids'?"
        assert caught.value.problem.key == "modes"

    def test_a_far_miss_lists_what_is_there(self, modes):
        with pytest.raises(NotFoundError) as caught:
            modes.select(["zzz"])
        assert "alloying, bubbles, cracks, voids" in caught.value.problem.fix

    def test_a_mode_named_for_a_cell_it_cannot_act_on(self, modes):
        with pytest.raises(PluginError) as caught:
            modes.select(["cracks"], kind="symmetric")
        assert "cracks" in str(caught.value) and "symmetric" in str(caught.value)
        assert "--without cracks" in caught.value.problem.fix
        # Left out by name, it does not matter.
        assert modes.select(["cracks"], ["cracks"], kind="symmetric") == []

    def test_a_mode_that_was_refused_says_why(self, manager, brings, mode):
        broken = mode("rust", defaults=lambda self: 1 / 0)
        with pytest.raises(NotFoundError) as caught:
            manager(one=brings(broken)).select(["rust"])
        assert "ZeroDivisionError" in str(caught.value)
        assert "doctor" in caught.value.problem.fix


def test_the_installed_plugins_are_all_well():
    loaded = PluginManager()
    assert loaded.doctor() == []
    assert {i.name for i in loaded.plugins} >= {"cells", "interphase", "pressure"}
    assert {i.distribution for i in loaded.plugins if i.name == "cells"} == {"sodium-cell-twin"}
    assert all(isinstance(d, Path) and d.is_dir() for d in loaded.spec_directories)
