from __future__ import annotations

import math

import pytest

from twin.engine.outcome import Outcome
from twin.errors import InputError
from twin.report.panels import PANELS, SUMMARIES, panels

DEATH = Outcome(kind="cell-failed", mode="pressure", criterion="contact lost", cycle=4)


def only(run, what):
    (panel,) = panels(run, what)
    return panel


@pytest.mark.parametrize("kind", ["full", "symmetric"])
def test_the_summary_has_the_panels_of_the_kind_and_no_more_than_six(fake, kind):
    keys = [panel.key for panel in panels(fake(4, kind=kind))]
    assert keys == list(SUMMARIES[kind])
    assert len(keys) <= 6


def test_capacity_is_per_area_and_leaves_a_cycle_cut_short_out(fake, a_row):
    rows = [a_row(1), a_row(2), a_row(3, complete=False, capacity_Ah=1e-9)]
    (line,) = only(fake(rows), "capacity").lines
    assert line.x == [1, 2]
    assert line.y == pytest.approx([0.9 / 2, 0.81 / 2])  # mAh over 2 cm2


def test_margins_keep_the_cycle_that_was_cut_short(fake, a_row):
    rows = [a_row(1), a_row(2, complete=False, margins={"pressure: anode contact lost": 0.0})]
    lines = {line.label: line for line in only(fake(rows), "margins").lines}
    assert lines["pressure: anode contact lost"].y[-1] == 0.0
    assert lines["core: too hot"].x == [1]


def test_margins_are_sorted_by_how_near_they_came(fake):
    labels = [line.label for line in only(fake(3), "margins").lines]
    assert labels == ["pressure: anode contact lost", "core: too hot"]


def test_a_margin_judged_once_and_passed_is_left_out(fake, a_row):
    rows = [a_row(n) for n in range(1, 6)]
    rows[0]["margins"]["core: stillborn"] = 0.9
    labels = [line.label for line in only(fake(rows), "margins").lines]
    assert "core: stillborn" not in labels


def test_at_most_six_margins_and_the_nearest_among_them(fake, a_row):
    margins = {f"mode: {n}": n / 20 for n in range(12)}
    lines = only(fake([a_row(1, margins=margins)]), "margins").lines
    assert [line.label for line in lines] == [f"mode: {n}" for n in range(6)]


def test_resistance_is_in_ohm_cm2_without_parts_too_small_to_see(fake):
    lines = {line.label: line for line in only(fake(2), "resistance").lines}
    assert lines["electrolyte"].y == pytest.approx([40, 40])
    assert "cathode layers" not in lines
    assert lines["anode layers"].y[1] == pytest.approx(30 / 0.81)


def test_a_resistance_that_runs_away_gets_a_logarithmic_axis(fake, a_row):
    rows = [a_row(n, resistance_Ohm_m2=0.01 * 10**n) for n in range(1, 4)]
    assert only(fake(rows), "resistance").log
    assert not only(fake(3), "resistance").log


def test_voltage_of_a_full_cell_starts_each_half_cycle_at_zero_capacity(fake):
    (line,) = only(fake(1), "voltage").lines
    gap = [i for i, x in enumerate(line.x) if math.isnan(x)]
    assert len(gap) == 1
    charge, discharge = line.x[: gap[0]], line.x[gap[0] + 1 :]
    assert charge == pytest.approx([0, 0.125, 0.25])  # mAh/cm2 of 2 cm2
    assert discharge == pytest.approx([0, 0.125, 0.25])
    assert line.y[: gap[0]] == [3.0, 3.5, 4.0]  # the rest is left out


def test_voltage_of_a_symmetric_cell_is_over_time_in_the_cycle(fake):
    first, second = only(fake(2, kind="symmetric"), "voltage").lines
    assert first.x[0] == second.x[0] == 0
    assert first.x[-1] == pytest.approx(4200 / 3600)


def test_a_few_cycles_stand_for_a_long_run(fake):
    lines = only(fake(200, every=10), "voltage").lines
    shown = [int(line.label.removeprefix("cycle ")) for line in lines]
    assert shown[0] == 1 and shown[-1] == 200 and len(shown) == 5
    assert [line.rank for line in lines] == [0, 0.25, 0.5, 0.75, 1]


