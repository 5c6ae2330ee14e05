"""The picture of a face in patches."""

import math

import numpy as np
import pytest
from PIL import Image

import twin
from twin.engine.crowding import crowding
from twin.engine.outcome import Outcome
from twin.errors import InputError
from twin.report import face
from twin.report.describe import describe
from twin.report.face import FaceField, animate_face, draw_face, face_fields, face_strips, plot_face
from twin.report.worst_patch import judged_by, patch_stories
from twin.specs.patches import Patches, divided

GIVEN = {
    "interfaces.anode.patches": {
        "count": 3,
        "vary": {
            "modes.pressure.voids.refill_current": "lognormal 0.3",
            "modes.pressure.voids.refill_per_pressure": "lognormal 0.3",
        },
    },
    "protocol.current_density": "1.2 mA/cm^2",
}


@pytest.fixture(scope="module")
def run():
    return twin.simulate(
        "na-base-na", cycles=2, modes=["pressure"], overrides=GIVEN, store="sqlite://"
    )


def test_fields_are_in_the_units_that_people_read(run):
    fields = {(f.side, f.title): f for f in face_fields(run)}
    assert {title for _, title in fields} == {
        "conducting fraction",
        "current density",
        "current over the mean",
        "void height",
    }
    current = fields["Cathode", "current density"]
    assert current.unit == "mA/cm²" and current.cycles == [1, 2]
    # At the cycle's end, in mA/cm2: a tenth of the row's A/m2.
    for number, values in enumerate(current.values, start=1):
        stored = run.rows[1][f"Cathode current density [A.m-2] (patch {number})"]
        assert values[1] == pytest.approx(stored / 10, rel=1e-12)
    assert current.edges == divided(Patches(count=3)).edges


def test_the_weakest_patch_is_the_last_line(run):
    text = draw_face(run, width=60)
    contact = text.split("Cathode: conducting fraction")[1].split("\n\n")[0].splitlines()
    assert [line.split()[0] for line in contact[1:4]] == ["3", "2", "1"]
    assert max(map(len, text.splitlines())) <= 100
    assert contact[3].startswith("  1 19.2 %")


def test_plain_characters_where_there_are_no_others(run):
    assert draw_face(run, encoding="ascii").isascii()


def test_what_is_the_same_everywhere_is_said_and_not_drawn(run):
    field = FaceField("Anode", "thing", "µm", [0, 0.5, 1], [1, 2], [[1.0, 1.0], [1.0 + 1e-9, 1.0]])
    assert field.is_flat and field.label == "thing (µm)"
    moved = FaceField("Anode", "thing", "", [0, 0.5, 1], [1, 2], [[1.0, 2.0], [math.nan, 1.0]])
    assert not moved.is_flat and moved.ends == (1.0, 2.0)


def test_a_figure_of_both_faces(run, tmp_path):
    figure = plot_face(run, tmp_path / "face.png")
    assert (tmp_path / "face.png").stat().st_size > 10_000
    shown = [axes.get_title() for axes in figure.axes if axes.get_visible()]
    assert "Cathode: void height" in shown and "Cathode: conducting fraction" in shown


def test_a_film_has_a_frame_a_cycle(run, tmp_path, monkeypatch):
    shares = []
    assert animate_face(run, tmp_path / "face.gif", shares.append) == 2 and shares == [0.5, 1.0]
    with Image.open(tmp_path / "face.gif") as film:
        first = np.array(film.convert("L"), dtype=float)
        film.seek(film.n_frames - 1)
        assert film.n_frames == 2 and np.abs(np.array(film.convert("L")) - first).max() > 50
    monkeypatch.setattr(face, "MOST_FRAMES", 1)
    with pytest.raises(InputError, match="end the name"):
        animate_face(run, tmp_path / "face.mp4")


def test_a_face_from_a_map_is_filmed_from_above(tmp_path):
    np.savetxt(tmp_path / "f.csv", [[0.5, 1.0, 1.5], [2.0, 1.0, 0.7]], delimiter=",")
    own = GIVEN["interfaces.anode.patches"] | {"kind": "map", "count": 6}
    own |= {"map": {"file": str(tmp_path / "f.csv"), "pixel_size": "1 mm"}}
    own["vary"] = dict.fromkeys(own["vary"], "map")
    given = GIVEN | {"interfaces.anode.patches": own}
    run = twin.simulate("na-base-na", cycles=1, modes=["pressure"], overrides=given,
                        store="sqlite://")  # fmt: skip
    field = next(f for f in face_fields(run) if f.title == "void height")
    assert field.map == (pytest.approx([0, 1, 2, 3]), pytest.approx([0, 1, 2]))
    assert animate_face(run, tmp_path / "map.gif") == 1
    (worst, *_) = [s for s in patch_stories(run) if s.side == "Cathode"]
    assert worst.patch == 1 and worst.share == pytest.approx(1 / 6)


def test_what_is_kept_of_the_current_by_hand():
    """|j_k|/|i| where at least half of the largest |i| flows; a rest says nothing."""
    name = "Anode current density [A.m-2]"
    table = {
        name: np.array([0.0, 10.0, -8.0, 1.0]),
        f"{name} (patch 1)": np.array([0.5, 4.0, -4.0, 5.0]),
        f"{name} (patch 2)": np.array([-0.5, 16.0, -12.0, -3.0]),
        f"{name} (lowest patch)": np.array([-0.5, 4.0, -12.0, -3.0]),
        f"{name} (highest patch)": np.array([0.5, 16.0, -4.0, 5.0]),
    }
    assert crowding(table) == {
        "Anode current over the mean (highest patch)": pytest.approx(1.6),
        "Anode current over the mean (patch 1)": pytest.approx(0.5),
        "Anode current over the mean (patch 2)": pytest.approx(1.6),
    }
    assert crowding({"Anode current density [A.m-2]": np.ones(2)}) == {}
    assert crowding({key: 0 * values for key, values in table.items()}) == {}


