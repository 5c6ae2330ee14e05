"""Twelve faults in files of each kind: repaired and told, or refused in a line."""

from __future__ import annotations

import gzip
import zlib
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from twin.errors import InputError

NAMES = [
    "bdf", "basytec", "novonix", "biologic", "maccor", "arbin", "neware", "landt", "pec", "text",
]  # fmt: skip
DATED = ["novonix", "arbin", "landt"]
COUNTED = [name for name in NAMES if name != "text"]

every = pytest.mark.parametrize("name", NAMES)


def lines(family, truth):
    """The lines of an export: what stands before the rows, and the rows."""
    before = (family.preamble + family.headings).splitlines()
    return before, family.rows(truth)


def text(family, before, rows):
    return family.ending.join([*before, *rows, ""])


@every
def test_time_that_runs_backwards(name, families, truth, write, read, same):
    family = families[name]
    before, rows = lines(family, truth)
    for at in (50, 120, 300):
        rows[at], rows[at + 2] = rows[at + 2], rows[at]
    got = read(write(text(family, before, rows), encoding=family.encoding))
    assert "time ran backwards at" in got.told and "sorted" in got.told
    same(got, truth)


@every
def test_duplicates(name, families, truth, write, read, same):
    family = families[name]
    before, rows = lines(family, truth)
    rows[100:100] = rows[80:100]  # a block that was written twice
    rows[40:40] = [rows[40]] * 3
    got = read(write(text(family, before, rows), encoding=family.encoding))
    assert "23 rows twice or more: once is kept" in got.told
    same(got, truth)


@every
@pytest.mark.parametrize("what", ["NaN", "inf", "", "----"])
def test_rows_without_a_number(name, what, families, truth, write, read, same):
    family = families[name]
    gone = [60, 61, 200]
    place = next(n for n, h in enumerate(family.columns) if _is_voltage(h))
    before, rows = lines(family, truth)
    for at in gone:
        fields = rows[at].split(family.delimiter)
        fields[place] = what
        rows[at] = family.delimiter.join(fields)
    got = read(write(text(family, before, rows), encoding=family.encoding))
    assert "3 rows without a finite time, current or voltage: left out" in got.told
    same(got, truth.take(np.delete(np.arange(len(truth)), gone)))


def _is_voltage(heading):
    return any(word in heading.lower() for word in ("volt", "ecell", "u[v]", "potential"))


@pytest.mark.parametrize("name", [n for n in COUNTED if n != "neware"])
def test_milliseconds_as_seconds(name, families, truth, write, read, same):
    """Told by the file's own counters of charge or of the step's time."""
    family = families[name]
    scale = 1e3
    wrong = replace(
        family, changed={family.time: lambda t, i: repr(_in_unit(family, t.t[i] * scale))}
    )
    got = read(write(wrong.text(truth), encoding=family.encoding))
    assert "its time is in milliseconds: its own counters say so" in got.told
    same(got, truth)


def _in_unit(family, seconds):
    return float(seconds) / 3600 if "(h)" in family.time else float(seconds)


def test_milliseconds_that_nothing_in_the_file_betrays_are_not_silent(families, truth, write, read):
    family = families["text"]
    wrong = replace(family, changed={family.time: lambda t, i: f"{1e3 * t.t[i]:.1f}"})
    path = write(wrong.text(truth))
    got = read(path)
    assert "the unit of its time is not checked" in got.told
    again = read(path, time_unit="ms")
    assert abs(again.table["Time [s]"] - truth.t).max() < 1e-3


@pytest.mark.parametrize("name", [n for n in NAMES if n != "maccor"])
def test_the_sign_turned(name, families, truth, write, read, same):
    family = families[name]
    turned = replace(truth, current=-truth.current)
    # The words of the file, too, are those of the cell that was measured.
    words = {h: (lambda t, i, make=make: make(truth, i)) for h, make in family.columns.items()
             if h in ("Command", "Step Type")}  # fmt: skip
    got = read(write(replace(family, changed=words).text(turned), encoding=family.encoding))
    assert "falls under it" in got.told
    same(got, truth)


def test_words_that_contradict_the_voltage(families, truth, write, read):
    family = families["maccor"]
    turned = replace(truth, current=-truth.current)
    got = read(write(family.text(turned)))
    assert "see to the sign of the current" in got.doubts


@every
def test_a_clock_that_begins_anew_with_each_step(name, families, truth, write, read, same):
    family = families[name]
    # Without the other clocks, which would tell.
    others = [h for h in family.columns if "step" in h.lower() and h != family.time and _is_time(h)]
    others += [family.dates, "Time"] if name == "neware" else [family.dates]
    wrong = family.without(*others)
    make = family.columns[family.time]
    wrong = replace(wrong, changed={family.time: lambda t, i: make(replace(t, t=t.step_time), i)})
    got = read(write(wrong.text(truth), encoding=family.encoding))
    assert "the clock began anew 11 times: the times go on from there" in got.told
    steps = np.flatnonzero(np.diff(truth.step)) + 1
    time = got.table["Time [s]"]
    assert len(time) == len(truth) and (np.diff(time) >= 0).all()
    # Within each step the times are those of the truth.
    for part, true in zip(np.split(time, steps), np.split(truth.t, steps), strict=True):
        assert np.abs((part - part[0]) - (true - true[0])).max() < 2e-3


