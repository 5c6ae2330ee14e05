"""Finding TOML files by name."""

from __future__ import annotations

import pytest

from twin.errors import NotFoundError
from twin.specs.library import Library


def test_names_are_the_file_stems_sorted(tree):
    tree.write("overlays/b.toml", "")
    tree.write("overlays/a.toml", "")
    tree.write("overlays/notes.txt", "")
    assert tree.library.names("cells") == ["full", "symmetric"]
    assert tree.library.names("overlays") == ["a", "b"]
    assert tree.library.names("protocols") == []


def test_an_unknown_name_lists_the_known_ones_and_the_nearest(tree):
    with pytest.raises(NotFoundError) as raised:
        tree.library.path("materials", "NASICON_")
    assert raised.value.problem.fix == "did you mean 'nasicon'?"
    assert "known: nasicon, nvp, sodium" in raised.value.problem.message
    with pytest.raises(NotFoundError, match="known: none") as raised:
        tree.library.path("overlays", "x")
    assert "the path of an overlay file" in raised.value.problem.fix


def test_a_name_cannot_leave_the_library(tree):
    for name in ("../cells/full", "/etc/passwd", "..", ""):
        with pytest.raises(NotFoundError):
            tree.library.path("materials", name)


def test_the_first_directory_wins_and_the_other_is_reported(tree, tmp_path):
    second = tmp_path / "second"
    (second / "cells").mkdir(parents=True)
    (second / "cells" / "full.toml").write_text("")
    library = Library([tmp_path, second])
    assert library.path("cells", "full") == tmp_path / "cells" / "full.toml"
    (problem,) = library.problems
    assert problem.file == str(second / "cells" / "full.toml")
    assert "already defined" in problem.message and problem.fix


def test_the_same_directory_twice_is_no_duplicate(tmp_path, tree):
    assert Library([tmp_path, tmp_path]).problems == []


def test_a_directory_that_is_not_there_is_reported(tmp_path):
    library = Library([tmp_path / "gone"])
    assert library.problems[0].file == str(tmp_path / "gone")


def test_text_with_a_slash_or_toml_is_a_path(tree, monkeypatch):
    monkeypatch.chdir(tree.root / "cells")
    assert tree.load("full.toml").name == "full"
    assert tree.load("./full.toml").name == "full"
    assert tree.load(str(tree.root / "cells" / "full.toml")).name == "full"
