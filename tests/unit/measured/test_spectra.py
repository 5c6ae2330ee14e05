"""Impedance files, and the linear Kramers-Kronig test against closed forms."""

from __future__ import annotations

import gzip

import numpy as np
import pytest

from twin.errors import InputError
from twin.measured.kramers_kronig import check_spectrum
from twin.measured.spectrum import spectra_of

F = np.geomspace(1e5, 1e-2, 50)
W = 2 * np.pi * F


def rc(ohms, tau, omega=W):
    return ohms / (1 + 1j * omega * tau)


CIRCUITS = {
    "resistor": 5 + 0j * W,
    "one arc": 5 + rc(10, 1e-3),
    "two arcs": 5 + rc(10, 1.7e-3) + rc(20, 0.3),
    "a depressed arc": 5 + 10 / (1 + (1j * W * 1e-3) ** 0.8),
    "an inductance": 5 + rc(10, 1e-3) + 1j * W * 1e-6,
    "a capacitance": 5 + rc(10, 1e-3) + 1 / (1j * W * 5),
    "Warburg": 5 + rc(10, 1e-3) + 10 / np.sqrt(1j * W),
    "an inductive loop": 5 + rc(10, 1e-3) + rc(-2, 1.0),
}


@pytest.mark.parametrize("name", CIRCUITS)
def test_what_a_linear_circuit_shows_is_sound(name):
    found = check_spectrum(F, CIRCUITS[name])
    assert found.verdict == "sound" and found.largest < 5e-3


@pytest.mark.parametrize("scale", [1e-6, 1e6])
def test_the_unit_of_impedance_does_not_matter(scale):
    found = check_spectrum(F, scale * CIRCUITS["two arcs"])
    assert found.largest == pytest.approx(check_spectrum(F, CIRCUITS["two arcs"]).largest, rel=1e-3)


def drifting(grows):
    """Arcs that grow while the spectrum is taken, three periods a point."""
    passed = np.cumsum(np.maximum(3 / F, 1))
    g = 1 + grows * passed / passed[-1]
    return 5 + g * rc(10, 1e-3) + g * rc(20, 0.3)


def test_a_cell_that_drifts_is_not():
    assert check_spectrum(F, drifting(0.0)).verdict == "sound"
    assert check_spectrum(F, drifting(0.3)).verdict == "doubtful"
    assert check_spectrum(F, drifting(1.0)).verdict == "unsound"
    # The more it drifts, the more is left.
    left = [check_spectrum(F, drifting(g)).rms for g in (0.05, 0.1, 0.3, 1.0)]
    assert left == sorted(left)


def test_an_imaginary_part_of_another_spectrum_is_noticed():
    wrong = CIRCUITS["two arcs"].real + 1.2j * CIRCUITS["two arcs"].imag
    assert check_spectrum(F, wrong).verdict == "unsound"


def test_noise_is_found_as_large_as_it_is():
    rng = np.random.default_rng(0)
    noise = 3e-3 * (rng.normal(size=50) + 1j * rng.normal(size=50))
    found = check_spectrum(F, CIRCUITS["two arcs"] * (1 + noise))
    assert found.verdict == "sound" and 1.5e-3 < found.rms < 3.5e-3


def test_too_few_points_are_not_judged():
    assert check_spectrum(F[:5], CIRCUITS["one arc"][:5]).verdict == "too few points"


# -------------------------------------------------------------------------------- files

Z = CIRCUITS["two arcs"]


def table(headings, rows, delimiter="\t", before=""):
    lines = [delimiter.join(headings)]
    lines += [delimiter.join(f"{x:.9e}" for x in row) for row in rows]
    return before + "\n".join(lines) + "\n"


FILES = {
    "biologic": table(
        [
            "freq/Hz", "Re(Z)/Ohm", "-Im(Z)/Ohm", "|Z|/Ohm", "Phase(Z)/deg", "time/s", "Ewe/V",
            "I/mA",
        ],
        [(f, z.real, -z.imag, abs(z), np.angle(z, deg=True), n, 3.1, 0.01)
         for n, (f, z) in enumerate(zip(F, Z, strict=True))],
        before="EC-Lab ASCII FILE\nNb header lines : 3\n",
    ),
    "gamry": "EXPLAIN\nTAG\tEISPOT\nZCURVE\tTABLE\n"
    + "\tPt\tTime\tFreq\tZreal\tZimag\tZsig\tZmod\tZphz\tIdc\tVdc\n"
    + "\t#\ts\tHz\tohm\tohm\tV\tohm\t°\tA\tV\n"
    + "".join(
        f"\t{n}\t{n}\t{f:.9e}\t{z.real:.9e}\t{z.imag:.9e}\t1\t{abs(z):.9e}\t0\t0\t3.1\n"
        for n, (f, z) in enumerate(zip(F, Z, strict=True))
    ),
    "zahner": "Zahner Thales spectrum\n"
    + "".join(
        ["Number  Frequency/Hz  Impedance/Ohm  Phase/deg\n"]
        + [f"{n} {f:.9e} {abs(z):.9e} {np.angle(z, deg=True):.9e}\n"
           for n, (f, z) in enumerate(zip(F, Z, strict=True))]
    ),
    "text": table(["Frequency (Hz)", "Z' (ohm)", "Z'' (ohm)"],
                  [(f, z.real, z.imag) for f, z in zip(F, Z, strict=True)], ","),
}  # fmt: skip