def _is_time(heading):
    return "time" in heading.lower() or "(sec)" in heading.lower() or "[s]" in heading.lower()


@every
def test_headings_that_are_missing(name, families, truth, write, read, same):
    family = families[name]
    before, rows = lines(family, truth)
    path = write(text(family, before[:-1], rows), encoding=family.encoding)
    with pytest.raises(InputError) as caught:
        read(path)
    problem = caught.value.problem
    assert "no headings" in problem.message and "--columns" in problem.fix
    assert "\n" not in problem.message
    named = ", ".join(family.columns)
    if name == "neware":
        named = named.replace("Total Time", "Total Time (h:m:s)")
    got = read(path, columns=named)
    assert "its columns are named as you said" in got.told
    same(got, truth)


@every
@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_a_byte_order_mark(name, encoding, families, truth, write, read, same):
    family = families[name]
    got = read(write(family.text(truth), encoding=encoding))
    assert "byte order mark" in got.told
    same(got, truth)


@every
def test_decimal_commas(name, families, truth, write, read, same):
    family = families[name]
    delimiter = ";" if family.delimiter == "," else family.delimiter
    local = replace(
        family,
        delimiter=delimiter,
        columns={
            h: (lambda t, i, make=make, h=h: _comma(make(t, i), h in (family.dates,)))
            for h, make in family.columns.items()
        },
    )
    got = read(write(local.text(truth), encoding=family.encoding))
    assert "decimal commas" in got.told and "no numbers" not in got.told
    same(got, truth)


def _comma(value, is_date):
    return value if is_date else str(value).replace(".", ",")


@pytest.mark.parametrize("name", ["bdf", "novonix", "arbin", "neware", "landt", "pec"])
def test_decimal_commas_between_commas_are_refused_in_a_line(name, families, truth, write, read):
    family = families[name]
    before, rows = lines(family, truth)
    wrong = [row.replace(".", ",") for row in rows]
    with pytest.raises(InputError) as caught:
        read(write(text(family, before, wrong)))
    assert "\n" not in caught.value.problem.message and caught.value.problem.fix


@every
def test_a_file_that_ends_in_the_middle_of_a_row(name, families, truth, write, read, same):
    family = families[name]
    before, rows = lines(family, truth)
    kept = 250
    cut = rows[kept].split(family.delimiter)[0]
    content = family.ending.join([*before, *rows[:kept], cut])
    got = read(write(content, encoding=family.encoding))
    assert "1 row has another number of fields than the rest: left out" in got.told
    same(got, truth.take(slice(0, kept)))


@every
def test_a_last_number_that_is_cut(name, families, truth, write, read, same):
    family = families[name]
    before, rows = lines(family, truth)
    content = family.ending.join([*before, *rows[:250], rows[250][:-1]])
    got = read(write(content, encoding=family.encoding))
    # What may be cut is not trusted: rather a row too few than a wrong one.
    assert "the last row may be cut" in got.told
    same(got, truth.take(slice(0, 250)))


