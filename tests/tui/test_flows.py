"""Each flow of the bench, driven by keys as a user drives it."""

from __future__ import annotations

import os
import signal
import sqlite3
import tomllib

import pytest
from textual.widgets import DataTable, Input, OptionList, TextArea
from twin_tui.app import Bench
from twin_tui.runs.conditions import FIELDS
from twin_tui.runs.scenario import Scenario
from twin_tui.runs.task import Task
from twin_tui.screens.base import NAMES, fitting
from twin_tui.settings import State

import twin


def table(pilot, name: str) -> list[list[str]]:
    found = pilot.screen.query_one(name, DataTable)
    return [[str(cell) for cell in found.get_row(key)] for key in found.rows]


# ------------------------------------------------------------------------------ cells


def test_a_cell_is_searched_looked_at_and_used(bench, drive):
    async def flow(pilot):
        await pilot.sees("beta-alumina", "nasicon")  # families
        await pilot.press("slash", *"nasicon nvp", "enter")
        options = pilot.screen.query_one(OptionList)
        await pilot.until(lambda: options.option_count == 2, "one family with one cell")
        await pilot.sees("to scale", "▓", "░", "◌ assumed", "numbers are not measured")
        await pilot.press("u")
        await pilot.until(lambda: pilot.screen.KEY == "scenario", "the Scenario screen")
        await pilot.sees("twin run na-nzsp-nvp")

    drive(bench(), flow)


def test_a_copy_is_edited_with_live_checks_and_saved(bench, drive, settings):
    async def flow(pilot):
        await pilot.sees("to scale")
        await pilot.press("e")
        await pilot.sees("Enter: edit it")
        await pilot.press("slash", *"stack.pressure", "enter")
        await pilot.sees("stack.pressure [Pa]")
        value = pilot.screen.query_one("#value", Input)
        await pilot.press("enter")
        value.value = "3 mm"
        await pilot.sees("✗", "fix:")  # the error stands beside the field
        assert pilot.screen.wrong
        await pilot.press("f6")
        await pilot.hears("correct what is marked")
        value.value = "3 MPa"
        await pilot.sees("✓ fits; 1 changed")
        await pilot.press("f6")
        pilot.screen.query_one("#name", Input).value = "mine"
        await pilot.press("enter")
        await pilot.sees("your own", "mine")

    drive(bench(cell="na-base-nvp"), flow)
    path = settings.cells_folder / "mine.toml"
    pressure = tomllib.loads(path.read_text())["stack"]["pressure"]
    assert pressure == {"value": "3 MPa", "status": "assumed", "source": "set by hand"}
    assert twin.load_cell(path).stack.pressure.si == 3e6


def test_a_change_is_taken_back(bench, drive):
    async def flow(pilot):
        await pilot.sees("to scale")
        await pilot.press("e")
        await pilot.sees("Enter: edit it")
        await pilot.press("slash", *"stack.pressure", "enter", "enter")
        pilot.screen.query_one("#value", Input).value = "7 MPa"
        await pilot.sees("1 changed")
        await pilot.press("enter", "delete")
        await pilot.until(lambda: not pilot.screen.changes, "no changes")

    drive(bench(cell="na-base-nvp"), flow)


# --------------------------------------------------------------------------- scenario


def test_a_scenario_shows_what_differs_and_the_equal_command(bench, drive):
    async def flow(pilot):
        await pilot.sees("Differs from the cell", "in nothing")
        pilot.screen.query_one("#overrides", TextArea).text = "stack.pressure = 10 MPa"
        await pilot.sees("≠ stack.pressure: 5 MPa → 10 MPa")
        await pilot.sees("twin run na-nzsp-nvp --cycles 40 --set 'stack.pressure=10 MPa'")
        await pilot.sees("by 2 stored runs")  # 2 s for 7 and for 5 cycles
        assert "about 16.0 s" in pilot.text() or "about 11.4 s" in pilot.text()

    scenario = Scenario(cell="na-nzsp-nvp", cycles=40, model="spm")
    drive(bench(screen="scenario", scenario=scenario), flow, (140, 50))