@pytest.mark.parametrize("name", FILES)
def test_each_kind_of_file_gives_the_spectrum(name, read, write):
    got = read(write(FILES[name]))
    assert got.found.reader == name and got.found.table.kind == "impedance"
    (spectrum,) = got.found.table.spectra
    assert np.allclose(spectrum.frequency, F) and np.allclose(spectrum.impedance, Z)
    assert spectrum.check.verdict == "sound" and got.doubts == ""
    assert "turned" not in got.told


def test_an_imaginary_part_with_the_other_sign_is_turned_and_told(read, write):
    rows = [(f, z.real, -z.imag) for f, z in zip(F, Z, strict=True)]
    got = read(write(table(["Frequency (Hz)", "Z' (ohm)", "Z'' (ohm)"], rows, ",")))
    assert "turned" in got.told
    assert np.allclose(got.found.table.spectra[0].impedance, Z)


def test_two_sweeps_are_two_spectra(read, write):
    rows = [(f, z.real, z.imag) for _ in range(2) for f, z in zip(F, Z, strict=True)]
    got = read(write(table(["Frequency (Hz)", "Z' (ohm)", "Z'' (ohm)"], rows)))
    assert [len(s.frequency) for s in got.found.table.spectra] == [50, 50]


def test_sorted_from_the_highest_frequency_whatever_the_order():
    order = np.random.default_rng(0).permutation(50)
    rows = {
        "Frequency [Hz]": np.sort(F),
        "Z real [Ohm]": Z.real[::-1],
        "Z imaginary [Ohm]": Z.imag[::-1],
    }
    (found,), told = spectra_of([rows])
    assert np.allclose(found.impedance, Z) and told == []
    near = {n: v[np.argsort(np.log10(F) + 0.2 * (order % 3), kind="stable")[::-1]]
            for n, v in zip(rows, (F, Z.real, Z.imag), strict=True)}  # fmt: skip
    (found,), told = spectra_of([near])
    assert np.allclose(found.impedance, Z) and "sorted" in told[0]


def test_a_drifting_spectrum_is_doubted(read, write):
    rows = [(f, z.real, z.imag) for f, z in zip(F, drifting(1.0), strict=True)]
    got = read(write(table(["Frequency (Hz)", "Z' (ohm)", "Z'' (ohm)"], rows)))
    assert "unsound by Kramers and Kronig" in got.doubts


def test_a_spectrum_without_a_point(read, write):
    with pytest.raises(InputError, match="no row has a frequency"):
        read(write("Frequency (Hz),Z' (ohm),Z'' (ohm)\n1,nan,2\n2,nan,2\n"), reader="text")


# ------------------------------------------------------------------- faults of such files


def spoilt(name, change):
    """A file with its rows changed: what stands before them stays."""
    lines = FILES[name].splitlines()
    return "\n".join([*lines[:-50], *change(lines[-50:])]) + "\n"


@pytest.mark.parametrize("name", FILES)
class TestFaults:
    def good(self, got, where=slice(None)):
        (spectrum,) = got.found.table.spectra
        assert np.allclose(spectrum.frequency, F[where])
        assert np.allclose(spectrum.impedance, Z[where])

    def test_frequencies_in_disorder(self, name, read, write):
        got = read(write(spoilt(name, lambda r: [*r[:9], r[10], r[9], *r[11:]])))
        assert "sorted" in got.told
        self.good(got)

    def test_a_frequency_twice(self, name, read, write):
        got = read(write(spoilt(name, lambda r: [*r[:9], r[8], *r[9:]])))
        assert "twice" in got.told
        self.good(got)

    @pytest.mark.parametrize("what", ["NaN", "inf", "---"])
    def test_points_without_a_number(self, name, what, read, write):
        number = f"{F[7]:.9e}"
        got = read(write(FILES[name].replace(number, what)))
        assert "1 row without a frequency" in got.told
        self.good(got, np.arange(50) != 7)

    def test_decimal_commas(self, name, read, write):
        text = FILES[name]
        text = (
            text.replace(",", ";").replace(".", ",") if name == "text" else text.replace(".", ",")
        )
        got = read(write(text))
        assert "decimal commas" in got.told
        self.good(got)

    @pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
    def test_a_byte_order_mark(self, name, encoding, read, write):
        got = read(write(FILES[name], encoding=encoding))
        assert "byte order mark" in got.told
        self.good(got)

    def test_a_file_that_is_packed(self, name, read, write):
        got = read(write(gzip.compress(FILES[name].encode())))
        assert "packed with gzip" in got.told
        self.good(got)

    def test_a_file_that_ends_in_the_middle_of_a_row(self, name, read, write):
        delimiter = {"text": ",", "zahner": " "}.get(name, "\t")
        got = read(
            write(spoilt(name, lambda r: [*r[:40], delimiter.join(r[40].split(delimiter)[:2])]))
        )
        self.good(got, slice(0, 40))

    def test_headings_that_are_missing(self, name, read, write):
        rows = "\n".join(FILES[name].splitlines()[-50:])
        with pytest.raises(InputError) as caught:
            read(write(rows))
        assert "no headings" in caught.value.problem.message
        assert "--columns" in caught.value.problem.fix
