"""Measured faces from files: what is read, how it is cut into blocks, and what is refused."""

import hashlib
import math
import os

import numpy as np
import pytest
from PIL import Image

import twin
from twin.catalog.entries import stored_cell
from twin.errors import SpecError
from twin.specs import face_reading
from twin.specs.complaint import Complaint
from twin.specs.dump import cell_hash, cell_to_data, cell_to_toml, with_values
from twin.specs.face_map import cuts
from twin.specs.face_reading import blocks, read_face
from twin.specs.patches import divided

FACE = "interfaces.anode.patches"
REFILL = "modes.pressure.voids.refill_current"
NUMBERS = 1 + np.arange(48.0).reshape(6, 8) / 48


def cell(folder, lines, count=12, vary=f'"{REFILL}" = "map"'):
    path = folder / "my-na-na.toml"
    path.write_text(
        'schema = 1\nextends = "na-base-na"\ntitle = "A measured face"\n'
        f'[{FACE}]\nkind = "map"\ncount = {count}\n'
        f"[{FACE}.map]\n{lines}\n[{FACE}.vary]\n{vary}\n"
    )
    return path


def matrix(folder, numbers=NUMBERS, name="face.csv", split=","):
    np.savetxt(folder / name, numbers, delimiter=split)
    return f'file = "{name}"\npixel_size = "50 um"'


def patches_of(path, **overrides):
    return twin.load_cell(path, overrides=overrides).interfaces.anode.patches


def test_a_matrix_is_cut_into_blocks_of_known_means_and_areas(tmp_path):
    patches = patches_of(cell(tmp_path, matrix(tmp_path)))
    assert patches.map.grid == (4, 3) and patches.count == 12
    by_hand = NUMBERS.reshape(3, 2, 4, 2).mean(axis=(1, 3)).ravel()
    face = divided(patches)
    assert face.factors(REFILL) == pytest.approx(by_hand, rel=1e-14)
    assert face.weights == (1 / 12,) * 12
    x, y = patches.map.edges
    assert x == pytest.approx([0, 1e-4, 2e-4, 3e-4, 4e-4]) and y[-1] == pytest.approx(3e-4)
    assert "8 x 6 pixels of 50 um in 4 x 3 blocks" in patches.map.says
    assert f"factor {NUMBERS.mean():.4g} in the mean" in patches.map.says


def test_blocks_of_unlike_size_keep_the_mean_by_their_areas(tmp_path):
    numbers = np.random.default_rng(1).lognormal(0, 0.5, (7, 11))
    patches = patches_of(cell(tmp_path, matrix(tmp_path, numbers, split=";"), count=10))
    face = divided(patches)
    assert sorted(set(face.weights)) != [0.1] and math.fsum(face.weights) == pytest.approx(1)
    mean = np.dot(face.weights, face.factors(REFILL))
    assert mean == pytest.approx(numbers.mean(), rel=1e-12)


@pytest.mark.parametrize(
    ("size", "most", "wanted"),
    [
        ((64, 48), 12, (4, 3)),
        ((100, 100), 128, (11, 11)),
        ((100, 1), 10, (10, 1)),
        ((2, 2), 64, (2, 2)),
        ((1000, 500), 128, (16, 8)),
    ],
)
def test_how_many_blocks_there_are(size, most, wanted):
    assert blocks(*size, most) == wanted
    edges = cuts(size[0], wanted[0])
    assert np.ptp(np.diff(edges)) <= 1 and edges[-1] == size[0]


def test_a_list_of_points_is_the_matrix(tmp_path):
    lines = ["x [um], y [mm], value"]
    lines += [
        f"{50 * c}, {0.05 * (5 - r)}, {NUMBERS[r, c]!r}".replace("np.float64(", "").rstrip(")")
        for c in range(8)
        for r in range(6)
    ]
    (tmp_path / "points.csv").write_text("\n".join(lines))
    listed = read_face(tmp_path / "points.csv")
    assert listed.numbers == pytest.approx(NUMBERS, rel=1e-15)
    patches = patches_of(cell(tmp_path, 'file = "points.csv"'))
    assert patches.map.pixel_size.si == pytest.approx(50e-6)
    whole = cell(tmp_path, matrix(tmp_path))
    assert patches_of(whole).map.blocks == pytest.approx(patches.map.blocks, rel=1e-14)


@pytest.mark.parametrize(
    ("name", "kind", "most"),
    [("f.png", "uint8", 255), ("f.tif", "uint8", 255), ("g.png", "uint16", 65535)],
)
def test_a_grey_picture_goes_from_black_to_white(tmp_path, name, kind, most):
    grey = np.array([[0.0, 1.0], [0.2, 0.6]])
    Image.fromarray(np.round(grey * most).astype(kind)).save(tmp_path / name)
    lines = f'file = "{name}"\npixel_size = "1 mm"\nblack = 0.5\nwhite = 1.5'
    patches = patches_of(cell(tmp_path, lines, count=4))
    assert divided(patches).factors(REFILL) == pytest.approx([0.5, 1.5, 0.7, 1.1], abs=1e-12)
    dark = twin.load_cell(cell(tmp_path, lines, count=4), overrides={f"{FACE}.map.black": "1.5"})
    assert set(dark.interfaces.anode.patches.map.values) == {1.5}


