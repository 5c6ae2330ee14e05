"""Files that cannot be read, and TOML that is none."""

from __future__ import annotations

import os

import pytest

from twin.errors import SpecError
from twin.specs.tomlfile import read_toml


def problem_of(path):
    with pytest.raises(SpecError) as raised:
        read_toml(path)
    (problem,) = raised.value.problems
    assert problem.file == str(path) and problem.fix
    return problem


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a = 1\nb = = 2\n", "line 2, column 5: is not TOML: invalid value: b = = 2"),
        ("a = 1\nb = 50 um\n", "line 2, column 8: is not TOML: expected newline"),
        ('a = "open\n', "line 1, column 10: is not TOML:"),
        ("a = 1\na = 2\n", "line 2, column 6: a key or table is given twice: a = 2"),
        ("[a]\nx = 1\n[a]\ny = 1\n", "line 3, column 3: a key or table is given twice: [a]"),
        ("a = [1,\n", "line 1, column 8: is not TOML:"),
        ("a = " + 3000 * "[" + "\n", "is nested too deeply"),
        (".".join(60 * "a") + " = 1\n", "is nested too deeply"),
        ("a = " + 5000 * "9" + "\n", "xceeds the limit"),
    ],
)
def test_a_syntax_error_names_the_line(tmp_path, text, message):
    path = tmp_path / "bad.toml"
    path.write_text(text)
    assert message in problem_of(path).message


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (b"\xff\xfe\x00a", "is not UTF-8 text (byte 0)"),
        (b"title = \x80", "is not UTF-8 text (byte 8)"),
        (b"a = 1\x00", "is not TOML"),
        (b"#" * 2_000_001, "is larger than 2 MB"),
    ],
)
def test_a_file_that_is_no_text(tmp_path, raw, message):
    path = tmp_path / "bad.toml"
    path.write_bytes(raw)
    assert message in problem_of(path).message


def test_a_directory(tmp_path):
    assert problem_of(tmp_path).message == "is a directory"


def test_no_file(tmp_path):
    assert problem_of(tmp_path / "no.toml").message == "there is no such file"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_without_rights(tmp_path):
    path = tmp_path / "secret.toml"
    path.write_text("a = 1")
    path.chmod(0)
    assert "cannot be read" in problem_of(path).message


def test_a_byte_order_mark_and_windows_line_ends_are_fine(tmp_path):
    path = tmp_path / "windows.toml"
    path.write_bytes("\ufeffa = 1\r\nb = 2\r\n".encode())
    assert read_toml(path) == {"a": 1, "b": 2}


def test_a_broken_file_is_reported_through_a_load(tree):
    tree.write("materials/nvp.toml", "kind = intercalation")
    tree.edit("cells/full.toml", 'lower = "2.5 V"', 'lower = "2.5"')
    first, second = tree.problems()
    assert first.file == "materials/nvp.toml" and "line 1" in first.message
    assert second.key == "window.lower"
    tree.write("cells/full.toml", "schema = 1\nschema = 1")
    assert "given twice" in tree.problem().message


@pytest.mark.skipif(os.name != "posix", reason="names are text there")
def test_a_name_that_is_no_text_is_refused_before_it_is_stored(tmp_path):
    path = tmp_path / os.fsdecode(b"cell\xff.toml")
    path.write_text("a = 1\n")
    assert "its name is not UTF-8 text" in problem_of(path).message
    folder = tmp_path / os.fsdecode(b"cells\xff")
    folder.mkdir()
    (folder / "cell.toml").write_text("a = 1\n")
    assert read_toml(folder / "cell.toml") == {"a": 1}
