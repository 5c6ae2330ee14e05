"""What a plugin returns as a kind of study or as a reader of files is looked at once."""

from types import SimpleNamespace

import pytest

from twin.modes.vetting import reader_problem, study_problem


def whole(name):
    calls = ("result", "go_on", "signature", "read")
    return SimpleNamespace(id=name, **dict.fromkeys(calls, lambda *given: None))


@pytest.mark.parametrize("problem", [study_problem, reader_problem])
def test_a_part_needs_a_name_of_its_own_and_what_is_called(problem):
    assert problem(whole("mine"), ()) is None
    assert "already" in problem(whole("mine"), ("mine",))[0]
    assert "is no" in problem(whole("My Part"), ())[0]
    assert "is no" in problem(object(), ())[0]


def test_what_is_lacking_is_named_with_who_makes_one():
    assert study_problem(SimpleNamespace(id="mine", result=print), ()) == (
        "the study 'mine' has no go_on",
        "return a twin.StudyKind",
    )
    assert reader_problem(SimpleNamespace(id="mine", read=print), ()) == (
        "the reader 'mine' has no signature",
        "return a twin.Reader",
    )