def test_a_wrong_scenario_is_not_started(bench, drive):
    async def flow(pilot):
        await pilot.sees("in nothing")
        pilot.screen.query_one("#overrides", TextArea).text = "stack.presure = 10 MPa"
        await pilot.sees("✗ stack.presure", "did you mean stack.pressure")
        await pilot.press("f5")
        await pilot.hears("there is something wrong")
        pilot.screen.query_one("#overrides", TextArea).text = "stack.pressure"
        await pilot.sees("has no value")
        await pilot.press("f5")
        assert pilot.app.run_queue.tasks == []

    scenario = Scenario(cell="na-nzsp-nvp")
    drive(bench(screen="scenario", scenario=scenario), flow, (140, 50))


def test_a_scenario_is_saved_and_opened_again(bench, drive, settings):
    async def flow(pilot):
        await pilot.sees("in nothing")
        pilot.screen.query_one("#overlays").focus()
        await pilot.press("space")
        overlay = pilot.screen.query_one("#overlays").names[0]
        await pilot.sees(f"[x] {overlay}", f"--with {overlay}")
        await pilot.press("f6")
        pilot.screen.query_one("#name", Input).value = "pressed"
        await pilot.press("enter")
        await pilot.hears("saved")
        pilot.screen.query_one("#overlays").focus()
        await pilot.press("space")
        await pilot.sees(f"[ ] {overlay}", "in nothing")
        await pilot.press("f7")
        await pilot.sees("pressed: na-nzsp-nvp")
        await pilot.press("enter")
        await pilot.sees(f"[x] {overlay}")
        saved = Scenario.read(settings.scenarios_folder / "pressed.toml")
        assert saved.overlays == [overlay]

    scenario = Scenario(cell="na-nzsp-nvp")
    drive(bench(screen="scenario", scenario=scenario), flow, (140, 50))


def test_conditions_have_fields_with_units(bench, drive):
    async def flow(pilot):
        await pilot.until(lambda: not pilot.screen.query_one("#rate").disabled, "the fields")
        field = {f: pilot.screen.query_one(f"#{f}", Input) for f in FIELDS}
        now = {name: box.placeholder for name, box in field.items()}
        assert now == {
            "rate": "C/5",
            "temperature": "25 °C",
            "pressure": "5 MPa",
            "thickness": "0.5 mm",
        }
        field["pressure"].value = "10"
        field["rate"].value = "C/2"
        await pilot.sees("stack.pressure=10 MPa", "protocol.rate=C/2", "(0.5C, ")
        field["temperature"].value = "60 MPa"
        await pilot.sees("✗ thermal.ambient", "fix:")
        field["temperature"].value = ""
        await pilot.sees("stack.pressure=10 MPa")
        # What a field holds stands there again when the scenario is shown again.
        await pilot.press("escape", "1", "2")
        await pilot.until(lambda: field["pressure"].value == "10 MPa", "the field")
        assert pilot.screen.query_one("#overrides", TextArea).text == ""

    scenario = Scenario(cell="na-nzsp-nvp")
    drive(bench(screen="scenario", scenario=scenario), flow, (140, 50))


def test_keys_are_found_by_their_letters_and_written(bench, drive):
    async def flow(pilot):
        await pilot.until(lambda: pilot.screen.keys, "the keys")
        pilot.screen.query_one("#overrides", TextArea).focus()
        await pilot.press(*"stack pre")
        await pilot.sees("stack.pressure = 5 MPa", "Take the key")
        await pilot.press("f2", *"8 MPa")
        await pilot.sees("stack.pressure=8 MPa")

    scenario = Scenario(cell="na-nzsp-nvp")
    drive(bench(screen="scenario", scenario=scenario), flow, (140, 50))


