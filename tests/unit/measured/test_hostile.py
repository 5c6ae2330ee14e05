"""Files that mean harm, or are no data: one line each, in little time and memory."""

from __future__ import annotations

import gzip
import io
import resource
import time
import zipfile

import numpy as np
import pytest

from twin.errors import InputError

GOOD = "time [s],voltage [V],current [A]\n" + "".join(
    f"{n},{3 + n / 1000},{1.0}\n" for n in range(50)
)


def refusal(read, path, **asked):
    with pytest.raises(InputError) as caught:
        read(path, **asked)
    problem = caught.value.problem
    assert problem.message and "\n" not in problem.message and problem.fix
    assert problem.file == str(path)
    return problem


def test_an_empty_file(read, write):
    assert "empty" in refusal(read, write("")).message


def test_a_folder_and_a_file_that_is_not_there(read, tmp_path):
    assert "folder" in refusal(read, tmp_path).message
    assert "no such file" in refusal(read, tmp_path / "none.csv").message


@pytest.mark.parametrize(
    "content",
    [b"\x00" * 5000, bytes(range(256)) * 50, b"\x89PNG\r\n\x1a\n\x00\x00" * 900],
    ids=["zeros", "all", "picture"],
)
def test_bytes_that_are_no_text(read, write, content):
    assert "no reader knows it" in refusal(read, write(content)).message


def test_text_that_is_no_table(read, write):
    refusal(read, write("To be, or not to be, that is the question:\n" * 200))


def test_headings_without_rows(read, write):
    assert "no row below" in refusal(read, write(GOOD.splitlines()[0] + "\n")).message


def test_rows_without_one_good_number(read, write):
    problem = refusal(read, write("time [s],voltage [V],current [A]\nx,y,z\nx,y,z\n"))
    assert "0 usable rows" in problem.message


def test_a_gzip_bomb(read, write):
    start = time.monotonic()
    packed = io.BytesIO()
    with gzip.GzipFile(fileobj=packed, mode="wb") as stream:
        stream.write(GOOD.encode())
        row = b"50,3.05,1.0\n" * 100_000
        for _ in range(150):
            stream.write(row)
    problem = refusal(read, write(packed.getvalue()))
    assert "unpacks into more than" in problem.message
    assert time.monotonic() - start < 60


def test_a_zip_bomb_that_says_it_is_of_neware(read, tmp_path):
    path = tmp_path / "bomb.ndax"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("data.ndc", bytes(200 << 20))
    assert "unpacks into 200 MB" in refusal(read, path).message


def test_an_archive_with_entities_that_grow_and_names_that_climb(read, tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "inner"))
    (tmp_path / "inner").mkdir()
    entities = "".join(
        f'<!ENTITY e{n} "{10 * f"&e{n - 1};" if n else "x" * 100}">' for n in range(10)
    )
    bomb = f'<?xml version="1.0"?><!DOCTYPE config [{entities}]><config>&e9;</config>'
    path = tmp_path / "bomb.ndax"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in ("VersionInfo.xml", "Step.xml", "TestInfo.xml", "data.xml"):
            archive.writestr(name, bomb)
        for name in ("data.ndc", "../../evil.ndc", "/etc/evil.ndc"):
            archive.writestr(name, bytes(8192))
    start = time.monotonic()
    refusal(read, path)
    assert time.monotonic() - start < 60
    assert [p.name for p in tmp_path.rglob("*") if "evil" in p.name or "bomb" in p.name] == [
        "bomb.ndax"
    ]


def test_an_archive_of_something_else(read, tmp_path):
    path = tmp_path / "letters.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("letter.txt", "Dear")
    assert "none of Neware's" in refusal(read, path).message


def test_a_heading_of_a_billion_columns(read, write):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    path = write("")
    with path.open("wb") as file:
        file.write(b"time [s],")
        for _ in range(100):
            file.write(b"x," * (1 << 19))
    problem = refusal(read, path)
    assert "no table is that wide" in problem.message
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200_000  # kB


def test_more_columns_than_any_cycler_has(read, write):
    wide = ",".join(["time [s]", "voltage [V]", "current [A]", *["x"] * 2000])
    assert "more than 1000 columns" in refusal(read, write(wide + "\n" + "1," * 2000)).message


def test_one_row_as_long_as_the_file(read, write):
    problem = refusal(read, write(GOOD + "1," * (3 << 20)))
    assert problem


def test_huge_numbers(read, write):
    content = GOOD.replace("\n7,", f"\n{'9' * 400},").replace("\n9,", "\n1e999,")
    got = read(write(content))
    assert len(got.table["Time [s]"]) == 48
    assert "without a finite" in got.told


def test_a_step_number_beyond_all_counting(read, write):
    rows = "".join(f"{n},{3 + n / 1e3},1,{10**30 if n == 7 else 1}\n" for n in range(50))
    got = read(write("time [s],voltage [V],current [A],step\n" + rows))
    assert len(got.table["Time [s]"]) == 50
    assert "step is missing in 1 row" in got.told


def test_control_characters_in_headings_and_names(read, tmp_path):
    path = tmp_path / "evil\x1b[31m.csv"
    path.write_text(GOOD.replace("time [s]", "time [s],\x1b]0;owned\x07").replace("\n", ",\n", 0))
    with pytest.raises(InputError):
        read(path)
    path.write_text(GOOD)
    assert "\x1b" not in read(path).found.name


def test_a_formula_is_not_evaluated(read, write):
    content = GOOD.replace("\n7,", '\n=cmd|" /C calc"!A0,')
    assert len(read(write(content)).table["Time [s]"]) == 49


@pytest.mark.parametrize("share", [0.001, 0.1, 0.5, 0.9, 0.999])
def test_a_parquet_file_that_is_cut(read, tmp_path, share):
    import pyarrow as pa
    import pyarrow.parquet as pq

    path = tmp_path / "file"
    n = np.arange(1000.0)
    pq.write_table(pa.table({"Test Time / s": n, "Voltage / V": n, "Current / A": n}), path)
    path.write_bytes(path.read_bytes()[: max(int(share * path.stat().st_size), 4)])
    refusal(read, path)


def test_flipped_bytes_never_show_a_traceback(read, tmp_path):
    import pyarrow as pa
    import pyarrow.parquet as pq

    path = tmp_path / "file"
    n = np.arange(300.0)
    pq.write_table(
        pa.table({"Test Time / s": n, "Voltage / V": 3 + n / 1e3, "Current / A": n}), path
    )
    good, rng = path.read_bytes(), np.random.default_rng(3)
    for _ in range(60):
        bad = bytearray(good)
        for at in rng.integers(4, len(bad), 5):
            bad[at] ^= int(rng.integers(1, 256))
        path.write_bytes(bytes(bad))
        try:
            read(path)
        except InputError as error:
            assert "\n" not in error.problem.message


@pytest.mark.parametrize("name", ["bdf", "basytec", "novonix"])
def test_flipped_bytes_in_text_are_read_around_or_refused(
    name, families, truth, read, tmp_path, capfd
):
    path = tmp_path / "file"
    good = families[name].text(truth.take(slice(0, 200))).encode()
    rng = np.random.default_rng(5)
    done = 0
    for _ in range(40):
        bad = bytearray(good)
        for at in rng.integers(0, len(bad), 12):
            bad[at] = int(rng.integers(0, 256))
        path.write_bytes(bytes(bad))
        try:
            done += len(read(path).table["Time [s]"]) > 150
        except InputError as error:
            assert "\n" not in error.problem.message
    assert done > 20
    assert capfd.readouterr().err == ""
