"""What a step does, as PyBaMM reads it: the same when it is remembered as when it is read."""

from __future__ import annotations

import pybamm
import pytest

from twin import shelf
from twin.specs import steps
from twin.specs.drive import read_drive
from twin.specs.protocol_limits import contradiction, too_much
from twin.specs.steps import Step, known_step, read_step

TEXTS = [
    "Charge at C/5 until 3.9 V",
    "Discharge at 1 A for 2 hours or until 2.5 V",
    "Discharge at C/4 until 20 % SOC",
    "Charge at 1 A for 2 hours or until 80 % SOC or 3.9 V",
    "Hold at 3.9 V until C/50",
    "Hold at 0 V for 10 minutes",
    "Charge at 2 W until 3.9 V",
    "Rest for 600 seconds",
    "Rest for 1 hour",
]


@pytest.fixture(autouse=True)
def place(tmp_path, monkeypatch):
    monkeypatch.setenv(shelf.ENVIRONMENT, str(tmp_path))
    monkeypatch.setattr(steps._remembered, "new", {})
    monkeypatch.setattr("twin.remembered.atexit.register", lambda work: None)
    steps._remembered.forget()
    yield tmp_path
    monkeypatch.undo()
    steps._remembered.forget()


def kept_and_forgotten():
    steps._remembered.keep()
    steps._remembered.new.clear()
    steps._remembered.forget()


def never(*_, **__):
    raise AssertionError("PyBaMM was asked")


@pytest.mark.parametrize("text", TEXTS)
def test_a_remembered_step_is_the_one_that_was_read(text, monkeypatch):
    read = known_step(text, temperature=300.0)
    kept_and_forgotten()
    with monkeypatch.context() as patch:
        patch.setattr(steps, "read_step", never)
        again = known_step(text, temperature=300.0)
        assert again == read and "pybamms" not in vars(again)
        assert (again.voltages, again.shares) == (read.voltages, read.shares)
    assert again.pybamms == read.pybamms  # made when it is asked for
    assert again.pybamms.temperature == 300.0


@pytest.mark.parametrize("text", TEXTS)
def test_it_says_what_pybamms_own_step_says(text):
    step, made = known_step(text), read_step(text)
    assert (step.sort, step.value, step.duration) == (
        type(made).__name__, made.value, made.duration,
    )  # fmt: skip
    assert step.direction == str(made.direction or "").lower()
    assert step.uses_default_duration == made.uses_default_duration
    assert [end.value for end in step.ends] == [end.value for end in made.termination]
    held = [made.value] if isinstance(made, pybamm.step.Voltage) else []
    kinds = pybamm.step.VoltageTermination
    ends = [end.value for end in made.termination if isinstance(end, kinds)]
    assert step.voltages == [*ends, *held]


def test_states_of_charge_keep_their_side():
    for text, side in (
        ("Discharge at 1 A until 20 % SOC", "<"),
        ("Charge at 1 A until 90 % SOC", ">"),
    ):
        known_step(text)
        kept_and_forgotten()
        (end,) = known_step(text).shares
        assert end.side == side


@pytest.mark.parametrize(
    "facts",
    [
        None, [], ["Current", -1.0], ["Current", "1", 3600.0, False, "charge", []],
        ["Current", 1.0, 3600.0, False, "charge", [["VoltageTermination", "3", None]]],
        ["Current", 1.0, 3600.0, False, "charge", [["VoltageTermination", 3.0, "="]]],
        ["Current", 1.0, 3600.0, "no", "charge", []],
    ],
)  # fmt: skip
def test_what_has_another_form_is_read_anew(facts):
    text = TEXTS[0]
    shelf.keep(steps._read_with(), {"steps": {text: facts}})
    step, made = known_step(text), Step.of(read_step(text))
    assert (step.sort, step.value, step.ends) == (made.sort, made.value, made.ends)
    assert (step.direction, step.duration) == ("charge", made.duration)


def test_a_drive_cycle_is_read_each_time_and_never_remembered(tmp_path):
    path = tmp_path / "trip.csv"
    path.write_text("Time [s],Current [A]\n0,1\n1,1\n2,3\n")
    step = known_step("Drive trip.csv", drive=read_drive(path))
    assert step.value is None and step.duration == 2 and not steps._remembered.new


def test_what_is_no_step_is_refused_each_time():
    for _ in range(2):
        with pytest.raises(ValueError, match=r"\w"):
            known_step("Fly to the moon")
    assert not steps._remembered.new


def test_another_pybamm_reads_anew(monkeypatch):
    known_step(TEXTS[0])
    kept_and_forgotten()
    monkeypatch.setattr(steps, "version", lambda name: "0")
    assert steps._remembered.get(TEXTS[0]) is None


def test_limits_are_the_same_for_a_remembered_step(tmp_path):
    from twin import load_cell

    spec = load_cell("na-nzsp-nvp")
    known_step("Charge at 1 A until 9 V")
    kept_and_forgotten()
    step = known_step("Charge at 1 A until 9 V")
    assert "above the window" in contradiction(step, step.text, spec)[0]
    assert too_much(known_step("Rest for 10000 hours"), 1.0) is not None