def test_what_is_started_is_shown_live(bench, drive, monkeypatch):
    app = bench(screen="scenario", scenario=Scenario(cell="na-nzsp-nvp"))
    task = Task(1, "na-nzsp-nvp", "run", {}, 10)
    monkeypatch.setattr(app.run_queue, "submit", lambda scenario: task)

    async def flow(pilot):
        await pilot.sees("in nothing")
        await pilot.press("f5")
        await pilot.until(lambda: pilot.screen.KEY == "live", "the Live screen")
        await pilot.sees("start a run on the Scenario screen")
        assert "Stop" not in pilot.text().splitlines()[-1]  # no run that it could stop

    drive(app, flow, (140, 50))


# ------------------------------------------------------------------------------- lab


def test_the_lab_says_how_it_stands_and_where_to_ask(bench, drive):
    async def flow(pilot):
        await pilot.sees("Ask the twin", "Last runs", "✖", "pressure: anode contact lost", "alive")
        await pilot.press("k")
        await pilot.until(lambda: pilot.screen.KEY == "scenario", "the Scenario screen")
        await pilot.press("escape", "0")
        await pilot.until(lambda: pilot.screen.KEY == "start", "the lab")

    drive(bench(screen="start"), flow, (120, 35))


@pytest.mark.parametrize("width", [30, 60, 71, 80, 200])
def test_the_bar_fits(width):
    for current in NAMES:
        shown = fitting(width, current)
        assert [key for key, _ in shown] == list(NAMES)
        assert dict(shown)[current].lstrip("0123456789 ") == NAMES[current]
        least = 3 * len(NAMES) + len(NAMES[current])
        assert sum(len(label) + 1 for _, label in shown) <= max(width, least)
    if width >= 80:
        assert all(label.endswith(NAMES[key]) for key, label in shown)


# --------------------------------------------------------------------------- results


def test_results_are_filtered_sorted_and_opened(bench, drive, stored):
    async def flow(pilot):
        await pilot.sees("2 of 2 runs")
        await pilot.press("slash", *"died", "enter")
        await pilot.sees("1 of 2 runs", "anode contact lost")
        pilot.screen.query_one("#filter", Input).value = ""
        await pilot.press("o", "o", "o")  # by changes, by run, by cell …
        pilot.screen._sort_by(1)
        assert [r[1] for r in table(pilot, "#table")] == [stored.dead, stored.alive]
        pilot.screen._sort_by(1)
        assert [r[1] for r in table(pilot, "#table")] == [stored.alive, stored.dead]
        current = pilot.screen._current()
        await pilot.press("enter")
        await pilot.sees(current, "How it was run")
        await pilot.press("escape")
        assert pilot.screen.KEY == "results"

    drive(bench(screen="results"), flow, (140, 40))


def test_the_page_of_a_run_that_died(bench, drive, stored, settings):
    async def flow(pilot):
        await pilot.sees("2 of 2 runs")
        await pilot.press("down" if table(pilot, "#table")[0][1] == stored.alive else "up")
        await pilot.press("enter")
        await pilot.sees("✖ died", "of pressure: anode contact lost, cycle 7", "runner-up")
        await pilot.sees("voids took the contact", "120 mV")  # the evidence
        await pilot.until(lambda: len(pilot.screen.panels) > 4, "the figures")
        await pilot.press("right_square_bracket")  # the first, not the second
        await pilot.sees("Voltage (V)", "Capacity (mAh/cm²)", "cycle 7")
        await pilot.press("right_square_bracket")
        await pilot.sees("Capacity", "death in cycle 7")
        pilot.screen.query_one("#tabs").active = "t-events"
        await pilot.sees("fatal", "voids have taken the contact")
        pilot.screen.query_one("#tabs").active = "t-parameters"
        await pilot.until(lambda: table(pilot, "#parameters"), "parameters")
        pilot.screen.query_one("#filter", Input).value = "stack.pressure"
        await pilot.sees("stack.pressure", "0.2 MPa", "unstated")
        await pilot.press("escape")
        await pilot.sees("2 of 2 runs")

    drive(bench(screen="results"), flow, (120, 44))


