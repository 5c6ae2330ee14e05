"""Readers as plugins, and those over other people's libraries."""

from __future__ import annotations

import gzip
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

import twin
from twin.errors import InputError
from twin.measured.importing import imported
from twin.measured.readers import readers
from twin.measured.recording import Reader, Recording
from twin.modes.hookspecs import hookimpl
from twin.modes.manager import PluginManager

# Beside the repository, or beside the folder that its worktrees are in.
_ABOVE = Path(__file__).parents[3].parents
SHARED = next((p / "shared" / "data" for p in _ABOVE[:2] if (p / "shared").is_dir()), Path())
MAGIC = "my cycler's own\n"
DATABASE = b"\x00\x01\x00\x00Standard Jet DB\x00" + b"x" * 99


def rows(n=20):
    time = np.arange(float(n))
    return {
        "Time [s]": time,
        "Current [A]": np.where(time < n / 2, 1.0, -1.0),
        "Voltage [V]": 3 - 0.01 * np.where(time < n / 2, time, n - time),
    }


@pytest.fixture
def install(monkeypatch):
    def use(*plugins):
        class Entry:
            dist = None

            def __init__(self, name, plugin):
                self.name = self.module = self.value = name
                self.plugin = plugin

            def load(self):
                class Brought:
                    @hookimpl
                    def twin_readers(inner):
                        return self.plugin()

                return Brought()

        manager = PluginManager([Entry(f"p{n}", p) for n, p in enumerate(plugins)])
        monkeypatch.setattr("twin.modes.manager.plugin_manager", lambda: manager)
        return manager

    return use


def mine(read=lambda source, asked: Recording(iter([rows()]), "discharge"), id="mine", **more):
    return Reader(id, "my files", lambda s: s.text.startswith(MAGIC), read, **more)


def test_a_plugin_reads_its_own_files_before_the_twin_does(install, write):
    install(lambda: [mine()])
    with imported(write(MAGIC + "time [s],voltage [V],current [A]\n1,3,1\n2,3,1\n")) as found:
        assert found.reader == "mine" and found.table.rows == 20
        assert next(found.table.chunks())["Current [A]"][0] == 1.0
    with imported(write("time [s],voltage [V],current [A]\n1,3,1\n2,2.9,1\n")) as found:
        assert found.reader == "text"


def test_one_that_fails_is_told_and_the_next_is_tried(install, write):
    def broken(source, asked):
        raise ZeroDivisionError("oh")

    install(lambda: [mine(broken)])
    with imported(write(MAGIC + "time [s],voltage [V],current [A]\n1,3,1\n2,3,1\n")) as found:
        assert found.reader == "text"
        said = {s.reader: s.says for s in found.said}
        assert "ZeroDivisionError: oh" in said["mine"] and said["text"] == "taken"


def test_a_table_that_is_none_is_not_taken(install, write):
    install(lambda: [mine(lambda source, asked: Recording(iter([{"Time [s]": np.arange(3.0)}])))])
    with pytest.raises(InputError) as caught, imported(write(MAGIC * 9)):
        pass
    assert "no current" in caught.value.problem.message


def test_a_package_that_is_missing_is_named(install, write):
    def lacking(source, asked):
        import a_package_that_nobody_has  # noqa: F401

    install(lambda: [mine(lacking, needs="galvani")])
    needed = pytest.raises(InputError, match="need the package galvani")
    with needed as caught, imported(write(MAGIC * 9)):
        pass
    assert caught.value.problem.fix == "pip install 'sodium-cell-twin[mpr]'"


@pytest.mark.parametrize(
    ("brings", "says"),
    [
        (lambda: [object()], "is no reader"),
        (lambda: [mine(id="Mine!")], "is no reader"),
        (lambda: [mine(id="maccor")], "already"),
        (lambda: [mine(), mine()], "already"),
        (lambda: [SimpleNamespace(id="mine", signature=len)], "has no read"),
        (lambda: 1 / 0, "ZeroDivisionError"),
    ],
)
def test_a_reader_that_cannot_be_used_is_reported(install, brings, says):
    manager = install(brings)
    found = manager.readers({reader.id for reader in readers()})
    assert len(found) <= 1
    assert any(says in problem.message for problem in manager.problems)


def test_the_twins_own_readers_have_names_of_their_own():
    names = [reader.id for reader in readers()]
    assert len(set(names)) == len(names) and names[-1] == "text"


# ---------------------------------------------------------------------- other libraries


def test_reading_newares_files_leaves_pythons_zlib_as_it_was():
    """fastnda replaces zlib's functions, whose errors are then no ``zlib.error``."""
    script = (
        "import zlib; before = zlib.decompress, zlib.decompressobj\n"
        "from twin.measured.readers.binary import _fastnda\n"
        "assert _fastnda().ndax.read_ndax\n"
        "assert (zlib.decompress, zlib.decompressobj) == before"
    )
    subprocess.run([sys.executable, "-c", script], check=True)


