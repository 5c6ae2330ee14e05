from __future__ import annotations

import twin
from twin.report.notebook import study_html


def test_a_run_shows_how_it_ended_and_its_first_and_last_cycle(dead):
    shown = dead._repr_html_()
    assert f"run {dead.id}: died in cycle 2 of pressure" in shown and dead.outcome.says in shown
    assert "<th>first</th>" in shown and "<td>Ω cm²</td>" in shown


def test_a_run_draws_itself(dead, tmp_path):
    figure = dead.plot(tmp_path / "a.svg", what="margins")
    assert len(figure.axes) == 1 and (tmp_path / "a.svg").read_bytes().startswith(b"<?xml")


def test_a_runs_variable_is_read_as_pybamms_solutions_is(dead):
    volts = dead["Voltage [V]"]
    assert volts.sizes == dead.series["Voltage [V]"].sizes and "Time [s]" in volts.coords


def test_a_study_shows_its_plain_numbers_escaped():
    shown = study_html("Forecast", "abcd", {"cell": "<b>", "median_life": 58, "incidence": {}})
    assert "&lt;b&gt;, Forecast abcd" in shown and "<td>median life</td><td>58</td>" in shown
    assert "incidence" not in shown


def test_every_study_of_ours_shows_itself():
    for kind in twin.study_kinds().values():
        assert hasattr(kind.result if isinstance(kind.result, type) else twin.Forecast,
                       "_repr_html_")  # fmt: skip