def test_what_each_mode_cost_is_shown_where_it_is_known(bench, drive, stored):
    async def flow(pilot):
        await pilot.sees("2 of 2 runs")
        await pilot.press("slash", *stored.dead, "enter", "enter")
        await pilot.sees("✖ died", "Evidence")
        pilot.screen.query_one("#tabs").active = "t-attribution"
        await pilot.sees("study tttttttt", "dies in cycle 7", "Shapley's values of 4 lives")
        await pilot.sees("Capacity lost: 0.4 mAh", "pressure            0.3 mAh")
        await pilot.sees("interphase and pressure together: 0.1 mAh more")
        # A mode may win what others lose: 100 Ω cm² in all, of which -20.
        await pilot.sees("Resistance gained: 100 Ω cm²", "pressure            -20 Ω cm²  -")
        await pilot.press("escape", "slash")
        pilot.screen.query_one("#filter", Input).value = stored.alive
        await pilot.sees("1 of 2 runs")
        await pilot.press("enter", "enter")
        await pilot.sees("✓ alive", "How it was run")
        pilot.screen.query_one("#tabs").active = "t-attribution"
        await pilot.sees("No attribution of this cell", "A starts one: 4 lives")

    drive(bench(screen="results"), flow, (120, 40))


def test_a_run_is_exported(bench, drive, stored, settings):
    async def flow(pilot):
        await pilot.sees("2 of 2 runs")
        await pilot.press("enter")
        await pilot.sees("How it was run")
        await pilot.press("e")
        await pilot.click("#csv")
        await pilot.hears(".csv (")

    drive(bench(screen="results"), flow)
    (file,) = settings.exports_folder.iterdir()
    assert len(file.read_text().splitlines()) == 8  # a heading and seven cycles


def test_runs_are_marked_and_compared(bench, drive, stored):
    async def flow(pilot):
        await pilot.sees("2 of 2 runs")
        await pilot.press("c")  # it is not shown, and does nothing, before two are marked
        await pilot.press("space", "c")
        assert pilot.screen.KEY == "results"
        await pilot.press("space", "c")
        await pilot.until(lambda: pilot.screen.KEY == "compare", "the Compare screen")
        await pilot.sees("Capacity", f"{stored.dead} discharge", f"{stored.alive} disch")
        await pilot.press("right_square_bracket")
        await pilot.sees("Area-specific resistance")
        pilot.screen.query_one("#tabs").active = "t-differences"
        await pilot.sees("stack.pressure", "0.2 MPa", "5 MPa")
        assert [r[0] for r in table(pilot, "#differences")] == ["stack.pressure"]
        pilot.screen.query_one("#tabs").active = "t-outcomes"
        await pilot.sees("cell-failed", "completed", "anode contact lost")
        await pilot.press("x")
        await pilot.sees("mark two to six runs")

    drive(bench(screen="results"), flow, (120, 40))


# -------------------------------------------------------------------------- forecasts


def test_a_forecast_is_looked_at_in_words_and_curves(bench, drive, stored, settings):
    async def flow(pilot):
        await pilot.sees("ffffffff", "7 members done", "7 of 8 members, spm")
        await pilot.sees("1 without a result, left out")
        # Of six: deaths in cycles 2, 3, 4 and 6; two live.
        await pilot.sees("median life      4", "5 % dead by      2", "beyond 8")
        await pilot.sees("alive at the end 33.3 %", "a short by then  33.3 %")
        await pilot.sees("33.3 % dendrite: anode hard short")
        await pilot.sees("Capacity of each cell", "dendrite (33 %)", "pressure (33 %)")
        await pilot.press("e")
        await pilot.hears("forecast-ffffffff.png")
        await pilot.press("enter")
        await pilot.until(lambda: pilot.screen.KEY == "results", "the members")
        await pilot.sees("7 of 9 runs", "anode hard short", "member-3")

    drive(bench(screen="forecast"), flow, (140, 44))
    assert {path.suffix for path in settings.exports_folder.iterdir()} == {".png", ".json"}