def test_newares_binary_files_are_read_through_fastnda(monkeypatch, tmp_path, truth):
    import zipfile

    import polars as pl

    from twin.measured.readers.binary import _fastnda

    fastnda = _fastnda()

    path = tmp_path / "file.dat"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("data.ndc", b"x")
    words = np.array(["CC_Chg", "Rest", "CC_DChg"])[np.sign(truth.current).astype(int) + 1]
    frame = pl.DataFrame(
        {
            "total_time_s": truth.t,
            "current_mA": -1e3 * truth.current,
            "voltage_V": truth.voltage,
            "cycle_count": truth.cycle.astype(int),
            "step_index": truth.step.astype(int),
            "step_time_s": truth.step_time,
            "unix_time_s": 1.7e9 + truth.t,
            "step_type": words,
        }
    )
    monkeypatch.setattr(fastnda, "read", lambda path: frame)
    with imported(path, readers=readers()) as found:
        assert found.reader == "neware-ndax"
        table = next(found.table.chunks())
        assert np.abs(table["Current [A]"] - truth.current).max() < 1e-12
        assert (table["Cycle"] == truth.cycle).all()


def test_arbins_databases_need_a_program_and_say_so(monkeypatch, write):
    monkeypatch.setattr("shutil.which", lambda name: None)
    with pytest.raises(InputError, match="mdb-export") as caught, imported(write(DATABASE)):
        pass
    assert "mdbtools" in caught.value.problem.fix


def test_arbins_databases_are_read_through_mdb_export(
    monkeypatch, tmp_path, write, families, truth
):
    program = tmp_path / "mdb-export"
    table = tmp_path / "table.csv"
    table.write_text(families["arbin"].text(truth))
    program.write_text(f'#!/bin/sh\n[ "$2" = Channel_Normal_Table ] && cat {table}\n')
    program.chmod(0o755)
    monkeypatch.setattr("shutil.which", lambda name: str(program))
    for content in (DATABASE, gzip.compress(DATABASE)):
        with imported(write(content)) as found:
            assert found.reader == "arbin-res" and found.table.rows == len(truth)


# -------------------------------------------------- files of others, where they are at hand

GOOD = [
    # file, reader, kind, rows, span [s], (first and last voltage), current where it flows [A]
    ("cycler/basytec.txt", "basytec", "cycling", 74, 70.2358, (3.52575, 3.53285), -0.4496),
    ("cycler/novonix.csv", "novonix", "cycling", 207, 12287.48, (3.84318, 4.12865), -0.49999),
    ("cycler/SINTEF__LiGrR2032__2024-04-30__25degC__Landt.bdf.csv", "bdf", "cycling", 25162,
     262657.744, (2.9215, 0.1086), 2e-4),
    ("cycler/filetype14-0.ndax", "neware-ndax", "cycling", 67, 655.4, (0.003346, 0.003313), 0.0),
    ("cycler/GCPL-0.mpr", "biologic-mpr", "cycling", 4, 2.813, (3.51509, 3.51478), 0.0),
    ("cycler/PEIS-0.mpr", "biologic-mpr", "impedance", 60, 0.0, None, None),
    ("hina-na-ion/cycles_1_2__2C_25degC.bdf.parquet", "parquet", "cycling", 9831, 54606.07,
     (3.177, 3.0), -20.0),
]  # fmt: skip


@pytest.mark.parametrize("good", GOOD, ids=[Path(g[0]).name for g in GOOD])
def test_good_files_are_right_in_rows_units_and_sign(good):
    name, reader, kind, count, span, ends, current = good
    path = SHARED / name
    if not path.is_file():
        pytest.skip("the folder of measured data is not beside this repository")
    if reader == "biologic-mpr":
        pytest.importorskip("galvani", reason="an extra: pip install '.[mpr]'")
    measured = twin.import_file(path)
    assert measured.meta["reader"] == reader and measured.info.kind == kind
    assert measured.info.rows == count
    if kind == "impedance":
        (spectrum,) = measured.spectra
        assert spectrum.frequency[0] == pytest.approx(10001)
        assert spectrum.impedance[0] == pytest.approx(5.521314 - 1.5513071j)
        return
    table = measured.table
    assert table["Time [s]"][-1] - table["Time [s]"][0] == pytest.approx(span, rel=1e-5)
    assert table["Voltage [V]"][0] == pytest.approx(ends[0], abs=2e-4)
    flows = table["Current [A]"][np.abs(table["Current [A]"]) > 0]
    if current:
        # Of the first current that flows: + on discharge.
        assert np.sign(flows[0]) == np.sign(current)
        assert np.abs(flows).max() == pytest.approx(abs(current), rel=0.01)
    else:
        assert not len(flows)