def test_polarisation_is_the_largest_voltage_of_either_sign(fake, a_row):
    rows = [a_row(1, voltage_min_V=-0.05, voltage_max_V=0.02)]
    (line,) = only(fake(rows, kind="symmetric"), "polarisation").lines
    assert line.y == pytest.approx([50])


def test_a_run_without_series_has_a_summary_without_voltage(fake):
    keys = [panel.key for panel in panels(fake(3, with_series=[]))]
    assert "voltage" not in keys and "capacity" in keys


def test_a_panel_without_data_says_why(fake):
    with pytest.raises(InputError, match="no time series is stored") as caught:
        panels(fake(3, with_series=[], every=0), "voltage")
    assert "--what" in (caught.value.problem.fix or "")


def test_a_run_without_cycles_says_so(fake):
    with pytest.raises(InputError, match="no finished cycle"):
        panels(fake(0))


def test_an_unknown_panel_names_the_known_ones(fake):
    with pytest.raises(InputError) as caught:
        panels(fake(1), "volts")
    assert all(name in (caught.value.problem.fix or "") for name in PANELS)


def test_the_death_cycle_is_marked_on_panels_over_cycles_only(fake):
    found = {p.key: p.death for p in panels(fake(4, outcome=DEATH))}
    assert found.pop("voltage") is None
    assert set(found.values()) == {4}


def test_nothing_is_marked_while_the_cell_lives(fake):
    alive = Outcome(kind="completed", cycle=4)
    assert {p.death for p in panels(fake(4, outcome=alive))} == {None}


@pytest.mark.parametrize("spread", [0.0, 1e-6, 1e-3])
def test_rounding_does_not_look_like_ageing(fake, a_row, spread):
    rows = [a_row(n, capacity_Ah=1e-3 * (1 - spread * n)) for n in (1, 2)]
    low, high = only(fake(rows), "capacity").limits
    assert low is not None and high is not None
    assert (high - low) / high > 0.09


def test_values_that_are_not_there_or_not_finite_are_passed_over(fake, a_row):
    rows = [a_row(1, coulombic_efficiency=None), a_row(2), a_row(3, coulombic_efficiency=math.nan)]
    (line,) = only(fake(rows), "efficiency").lines
    assert line.x == [2]


def test_coupling_shows_each_mode_of_the_run_beside_contact_and_pressure(fake, a_row):
    rows = [
        a_row(
            n,
            **{
                "Anode interphase thickness [m]": 5e-9 * n,
                "Anode filament length [m]": 1e-4 * n,
                "Separator blocking factor": 1 + 0.1 * n,
            },
        )
        for n in (1, 2)
    ]
    # One that is not installed, and one of which nothing is stored, have nothing to show.
    modes = ("interphase", "dendrite", "blocking", "delamination", "a-stranger")
    found = {p.key: p for p in panels(fake(rows, modes=modes), "coupling")}
    assert list(found) == ["contact", "pressure", "interphase", "dendrite", "blocking"]
    assert found["interphase"].y_label == "Interphase thickness (nm)"
    assert found["interphase"].title == "Interphase thickness"
    assert found["interphase"].lines[0].y == pytest.approx([5, 10])
    assert found["dendrite"].lines[0].y == pytest.approx([100, 200])
    assert (found["blocking"].y_label, found["blocking"].title) == (
        "Separator blocking factor",
        "Separator blocking factor",
    )


def test_polarisation_of_a_full_cell_is_what_charge_and_discharge_lie_apart(fake, a_row):
    rows = [
        a_row(1),  # 3.5 V charging, 3.3 V discharging
        a_row(2, charge_Wh=3.6 * 1e-3, charge_Ah=1e-3, discharge_Wh=3.1e-3, discharge_Ah=1e-3),
        a_row(3, discharge_Ah=0.0, discharge_Wh=0.0),  # charged only: nothing to compare
        a_row(4, charge_Ah=None),
    ]
    panel = only(fake(rows), "polarisation")
    (line,) = panel.lines
    assert list(line.x) == [1, 2]
    assert line.y == pytest.approx([200.0, 500.0]) and panel.y_label == "Polarisation (mV)"


