"""20,000 specs with something changed at random: a cell, or problems with a fix; never a hang.

In eight parts of 2,500, each with its own seed and its own bound in time, so that `-n 2` shares
them out; validated in this process, under a watchdog.
"""

from __future__ import annotations

import random
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

import twin
from twin.errors import TwinError

PARTS, SPECS = 8, 2_500
ONE_S, EACH_S = 10.0, 0.2
"""How long one spec may take, and each of them on average [s]."""
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


class Hangs(BaseException):
    """Raised out of a spec that takes too long; nothing in the twin catches it."""


@contextmanager
def watchdog(seconds: float) -> Iterator[None]:
    """End what takes longer, wherever it is."""

    def bark(number: int, frame: object) -> None:
        raise Hangs(f"more than {seconds:g} s")

    before = signal.signal(signal.SIGALRM, bark)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def test_the_watchdog_bites():
    with pytest.raises(Hangs), watchdog(0.2):
        try:
            time.sleep(5)
        except Exception:  # as a loader might
            time.sleep(5)


@pytest.mark.timeout(7200)
@pytest.mark.parametrize("part", range(PARTS))
def test_mutated_specs(times, figure, tmp_path, part):
    seed = 2026 + part
    chance, began, wanted = random.Random(seed), time.monotonic(), times(SPECS)
    folders = [Path(p) for p in twin.plugin_manager().spec_directories]
    texts = [p.read_text(encoding="utf-8") for f in folders for p in sorted(f.glob("cells/*.toml"))]
    assert texts
    file, loaded, told, slowest = tmp_path / "cell.toml", 0, 0, 0.0
    for n in range(wanted):
        text = changed(chance, chance.choice(texts), texts)
        file.write_text(text, encoding="utf-8", errors="surrogateescape")
        start = time.monotonic()
        try:
            with watchdog(ONE_S):
                twin.load_cell(file)
            loaded += 1
        except TwinError as error:
            told += 1
            assert all(problem.message for problem in error.problems)
        except (Exception, Hangs) as error:
            raise AssertionError(f"spec {n} (seed {seed}): {error!r}\n{text}") from error
        slowest = max(slowest, time.monotonic() - start)
    took = time.monotonic() - began
    figure(specs=loaded + told, loaded=loaded, refused=told, slowest_s=round(slowest, 2),
           seconds=round(took))  # fmt: skip
    assert loaded + told == wanted and took < 60 + EACH_S * wanted
