"""20,000 specs with something changed at random: a cell, or problems with a fix; never a hang."""

from __future__ import annotations

import random
import time
from pathlib import Path

import pytest

import twin
from twin.errors import TwinError

SPECS, SECONDS = 20_000, 1800
VALUES = ("nan", "inf", "-1", "0", "1e308", "1e-308", '""', '"1 m"', '"5 MPa"', '"-3 degC"', "true",
          "[]", "{}", '"lognormal 0.3"', '"0,5 mm"', '"5 S cm-1"', '"\\u001b[31m"', "99999999999",
          '"1 dB/m"', '"table"', '"vtf"', "[1, 2]", "1979-05-27", '"discharged"')  # fmt: skip


def changed(chance: random.Random, text: str, others: list[str]) -> str:
    lines = text.split("\n")
    for _ in range(chance.choice([1, 1, 2, 4])):
        at = chance.randrange(len(lines))
        line = lines[at]
        key, equals, _ = line.partition("=")
        match chance.randrange(8):
            case 0:
                del lines[at]
            case 1:
                lines.insert(at, line)
            case 2 | 3 if equals:
                lines[at] = f"{key}= {chance.choice(VALUES)}"
            case 4:
                lines[at] = line[: chance.randrange(len(line) + 1)]
            case 5:
                place = chance.randrange(len(line) + 1)
                lines[at] = line[:place] + chr(chance.randrange(1, 0x250)) + line[place:]
            case 6:
                other = chance.choice(others).split("\n")
                start = chance.randrange(len(other))
                lines[at:at] = other[start : start + chance.randrange(1, 6)]
            case _ if equals:
                lines[at] = line.replace(chance.choice("0123456789"), chance.choice("-9eE.x"))
        lines = lines or [""]
    return "\n".join(lines)


@pytest.mark.timeout(2 * SECONDS)
def test_mutated_specs(times, figure, tmp_path):
    chance, began = random.Random(2026), time.monotonic()
    folders = [Path(p) for p in twin.plugin_manager().spec_directories]
    texts = [p.read_text(encoding="utf-8") for f in folders for p in sorted(f.glob("cells/*.toml"))]
    assert texts
    file, loaded, told, slowest = tmp_path / "cell.toml", 0, 0, 0.0
    for n in range(times(SPECS)):
        text = changed(chance, chance.choice(texts), texts)
        file.write_text(text, encoding="utf-8", errors="surrogateescape")
        start = time.monotonic()
        try:
            twin.load_cell(file)
            loaded += 1
        except TwinError as error:
            told += 1
            assert all(problem.message for problem in error.problems)
        except Exception as error:
            raise AssertionError(f"spec {n} (seed 2026): {error!r}\n{text}") from error
        slowest = max(slowest, time.monotonic() - start)
        assert time.monotonic() - began < SECONDS, f"after {n} specs"
    figure(specs=loaded + told, loaded=loaded, refused=told, slowest_s=round(slowest, 2))
    assert slowest < 10