def rate_test(fake, a_row, rates, capacities):
    """A run with a cycle at each rate: the fake series, with that many times its current."""
    rows = [a_row(n, capacity_Ah=1e-3 * q, phase=f"phase {n}") for n, q in enumerate(capacities, 1)]
    run = fake(rows)
    for cycle, table in run.iter_series():
        table["Current [A]"] = rates[cycle - 1] * table["Current [A]"]
    return run


def test_a_rate_test_has_its_capacity_against_its_rate(fake, a_row):
    # 1 mA on 2 cm2; the last rate is the first one again.
    run = rate_test(fake, a_row, (1, 2, 4, 1), (1.0, 0.9, 0.5, 0.8))
    panel = only(run, "rate")
    tested, again = panel.lines
    assert tested.x == pytest.approx([0.5, 1.0, 2.0]) and panel.log_x
    assert tested.y == pytest.approx([0.5, 0.45, 0.25])
    assert again.dots and (list(again.x), list(again.y)) == ([0.5], [0.4])
    assert [p.key for p in panels(run)] == list(SUMMARIES["rate test"])


def test_two_rates_are_no_rate_test(fake, a_row):
    run = rate_test(fake, a_row, (1, 2, 2, 1), (1.0, 0.9, 0.9, 0.8))
    with pytest.raises(InputError, match="three rates"):
        panels(run, "rate")
    assert [p.key for p in panels(run)] == list(SUMMARIES["full"])


@pytest.mark.parametrize("level", [0.99, 1.025])
def test_a_steady_efficiency_is_not_blown_up(fake, a_row, level):
    rows = [a_row(n, coulombic_efficiency=level + 1e-5 * n) for n in (1, 2, 3)]
    low, high = only(fake(rows), "efficiency").limits
    assert low < 98.0 and high > 100.5 and high - low > 2.5


def test_a_warning_that_is_long_past_does_not_squeeze_the_margins(fake, a_row):
    rows = [a_row(n, margins={"a: warns": -9.0, "b: dies": 1 - 0.1 * n}) for n in (1, 2)]
    low, high = only(fake(rows), "margins").limits
    assert (low, high) == (-0.25, 1.1)


def test_a_hard_short_takes_the_voltage_to_nought_and_says_it_is_not_simulated(fake):
    shorted = Outcome(kind="cell-failed", mode="dendrite", criterion="anode hard short", cycle=3)
    panel = only(fake(3, outcome=shorted), "voltage")
    last = panel.lines[-1]
    assert "not simulated" in last.label and list(last.y) == [2.5, 0.0]
    assert last.x[0] == last.x[1] == panel.lines[-2].x[-1]


def test_another_death_is_marked_where_the_last_curve_ends(fake):
    lost = Outcome(kind="cell-failed", mode="pressure", criterion="contact lost", cycle=3)
    panel = only(fake(3, outcome=lost), "voltage")
    (mark,) = panel.marks
    assert (mark.x, mark.y) == (panel.lines[-1].x[-1], 2.5) and mark.text == "contact lost"
    assert only(fake(3), "voltage").marks == ()


def test_a_criterion_that_only_warns_says_so_among_the_margins(fake, a_row):
    margins = {"core: resistance well above its first": 0.1, "core: too hot": 0.5}
    found = only(fake([a_row(n, margins=margins) for n in (1, 2)]), "margins")
    assert [line.label for line in found.lines] == [
        "core: resistance well above its first (warns)",
        "core: too hot",
    ]


def test_what_is_not_there_is_not_drawn_below_nought(fake, a_row):
    rows = [a_row(n, **{"Anode filament length [m]": 0.0}) for n in (1, 2)]
    shown = {p.key: p for p in panels(fake(rows, modes=("dendrite",)), "coupling")}
    assert shown["dendrite"].limits[0] == 0.0