class Told:
    """A run of three cycles with two patches at the anode, by hand."""

    id = "told"

    def __init__(self, run, contact, crowd, outcome=None):
        self.info, self.outcome = run.info, outcome
        shares = divided(Patches(count=3)).weights
        self.rows = [{"cycle": 1}, {"cycle": 2}, {"cycle": 3, "interpolated": True}, {"cycle": 4}]
        for row, c, x in zip([r for r in self.rows if "interpolated" not in r], contact, crowd,
                             strict=True):  # fmt: skip
            row |= {f"Anode conducting fraction (patch {k})": v for k, v in enumerate(c, 1)}
            row |= {f"Anode current over the mean (patch {k})": v for k, v in enumerate(x, 1)}
            row |= {f"Anode filament length [m] (patch {k})": v for k, v in enumerate(c, 1)}
            row["Anode filament length [m]"] = float(np.dot(shares, c))


def test_the_worst_patchs_story_by_hand(run):
    contact = [(1.0, 1.0, 1.0), (0.5, 1.0, 1.0), (0.2, 0.9, 1.0)]
    crowd = [(1.0, 1.0, 1.0), (0.6, 1.0, 1.55), (0.2, 1.0, 6.1)]
    lost, carried = patch_stories(Told(run, contact, crowd))
    share = divided(Patches(count=3)).weights
    assert (lost.patch, lost.value, lost.since, lost.cycle) == (1, 0.2, 2, 4)
    assert lost.mean == pytest.approx(np.dot(share, contact[-1]))
    assert "patch 1 of 3, 19 % of the face, has 0.2 of its contact" in lost.says
    assert (carried.patch, carried.value, carried.since, carried.cycle) == (3, 6.1, 2, 4)
    assert carried.share == pytest.approx(share[2])
    assert carried.says.endswith("in cycle 4, more than 1.5 times from cycle 2")
    assert patch_stories(Told(run, [(1.0, 1.0, 1.0)] * 3, [(1.0, 1.0, 1.0)] * 3)) == []


def test_the_patch_that_met_the_limit_is_told(run):
    end = Outcome("cell-failed", variable="Anode filament length [m] (highest patch)", value=1.0)
    told = patch_stories(Told(run, [(1, 1, 1), (1, 1, 1), (1, 2, 1)], [(1, 1, 1)] * 3, end))
    assert (told[0].what, told[0].patch, told[0].value) == ("met the limit", 2, 2.0)
    low = Outcome("cell-failed", variable="Anode filament length [m] (lowest patch)", value=1.0)
    told = patch_stories(Told(run, [(1, 1, 1), (1, 1, 1), (1, 2, 0.97)], [(1, 1, 1)] * 3, low))
    assert (told[0].what, told[0].patch) == ("met the limit", 3)


def test_what_a_criterion_of_the_face_looks_at_is_told(run):
    judged = judged_by(run)
    assert judged["pressure: anode contact lost"] == "mean"
    assert not any(label.startswith("core: ") for label in judged)
    document = describe(run)
    assert document["judged_by"] == judged
    assert document["patches"] == [story.to_dict() for story in patch_stories(run)]


def test_shorts_are_judged_at_the_worst_patch():
    own = {"interfaces.anode.patches.count": 2}
    run = twin.simulate("na-nzsp-na", cycles=1, modes=["dendrite"], overrides=own,
                        store="sqlite://")  # fmt: skip
    assert judged_by(run)["dendrite: anode hard short"] == "worst patch"


def test_a_run_without_patches_says_how_to_have_some(tmp_path):
    plain = twin.simulate("na-base-na", cycles=1, modes=["pressure"], store="sqlite://")
    with pytest.raises(InputError, match="no face in patches"):
        plot_face(plain)
    assert patch_stories(plain) == [] and judged_by(plain) == {}


def test_a_strip_has_a_character_a_patch_the_weakest_first():
    row = {
        "Anode conducting fraction (patch 2)": 0.99,
        "Anode conducting fraction (patch 1)": 0.0,
        "Anode conducting fraction (patch 10)": 0.5,
        "Anode current over the mean (patch 1)": 2.7,
        "Anode current over the mean (patch 2)": 1.0,
        "Anode current over the mean (patch 10)": 0.1,
        "Anode void fraction (patch 1)": 0.3,
        "Anode conducting fraction": 0.6,
    }
    assert face_strips(row) == [
        ("Anode face, contact", " █▒"),  # 10 comes after 2
        ("Anode face, current", "█▒ "),
    ]
    assert face_strips(row, "ascii")[0] == ("Anode face, contact", " #:")
    assert face_strips({"Anode conducting fraction": 1.0}) == []


def test_the_latest_cycle_of_a_real_run_has_strips_of_both_faces(run):
    strips = dict(face_strips(run.rows[-1]))
    assert set(strips) == {
        f"{s} face, {w}" for s in ("Anode", "Cathode") for w in ("contact", "current")
    }
    assert len({len(strip) for strip in strips.values()}) == 1
