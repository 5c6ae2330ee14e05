"""Each kind of cycler's export: known by its content, right in rows, units and sign."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

NAMES = [
    "bdf", "basytec", "novonix", "biologic", "maccor", "arbin", "neware", "landt", "pec", "text",
]  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_rows_units_and_sign_are_those_of_the_truth(name, families, truth, write, read, same):
    family = families[name]
    got = read(write(family.text(truth), encoding=family.encoding))
    assert got.found.reader == name
    same(got, truth)
    if "Step" in got.table:
        assert (got.table["Step"] == truth.step).all()
        assert (got.table["Cycle"] == truth.cycle).all()
    assert (np.unique(got.table["Cycle"]) == [1, 2]).all()
    assert got.doubts == ""


@pytest.mark.parametrize("name", NAMES)
def test_the_sign_is_told_and_the_voltage_agrees(name, families, truth, write, read):
    got = read(write(families[name].text(truth), encoding=families[name].encoding))
    assert "positive current is charge" in got.told or "no sign" in got.told
    if name not in ("maccor", "text"):
        assert got.found.table.sign.checked == "agrees"


def test_what_each_reader_said_is_kept(families, truth, write, read):
    broken = families["arbin"].text(truth).replace("Current(A)", "Curious(A)")
    with pytest.raises(Exception, match="no line names a time, a current and a voltage"):
        read(write(broken))


@pytest.mark.parametrize("name", ["bdf", "novonix"])
def test_the_name_of_a_file_tells_nothing(name, families, truth, write, read):
    got = read(write(families[name].text(truth), "data.mpr"))
    assert got.found.reader == name


def test_a_file_can_be_read_by_one_reader_only(families, truth, write, read):
    path = write(families["arbin"].text(truth))
    assert read(path, reader="text").found.reader == "text"
    with pytest.raises(Exception, match="no reader 'arbn'"):
        read(path, reader="arbn")


def test_spaces_part_columns_too(truth, write, read, same):
    rows = [
        f"{t:10.3f}   {v:.6f}  {-i:.6f}"
        for t, v, i in zip(truth.t, truth.voltage, truth.current, strict=True)
    ]
    got = read(write("\n".join(["time/s  Ewe/V  I/A", *rows])))
    same(got, truth)


def test_units_below_the_headings(truth, write, read, same):
    rows = [
        f"{t / 60:.9f}\t{1e3 * v:.6f}\t{-1e3 * i:.6f}"
        for t, v, i in zip(truth.t, truth.voltage, truth.current, strict=True)
    ]
    got = read(write("\n".join(["Time\tVoltage\tCurrent", "min\tmV\tmA", *rows])))
    same(got, truth)
    assert "units stand below" in got.told


def test_a_current_that_is_missing_follows_from_the_charge(truth, write, read):
    passed = (truth.charged - truth.discharged) * 1e3
    rows = [
        f"{t:.3f}\t{v:.6f}\t{q:.9f}" for t, v, q in zip(truth.t, truth.voltage, passed, strict=True)
    ]
    got = read(write("\n".join(["time/s\tEwe/V\t(Q-Qo)/mA.h", *rows])))
    assert "worked out from the charge" in got.told
    inside = truth.step_time > 0
    assert np.abs(got.table["Current [A]"] - truth.current)[inside].max() < 1e-5


def test_a_curve_of_charge_and_voltage_becomes_one_over_time(write, read):
    q = np.linspace(0, 3, 50)
    rows = [f"{a:.9f}, {4.2 - 0.4 * a:.9f}" for a in q]
    got = read(write("\n".join(rows)), columns="charge [mA.h], voltage [V]", current=0.3e-3)
    assert np.allclose(got.table["Time [s]"], q * 1e-3 / 0.3e-3 * 3600)
    assert (got.table["Current [A]"] == 0.3e-3).all()


@pytest.mark.parametrize("encoding", ["gb18030", "utf-8", "utf-16"])
def test_chinese_headings(encoding, families, truth, write, read, same):
    family = families["neware"]
    words = {"Cycle Index": "循环号", "Step Index": "工步号", "Total Time": "总时间",
             "Time": "时间", "Current(mA)": "电流(mA)", "Voltage(V)": "电压(V)",
             "Chg. Cap.(mAh)": "充电容量(mAh)", "DChg. Cap.(mAh)": "放电容量(mAh)",
             "Step Type": "工步类型", "T1(℃)": "温度(℃)"}  # fmt: skip
    columns = {words.get(heading, heading): make for heading, make in family.columns.items()}
    got = read(write(replace(family, columns=columns).text(truth), encoding=encoding))
    assert got.found.reader == "neware" and got.doubts == ""
    same(got, truth)
    assert (got.table["Step"] == truth.step).all()


OTHERS = {
    "new Arbin": ("Date Time,Test Time (s),Step Time (s),Cycle Index,Step Index,Current (A),"
                  "Voltage (V)",
                  "{date},{t},{s},{cycle},{step},{charge},{v}", "arbin"),
    "BioLogic, GCPL": ("Ns\ttime/s\tcontrol/V/mA\tEwe-Ece/V\t<I>/mA\tcycle number",
                       "{step}\t{t}\t0\t{v}\t{charge_m}\t{cycle}", "biologic"),
    "Maccor, CSV": ("Rec,Cycle P,Cycle C,Step,Test Time (sec),Step Time (sec),Current (A),"
                    "Voltage (V),MD",
                    "1,{cycle},0,{step},{t},{s},{amps},{v},{word}", "maccor"),
    "Digatron": ("Step,Status,Timestamp,Program Duration#s,Voltage#V,Current#A",
                 "{step},CHA,{date},{t},{v},{charge}", "text"),
    "hours and a bare name": ("Time (h);U (V);I (A)", "{hours};{v};{charge}", "text"),
}  # fmt: skip


@pytest.mark.parametrize("name", OTHERS)
def test_other_dialects(name, truth, write, read, same):
    headings, form, reader = OTHERS[name]
    rows = []
    for i in range(len(truth)):
        current = truth.current[i]
        rows.append(form.format(
            date=f"2024-05-01 {int(truth.t[i]) // 3600:02d}:{int(truth.t[i]) // 60 % 60:02d}:00",
            t=f"{truth.t[i]:.3f}", s=f"{truth.step_time[i]:.3f}", hours=f"{truth.t[i] / 3600:.9f}",
            cycle=int(truth.cycle[i]), step=int(truth.step[i]), v=f"{truth.voltage[i]:.6f}",
            charge=f"{-current + 0.0:.6f}", charge_m=f"{-1e3 * current + 0.0:.6f}",
            amps=f"{abs(current):.6f}", word="CRD"[int(np.sign(current)) + 1],
        ))  # fmt: skip
    got = read(write("\n".join([headings, *rows, ""])))
    same(got, truth)
    assert got.found.reader == reader