@every
def test_a_packed_file_and_one_that_is_cut(name, families, truth, write, read, same):
    family = families[name]
    packed = gzip.compress(family.text(truth).encode(family.encoding))
    got = read(write(packed))
    assert "packed with gzip" in got.told
    same(got, truth)
    got = read(write(packed[: len(packed) * 2 // 3]))
    assert "cut short or damaged" in got.told
    assert 10 < len(got.table["Time [s]"]) < len(truth)


def test_a_packed_file_that_is_cut_in_a_number(families, truth, write, read, same):
    family = families["bdf"]
    before, rows = lines(family, truth)
    packer = zlib.compressobj(wbits=zlib.MAX_WBITS | 16)
    content = "\n".join([*before, *rows[:100], rows[100][:-3]]).encode()
    got = read(write(packer.compress(content) + packer.flush(zlib.Z_SYNC_FLUSH)))
    assert "the last row may be cut" in got.told
    same(got, truth.take(slice(0, 100)))


@pytest.mark.parametrize("name", DATED)
def test_a_time_zone_that_changes_with_summer_time(name, families, truth, write, read, same):
    """The night to 27 October 2024 in Berlin: at 3 o'clock it is 2 again."""
    family = families[name]
    drop = [h for h in family.columns if h != family.dates and _is_time(h)]

    def zoned(t, i):
        from datetime import UTC, datetime

        utc = datetime(2024, 10, 26, 23, 30, tzinfo=UTC) + timedelta(seconds=float(t.t[i]))
        hours = 2 if utc < datetime(2024, 10, 27, 1, tzinfo=UTC) else 1
        local = (utc + timedelta(hours=hours)).strftime("%Y-%m-%dT%H:%M:%S.%f")
        return f"{local}+0{hours}:00"

    dated = replace(family.without(*drop), changed={family.dates: zoned})
    got = read(write(dated.text(truth)))
    assert "name their time zone: counted in UTC" in got.told
    same(got, truth)
    # Without the zone the clock goes back by an hour: told, or named by the user.
    local = replace(dated, changed={family.dates: lambda t, i: zoned(t, i)[:-6]})
    path = write(local.text(truth))
    got = read(path)
    assert "by an hour: summer time" in got.told
    assert abs(np.diff(got.table["Time [s]"]) - np.diff(truth.t)).max() < 25
    same(read(path, timezone="Europe/Berlin"), truth)


def test_text_times_with_days(families, truth, write, read, same):
    from datetime import timedelta as span

    def days(t, i):
        total = span(seconds=float(t.t[i]) + 86400 * 2)
        rest = total.seconds
        return f"{total.days}d {rest // 3600:02d}:{rest // 60 % 60:02d}:{rest % 60:02d}"

    family = families["neware"]
    for form in (
        days,
        lambda t, i: days(t, i).replace("d ", "-"),
        lambda t, i: days(t, i).replace("d ", "."),
    ):
        got = read(write(replace(family, changed={"Total Time": form}).text(truth)))
        assert "hours, minutes and seconds" in got.told
        same(got, replace(truth, t=truth.t + 86400 * 2), within_s=1.0)


def test_gaps_are_told_and_not_filled(families, truth, write, read):
    family = families["arbin"]
    later = replace(truth, t=truth.t + np.where(np.arange(len(truth)) > 400, 4 * 3600.0, 0.0))
    got = read(write(family.text(later)))
    assert "1 gap without rows, the longest of 4" in got.told
    assert len(got.table["Time [s]"]) == len(truth)


def test_a_current_without_sign_or_words_is_refused(families, truth, write, read):
    family = families["text"]
    wrong = replace(family, changed={"current [A]": lambda t, i: f"{abs(t.current[i]):.6f}"})
    with pytest.raises(InputError, match="no sign, and nothing says when it charges") as caught:
        read(write(wrong.text(truth)))
    assert "signed current" in caught.value.problem.fix


def renamed(family, heading, new, make):
    columns = {new if h == heading else h: make if h == heading else m
               for h, m in family.columns.items()}  # fmt: skip
    return replace(family, columns=columns)


def test_a_current_in_milliampere_that_names_no_unit(families, truth, write, read, same):
    """Its own counters of charge tell, and its step clock says that it is not the time."""
    family = renamed(
        families["arbin"], "Current(A)", "Current", lambda t, i: f"{-1e3 * t.current[i]:.4f}"
    )
    got = read(write(family.text(truth)))
    assert "its current is in mA: its own counters of charge say so" in got.told
    same(got, truth)


def test_a_current_without_a_unit_that_nothing_checks_is_doubted(families, truth, write, read):
    family = renamed(
        families["text"], "current [A]", "current", families["text"].columns["current [A]"]
    )
    got = read(write(family.text(truth)))
    assert "its current names no unit: taken as A" in got.doubts


def test_a_rounded_current_is_doubted_and_not_scaled(families, truth, write, read):
    family = families["arbin"]
    rounded = replace(family, changed={"Current(A)": lambda t, i: f"{-0.87 * t.current[i]:.6f}"})
    got = read(write(rounded.text(truth)))
    assert "its own counters of charge pass 1.15 times" in got.doubts
    assert "milliseconds" not in got.told and "mA" not in got.told


def test_rounded_counters_turn_no_unit(families, truth, write, read, same):
    """A counter with two decimals rises in one row of twenty; each rise is that of them all."""
    family = families["arbin"]
    changed = {"Charge_Capacity(Ah)": lambda t, i: f"{t.charged[i]:.2f}",
               "Discharge_Capacity(Ah)": lambda t, i: f"{t.discharged[i]:.2f}"}  # fmt: skip
    got = read(write(replace(family, changed=changed).text(truth)))
    assert "its own counters say so" not in got.told
    same(got, truth)


@pytest.mark.parametrize(("field", "value"), [("3,85", None), ("1,203.5", 1203.5), ("x", None)])
def test_one_odd_field_is_never_read_as_another_number(field, value, read, write):
    rows = [f"{n};{3 + n / 1e3};1.0" for n in range(300)]
    rows[250] = f"250;{field};1.0"
    got = read(write("\n".join(["time [s];voltage [V];current [A]", *rows, ""])))
    assert "some fields are no numbers" in got.told
    at = got.table["Time [s]"] == 250
    found = got.table["Voltage [V]"][at].tolist()
    assert found == ([] if value is None else [value])


@pytest.mark.parametrize("seed", range(6))
def test_the_noise_of_a_meter_turns_no_sign(seed, read, write):
    """A dozen rows at rest: whatever the noise says, the format counts."""
    rng = np.random.default_rng(seed)
    rows = [f"{n},{3 + rng.normal(0, 2e-4):.6f},{rng.normal(0, 1e-6):.9f}" for n in range(12)]
    got = read(write("\n".join(["Test Time / s,Voltage / V,Current / A", *rows, ""])))
    assert got.found.table.sign.checked == "silent"
    assert got.found.table.sign.positive == "charge"