def test_a_small_screen_shows_one_chart_of_a_forecast_after_the_other(bench, drive):
    async def flow(pilot):
        await pilot.sees("each cell")
        assert "dendrite (33 %)" not in pilot.text()
        await pilot.press("v")
        await pilot.sees("dendrite (33 %)")
        assert "each cell" not in pilot.text()

    drive(bench(screen="forecast"), flow, (80, 24))


def test_a_forecast_asks_for_sense_before_it_starts(bench, drive):
    async def flow(pilot):
        await pilot.sees("ffffffff")
        await pilot.press("n")
        await pilot.sees("Forecast: na-nzsp-nvp pressure=2 MPa")
        pilot.screen.query_one("#samples", Input).value = "many"
        await pilot.press("enter")
        await pilot.hears("'many' is no whole number")
        assert pilot.app.run_queue.tasks == []

    scenario = Scenario(cell="na-nzsp-nvp", overrides={"stack.pressure": "2 MPa"})
    drive(bench(screen="forecast", scenario=scenario), flow)


# ------------------------------------------------------------------------------- maps


def test_a_map_is_read_off_with_a_cursor(bench, drive):
    async def flow(pilot):
        await pilot.sees("mmmmmmmm", "3 points done", "3 points, to cycle 8")
        await pilot.sees("Stack pressure (MPa)", "Rate (mA/cm²)")
        # The first point, at the lower left, lives.
        await pilot.sees("Stack pressure = 0.5 MPa", "Rate = 0.1 mA/cm²", "lives to cycle 8")
        await pilot.press("tab", "tab")
        await pilot.press("up")
        await pilot.sees("Rate = 2 mA/cm²", "P pressure", "anode contact lost", "in cycle 2")
        await pilot.press("right")
        await pilot.sees("Stack pressure = 8 MPa", "D dendrite", "anode hard short", "point-2")
        await pilot.press("e")
        await pilot.hears("the map is not finished")
        await pilot.press("enter")
        await pilot.sees("point-2", "✖ died", "of dendrite: anode hard short")

    drive(bench(screen="map"), flow, (100, 30))


def test_a_map_of_nonsense_is_refused_in_words(bench, drive):
    async def flow(pilot):
        await pilot.sees("mmmmmmmm")
        await pilot.press("n")
        await pilot.sees("Map: na-nzsp-nvp", "Across: KEY=LOW..HIGH UNIT")
        pilot.screen.query_one("#refine", Input).value = "twice"
        await pilot.press("enter")
        await pilot.hears("'twice' is no whole number from 0")
        assert pilot.app.run_queue.tasks == []

    drive(bench(screen="map", scenario=Scenario(cell="na-nzsp-nvp")), flow)


# ------------------------------------------------------------------ modes and manners


def test_modes_are_explained_and_a_broken_plugin_is_named(bench, drive, monkeypatch):
    manager = twin.plugin_manager()
    problems = list(manager.problems)
    plugins = list(manager.plugins)
    manager._note(0, "hook: RuntimeError: it is broken", "mend it")

    async def flow(pilot):
        await pilot.sees("health: 1 broken", "it is broken", "fix: mend it", "Database")
        await pilot.press("down")
        while pilot.screen.query_one(OptionList).highlighted_option.id != "pressure":
            await pilot.press("down")
        await pilot.until(lambda: "[modes.pressure]" in page(pilot), "its parameters")
        for heading in ("Equations: contact", "Trusted for", "Writes", "References"):
            assert heading in page(pilot)

    def page(pilot) -> str:
        return str(pilot.screen.query_one("#text").render())

    try:
        drive(bench(screen="modes"), flow)
    finally:
        manager.problems[:], manager.plugins[:] = problems, plugins


def test_every_screen_is_reached_by_its_number_and_explains_itself(bench, drive):
    async def flow(pilot):
        for number, key in enumerate(NAMES):
            pilot.screen.set_focus(None)
            await pilot.press(str(number))
            await pilot.until(lambda key=key: key == pilot.screen.KEY, key)
            pilot.screen.set_focus(None)
            await pilot.press("f1")
            await pilot.sees("Help (Esc closes)")
            await pilot.press("escape")

    drive(bench(), flow, (80, 24))