def test_what_varies_follows_a_power_of_the_map(tmp_path):
    vary = f'"{REFILL}" = "map -2"\n"interfaces.anode.resistance" = "map"'
    face = divided(patches_of(cell(tmp_path, matrix(tmp_path), vary=vary)))
    a, b = (np.array(face.factors(key)) for key in (REFILL, "interfaces.anode.resistance"))
    assert a * b**2 == pytest.approx(1, rel=1e-12)


def test_the_files_hash_is_the_cells(tmp_path):
    spec = twin.load_cell(cell(tmp_path, matrix(tmp_path)))
    raw = (tmp_path / "face.csv").read_bytes()
    assert spec.interfaces.anode.patches.map.sha256 == hashlib.sha256(raw).hexdigest()
    (tmp_path / "face.csv").write_bytes(raw + b"# the same numbers\n")
    assert cell_hash(twin.load_cell(tmp_path / "my-na-na.toml")) != cell_hash(spec)


def test_a_stored_cell_and_one_written_out_need_no_file(tmp_path):
    spec = twin.load_cell(cell(tmp_path, matrix(tmp_path)))
    (tmp_path / "face.csv").unlink()
    again = stored_cell(cell_to_data(spec))
    assert cell_hash(again) == cell_hash(spec)
    (tmp_path / "my-na-na.toml").write_text(cell_to_toml(spec))
    assert cell_hash(twin.load_cell(tmp_path / "my-na-na.toml")) == cell_hash(spec)
    wider = with_values(spec, {f"{FACE}.map.pixel_size": "70 um"}).interfaces.anode.patches
    assert wider.map.edges[0][-1] == pytest.approx(8 * 70e-6)
    with pytest.raises(SpecError, match="20 patches, and a map in 12 blocks"):
        with_values(spec, {f"{FACE}.count": 20})


def test_another_file_named_later_is_read(tmp_path):
    spec = twin.load_cell(cell(tmp_path, matrix(tmp_path)))
    matrix(tmp_path, 2 * NUMBERS, "other.csv")
    other = with_values(spec, {f"{FACE}.map.file": str(tmp_path / "other.csv")})
    read = other.interfaces.anode.patches.map
    assert read.blocks == pytest.approx([2 * b for b in spec.interfaces.anode.patches.map.blocks])
    assert read.sha256 != spec.interfaces.anode.patches.map.sha256


def test_a_path_is_taken_from_the_folder_of_the_file_that_names_it(tmp_path, monkeypatch):
    (tmp_path / "cells").mkdir()
    matrix(tmp_path)
    lines = 'file = "../face.csv"\npixel_size = "50 um"'
    path = cell(tmp_path / "cells", lines)
    monkeypatch.chdir(os.path.realpath("/"))
    assert patches_of(path).count == 12


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("1,2\n3,nan\n", "line 2.*no finite number"),
        ("1,2\n3,x\n", "line 2.*no finite number"),
        ("1,2\n3\n", "line 2 has 1 columns, the first 2: no matrix"),
        ("# nothing\n", "is empty"),
        ("x [um], y [um], value\n0, 0, 1\n1, 0, 1\n0, 1, 1\n", "do not fill a grid of 2 x 2"),
        ("x [um], y [um], value\n0, 0, 1\n1, 0, 1\n1, 0, 1\n0, 1, 1\n", "do not fill"),
        ("x [um], y [um], value\n0, 0, 1\n2, 0, 1\n0, 1, 1\n2, 1, 1\n", "as far apart"),
        ("x [um], y [um], value\n0,0,1\n1,0,1\n5,0,1\n", "not evenly spaced"),
        ("x [V], y [V], value\n0,0,1\n1,0,1\n", "no unit of length"),
        ("x [um], y [um], value\n", "no numbers"),
        ("1,-2\n1,1\n", "factors down to -2"),
        ("1,1\n1,0\n", "factors down to 0"),
    ],
)
def test_what_is_no_face_is_refused_once(tmp_path, text, word):
    (tmp_path / "face.csv").write_text(text)
    size = "" if "x [" in text else 'pixel_size = "1 um"'
    with pytest.raises(SpecError, match=word) as caught:
        patches_of(cell(tmp_path, f'file = "face.csv"\n{size}', count=4))
    (problem,) = caught.value.problems
    assert problem.file == str(tmp_path / "my-na-na.toml") and problem.fix
    assert problem.key.startswith(f"{FACE}.map")


