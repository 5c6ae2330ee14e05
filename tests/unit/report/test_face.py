"""The picture of a face in patches."""

import math

import pytest

import twin
from twin.errors import InputError
from twin.report.face import FaceField, draw_face, face_fields, plot_face
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


def test_a_run_without_patches_says_how_to_have_some(tmp_path):
    plain = twin.simulate("na-base-na", cycles=1, modes=["pressure"], store="sqlite://")
    with pytest.raises(InputError, match="no face in patches"):
        plot_face(plain)