def test_the_palette_knows_the_screens_and_the_keys(bench, drive):
    async def flow(pilot):
        await pilot.sees("nasicon")
        found = {c.title for c in pilot.app.get_system_commands(pilot.screen)}
        assert {"Go to Results", "Edit a copy", "Quit"} <= found
        await pilot.press("ctrl+p", *"Go to Results")
        await pilot.until(lambda: "screen Results" in pilot.text(), "the command")
        await pilot.press("enter")
        await pilot.until(lambda: getattr(pilot.screen, "KEY", "") == "results", "Results")

    drive(bench(), flow)


def test_a_click_on_the_bar_changes_the_screen(bench, drive):
    async def flow(pilot):
        await pilot.sees("nasicon")
        await pilot._pilot.click("#bar", offset=(pilot.text().index("4 Results") + 2, 0))
        await pilot.until(lambda: pilot.screen.KEY == "results", "Results")

    drive(bench(), flow)


def test_quitting_while_a_run_goes_asks_first(bench, drive):
    app = bench(screen="results")
    task = Task(1, "a run", "run", {}, 40, state="running")

    async def flow(pilot):
        app.run_queue.tasks.append(task)
        await pilot.sees("2 of 2 runs")
        await pilot.press("q")
        await pilot.sees("1 run is not finished", "Let them go on, quit", "Stay")
        await pilot.press("escape")
        await pilot.sees("2 of 2 runs")
        assert not task.over and app.is_running
        await pilot.press("q")
        await pilot.click("#stop")
        await pilot.until(lambda: task.state == "stopping", "that it is told to stop")

    drive(app, flow)


def test_where_one_is_outlasts_a_terminal_that_hangs_up(bench, drive, home):
    async def flow(pilot):
        await pilot.press("7")
        await pilot.sees("mmmmmmmm")
        assert State.read().screen == "map"  # before it is left

    drive(bench(screen="results"), flow)


def test_keys_can_be_changed(bench, drive, settings):
    settings.keymap = {"results.sort": "f9"}

    async def flow(pilot):
        await pilot.sees("sorted by ago")
        await pilot.press("o")
        await pilot.sees("sorted by ago")
        await pilot.press("f9")
        await pilot.sees("sorted by changes")

    drive(bench(screen="results"), flow)


def test_light_and_where_one_was_are_kept(bench, drive, settings, home, stored):
    async def flow(pilot):
        await pilot.sees("nasicon")
        await pilot.press("ctrl+t")
        assert pilot.app.theme == "textual-light"
        await pilot.press("4")
        await pilot.sees("2 of 2 runs")
        await pilot.press("q")

    drive(bench(), flow)

    async def again(pilot):
        await pilot.sees("2 of 2 runs")
        assert pilot.app.theme == "textual-light"

    drive(Bench(stored.url, settings, warm=False), again)


@pytest.mark.parametrize("size", [(80, 24), (200, 60)])
@pytest.mark.parametrize("screen", NAMES)
def test_every_screen_fits(bench, drive, screen, size):
    async def flow(pilot):
        await pilot.sees("? Help")
        width, height = size
        for widget in pilot.screen.query("*"):
            if widget.display and widget.region.area and widget.parent is pilot.screen:
                assert widget.region.right <= width and widget.region.bottom <= height, widget
        assert "Cells" in pilot.text() and "Modes" in pilot.text()

    drive(bench(screen=screen), flow, size)


def test_an_answer_that_cannot_be_shown_is_a_message(bench, drive, monkeypatch):
    def broken(*_):
        raise RuntimeError("a card of a plugin's cell")

    monkeypatch.setattr("twin_tui.screens.cells.draw_card", broken)

    async def flow(pilot):
        await pilot.hears("RuntimeError: a card of a plugin's cell")
        await pilot.press("4")
        await pilot.sees("2 of 2 runs")

    drive(bench(), flow)