@pytest.mark.parametrize(
    ("lines", "word"),
    [
        ('file = "none.csv"\npixel_size = "1 um"', "no such file"),
        ('file = "face.csv"', "size of a pixel"),
        ('file = "face.doc"\npixel_size = "1 um"', "no .csv"),
        ('file = "folder.csv"\npixel_size = "1 um"', "no regular file"),
        ('file = "face.csv"\npixel_size = "1 um"\nblack = 0', "black is not for"),
        ('file = "face.png"\npixel_size = "1 um"\nblack = 0', "what white stands for"),
        ('file = "face.png"\npixel_size = "1 um"\nscale = 2', "scale is not for"),
        ('file = "words.png"\npixel_size = "1 um"\nblack = 0\nwhite = 1', "no picture"),
        ('file = "colour.png"\npixel_size = "1 um"\nblack = 0\nwhite = 1', "no plain grey"),
        ('file = "two.tif"\npixel_size = "1 um"\nblack = 0\nwhite = 1', "several pictures"),
        ('file = "face.csv"\npixel_size = "1 um"\nmeans = "lost contact"', "from 1 to 1.9"),
        ('file = "points.csv"\npixel_size = "1 um"', "pixel_size is given too"),
        ('file = "face.csv"\npixel_size = "1 um"\nsha256 = "0"', "was not read"),
    ],
)
def test_files_that_cannot_be_used_are_refused_once(tmp_path, lines, word):
    matrix(tmp_path)
    (tmp_path / "folder.csv").mkdir()
    (tmp_path / "words.png").write_text("no picture")
    (tmp_path / "points.csv").write_text("x [um], y [um], value\n0,0,1\n1,0,1\n")
    grey = Image.new("L", (2, 2))
    grey.save(tmp_path / "face.png")
    Image.new("RGB", (2, 2)).save(tmp_path / "colour.png")
    grey.save(tmp_path / "two.tif", save_all=True, append_images=[grey])
    with pytest.raises(SpecError, match=word) as caught:
        patches_of(cell(tmp_path, lines))
    assert len(caught.value.problems) == 1 and caught.value.problems[0].fix


@pytest.mark.parametrize("name", ["f.png", "f.tif", "f.csv"])
def test_a_damaged_file_is_read_or_refused_in_words(tmp_path, name):
    rng, path = np.random.default_rng(3), tmp_path / name
    if name == "f.csv":
        np.savetxt(path, NUMBERS, delimiter=",")
    else:
        Image.linear_gradient("L").resize((20, 20)).save(path)
    raw, refused = path.read_bytes(), 0
    for _ in range(100):
        hurt = bytearray(raw)
        for at in rng.integers(0, len(raw), 3):
            hurt[at] = rng.integers(0, 256)
        path.write_bytes(bytes(hurt[: rng.integers(1, len(raw))] if rng.random() < 0.3 else hurt))
        try:
            assert np.isfinite(read_face(path).numbers).all()
        except Complaint as wrong:
            refused += 1
            assert wrong.fix
    assert refused > 10


def test_a_device_a_pipe_and_a_huge_file_are_not_read(tmp_path, monkeypatch):
    os.mkfifo(tmp_path / "pipe.csv")
    (tmp_path / "zero.csv").symlink_to("/dev/zero")
    for name in ("pipe.csv", "zero.csv"):
        with pytest.raises(SpecError, match="no regular file"):
            patches_of(cell(tmp_path, f'file = "{name}"\npixel_size = "1 um"'))
    lines = matrix(tmp_path)
    monkeypatch.setattr(face_reading, "MOST_BYTES", 100)
    with pytest.raises(SpecError, match="is larger than"):
        patches_of(cell(tmp_path, lines))
    monkeypatch.setattr(face_reading, "MOST_BYTES", 10**6)
    monkeypatch.setattr(face_reading, "MOST_PIXELS", 40)
    with pytest.raises(SpecError, match="8 x 6 pixels, more than"):
        patches_of(cell(tmp_path, lines))


@pytest.mark.parametrize(
    ("table", "word"),
    [
        ({"kind": "strata"}, "map"),
        ({"factors": [1.0]}, "in the map's file"),
        ({"vary": {REFILL: "lognormal 0.3"}}, "no number follows|how a number follows"),
        ({"map": {"means": "lost contact", "scale": 0.1}}, "no factors for what varies"),
        ({"exchange": "electrolyte", "separator_share": 0.5}, "follows from the exchange"),
        ({"count": 1}, "1 patches"),
    ],
)
def test_what_does_not_go_with_a_map_is_refused(tmp_path, table, word):
    path = cell(tmp_path, matrix(tmp_path))
    with pytest.raises(SpecError, match=word):
        twin.load_cell(path, overrides={FACE: table})


def test_exchange_needs_neighbours():
    with pytest.raises(SpecError, match="neighbours"):
        twin.load_cell("na-base-na", overrides={FACE: {"exchange": "electrolyte"}})
