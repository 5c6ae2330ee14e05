"""The line on which a key stands."""

from __future__ import annotations

import pytest

from twin.specs.lines import line_of

TEXT = '''# a comment with stack.pressure = 1
title = "x"
notes = """
[stack]
pressure = 1
"""
[stack]
fixture = "rigid"
pressure = "5 MPa"  # here
[anode.material]
"odd key" = 1
inline = { value = 1, unit = "m" }
a.b.c = 2
[[phase]]
name = "one"
'''


@pytest.mark.parametrize(
    ("key", "line"),
    [
        ("stack.pressure", 9),
        ("stack", 7),
        ("stack.nothing", 7),
        ("title", 2),
        ("anode.material.inline.value", 12),
        ("anode.material.odd key", 11),
        ("anode.material.a.b.c", 13),
        ("phase.name", 15),
        ("nothing", None),
    ],
)
def test_a_key_is_found(tmp_path, key, line):
    file = tmp_path / "a.toml"
    file.write_text(TEXT)
    assert line_of(str(file), key) == line


def test_what_is_no_file_has_no_lines(tmp_path):
    assert line_of(None, "a") is line_of("a.toml", None) is None
    assert line_of(str(tmp_path / "gone.toml"), "a") is None
    other = tmp_path / "a.csv"
    other.write_text("a = 1")
    assert line_of(str(other), "a") is None