def test_a_figure_that_cannot_be_drawn_says_so(bench, drive, stored, monkeypatch):
    def broken(*_, **__):
        raise ZeroDivisionError("no height")

    monkeypatch.setattr("twin.report.pictures.draw_panel", broken)

    async def flow(pilot):
        await pilot.sees("1 of 2 runs")
        await pilot.press("enter")
        await pilot.until(lambda: getattr(pilot.screen, "panels", None), "the figures")
        await pilot.press("right_square_bracket")
        await pilot.sees("cannot be drawn: ZeroDivisionError: no height")

    drive(bench(screen="results", filter=stored.dead), flow)


def test_measured_data_lie_over_the_voltage_of_a_run(bench, drive, stored, tmp_path):
    file = tmp_path / "cell.csv"
    rows = "".join(f"{10 * n},{3 - n / 1e3},0.001\n" for n in range(100))
    file.write_text("time [s],voltage [V],current [A]\n" + rows)

    async def flow(pilot):
        await pilot.sees("1 of 2 runs")
        await pilot.press("enter")
        await pilot.until(lambda: getattr(pilot.screen, "panels", None), "the figures")
        await pilot.press("m")
        await pilot.sees("Lay measured data over the voltage")
        pilot.screen.query_one("#data", Input).value = "nothing of the kind"
        await pilot.press("enter")
        await pilot.hears("no measurement 'nothing of the kind'")
        for _ in range(2):  # twice is no more than once
            await pilot.press("m")
            await pilot.sees("Lay measured data over the voltage")
            pilot.screen.query_one("#data", Input).value = str(file)
            await pilot.press("enter")
            await pilot.sees("measured, cycle 1")
        labels = [line.label for line in pilot.screen.panels[0].lines]
        assert labels.count("measured, cycle 1") == 1

    drive(bench(screen="results", filter=stored.alive), flow, (120, 44))


def test_ctrl_c_is_a_message_and_not_the_end(bench, drive):
    async def flow(pilot):
        await pilot.sees("2 of 2 runs")
        await pilot.press("ctrl+c")
        await pilot.hears("q quits")
        assert pilot.app.is_running
        await pilot.sees("2 of 2 runs")

    drive(bench(screen="results"), flow)


def a_lock(path):
    holder = sqlite3.connect(path, isolation_level=None)
    holder.execute("create table t (x)")
    holder.execute("begin exclusive")
    return holder


@pytest.mark.skipif(os.name == "nt", reason="no such signals")
@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP", "SIGINT"])
def test_a_process_that_is_told_to_end_leaves_in_order(bench, drive, home, name):
    async def flow(pilot):
        await pilot.sees("2 of 2 runs")
        await pilot.press("ctrl+t")
        os.kill(os.getpid(), getattr(signal, name))
        await pilot.until(lambda: not pilot.app.is_running, "the end")
        assert State.read().theme == "textual-light"
        assert pilot.app.return_code == 0

    drive(bench(screen="results"), flow)


@pytest.mark.parametrize(
    ("wrong", "says"), [("locked", "stayed locked by another process"), ("no folder", "fix:")]
)
def test_a_database_that_is_held_or_nowhere_is_a_message(
    bench, drive, tmp_path, monkeypatch, wrong, says
):
    monkeypatch.setattr("twin_tui.library.PATIENCE_S", 0.2)
    path, holder = tmp_path / "runs.db", None
    if wrong == "locked":
        holder = a_lock(path)
    else:
        path.write_text("a file where a folder is needed")
        path = path / "runs.db"

    async def flow(pilot):
        await pilot.hears(says)
        for key in "34567":
            pilot.screen.set_focus(None)
            await pilot.press(key)
        await pilot.press("1")
        await pilot.sees("nasicon")

    drive(bench(f"sqlite:///{path}", screen="results"), flow)
    if holder is not None:
        holder.close()


def test_a_database_that_cannot_be_used_is_a_message(bench, drive, tmp_path):
    broken = tmp_path / "broken.db"
    broken.write_bytes(b"this is no database" * 100)

    async def flow(pilot):
        await pilot.hears("fix:")
        await pilot.press("1")
        await pilot.sees("nasicon")

    drive(bench(str(broken), screen="results"), flow)
