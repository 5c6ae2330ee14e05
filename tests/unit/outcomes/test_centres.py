"""Where published rows put a centre: a closed form, what does not tell, and the diff."""

from __future__ import annotations

import math
import subprocess
from pathlib import Path

import numpy as np
import pytest
from scipy.special import ndtri

from twin.outcomes.centres import Centre, evidence, learn_centres
from twin.outcomes.ensembles import Around, Told, key_of
from twin.outcomes.learning import ON_TOP, Learned, learn, load_learned, shipped
from twin.outcomes.library_diff import library_diff
from twin.outcomes.ratios import Known
from twin.outcomes.table import CRITICAL, Row, read_tables

REFILL = "modes.pressure.voids.refill_current"
ROOT = Path(__file__).parents[3]
S = 1.16


def told(tells: bool = True, members: int = 400) -> Told:
    """A row whose critical current is the refill that was drawn (or has nothing to do with it)."""
    off = S * ndtri((np.arange(members) + 0.5) / members)
    said = np.log10(0.75) + (off if tells else 0 * off) / math.log(10)
    return Told(said, np.zeros(members, bool), around={REFILL: Around("0.75 mA/cm^2", S, off)})


def rows(current: float, count: int = 8) -> list[Row]:
    return [
        Row(f"P{i}", "a", CRITICAL, current, current, classes={"face": "bare"})
        for i in range(count)
    ]


def narrow() -> dict[str, Learned]:
    """What was learned of the scatter, so small that a member tells all."""
    of = shipped()[CRITICAL + ON_TOP]
    exact = Learned(
        CRITICAL, of.centres, of.effects, of.laboratory, Known(math.log(0.02), 0.0), (), None, 0.0
    )
    return {CRITICAL + ON_TOP: exact}


@pytest.mark.parametrize("factor", [0.5, 1.0, 2.0])
def test_a_centre_is_found_as_the_closed_form_has_it(factor):
    """Rows that say the number itself: d = n y/(n + 1), known to s/sqrt(n + 1)."""
    table, n, y = rows(0.75 * factor), 8, math.log(factor)
    (found,) = learn_centres(table, {key_of(r): told() for r in table}, narrow())
    assert found.moved == pytest.approx(n * y / (n + 1), abs=0.02)
    assert found.ln_sd == pytest.approx(S / math.sqrt(n + 1), rel=0.04)
    assert float(found.learned.split()[0]) == pytest.approx(
        0.75 * math.exp(n * y / (n + 1)), rel=0.05
    )
    assert found.drawn == "0.75 mA/cm^2" and found.rows[:2] == ("P0/a", "P1/a")


def test_rows_that_do_not_tell_leave_the_centre_where_it_is():
    table = rows(3.0)
    (found,) = learn_centres(table, {key_of(r): told(False) for r in table}, narrow())
    assert abs(found.moved) < 1e-9 and found.stands and not found.at_end
    assert learn_centres(table, None, narrow()) == []
    assert learn_centres(table[:1], {key_of(r): told() for r in table[:1]}, narrow()) == []


def test_the_weights_are_those_of_a_moved_normal_law():
    off = S * ndtri((np.arange(4000) + 0.5) / 4000)
    # The share above 0 of N(d, s), against its closed form.
    d = np.array([-0.8, 0.0, 0.8])
    share = np.exp(evidence(off, (off > 0).astype(float), d, S))
    from scipy.special import ndtr

    assert share == pytest.approx(ndtr(d / S), abs=5e-3)


def test_a_diff_moves_every_line_that_has_the_centre_and_applies(tmp_path):
    moved = Centre(REFILL, "1.5 mA/cm^2", "0.9 mA/cm^2", 0.3, -0.51, False, ("P1/a", "P2/a"))
    stands = Centre(REFILL, "0.75 mA/cm^2", "1.1 mA/cm^2", 0.3, 0.4, False, ("P1/a", "P2/a"))
    some = {name: of for name, of in shipped().items() if name == CRITICAL}
    diff = library_diff(some, [moved, stands], "2 rows of mine.csv")
    files = [line[6:] for line in diff.splitlines() if line.startswith("+++ b/")]
    assert "twin/outcomes/drawn.toml" in files and "twin/outcomes/learned.toml" in files
    assert "cell_specs/twin_cells/cells/na-nzsp-nvp.toml" in files
    assert "plugins/twin_pressure/defaults.toml" not in files  # 0.75 stands
    assert "2 of 2 rows of mine.csv: x/ 1.3; before 1.5 mA/cm^2: " in diff
    for name in files:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text((ROOT / name).read_text())
    subprocess.run(["patch", "-p1"], input=diff, text=True, cwd=tmp_path, check=True)
    kept = load_learned(tmp_path / "twin/outcomes/learned.toml")
    assert set(kept) == set(shipped())  # what was not learned anew stays
    said = (tmp_path / "cell_specs/twin_cells/cells/na-nzsp-nvp.toml").read_text()
    assert 'refill_current = { value = "0.9 mA/cm^2"' in said


def test_a_users_table_is_read_beside_the_librarys(tmp_path):
    mine = tmp_path / "mine.csv"
    mine.write_text(
        "paper,id,quantity,value,electrolyte,anode\n"
        "ME,1,ccd_mA_cm2,0.7,Na3Zr2Si2PO12,Na\nME,1,ccd_mA_cm2,0.8,Na3Zr2Si2PO12,Na\n"
        "ME,2,porosity,3,,\n"
    )
    own, left = read_tables(["published"])
    both, more = read_tables(["published", mine])
    assert [r.paper for r in both[len(own) :]] == ["ME", "ME"] and both[-1].again == 1
    assert [r.again for r in read_tables([mine, mine])[0]] == [0, 1, 2, 3]
    assert len(more) == len(left) + 1 and more[-1].startswith(str(mine))
    assert set(learn(both)[CRITICAL].rows) - set(learn(own)[CRITICAL].rows) == {"ME/1"}
