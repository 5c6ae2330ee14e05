"""BPX in and out: against PyBaMM's own reader, and round the circle."""

from __future__ import annotations

import json
import math
import warnings
from pathlib import Path

import numpy as np
import pybamm
import pytest

import twin
from twin.catalog.bpx.expressions import compiled, tabulated
from twin.errors import InputError, SpecError

pytest.importorskip("bpx")
MADE = Path(__file__).with_name("made.json")
FULL = "hc-nzsp-nvp"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("bpx")


def load(folder: Path, found) -> twin.CellSpec:
    path = folder / "cell.toml"
    path.write_text(found.text, encoding="utf-8")
    return twin.load_cell(path)


@pytest.fixture(scope="module")
def made(folder):
    return load(folder, twin.cell_from_bpx(MADE))


@pytest.fixture(scope="module")
def pybamms():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return pybamm.ParameterValues.create_from_bpx(str(MADE))


def at(values: pybamm.ParameterValues, name: str, **arguments: float) -> float:
    symbol = pybamm.Parameter(name)
    if arguments:
        given = {key: pybamm.Scalar(value) for key, value in arguments.items()}
        symbol = pybamm.FunctionParameter(name, given)
    return float(np.asarray(values.process_symbol(symbol).evaluate()).reshape(-1)[0])


def changed(folder: Path, change) -> Path:
    data = json.loads(MADE.read_text(encoding="utf-8"))
    change(data)
    path = folder / "changed.json"
    path.write_text(json.dumps(data), encoding="utf-8")
    return path


# ------------------------------------------------------------------------------ in

LAYERS = [
    f"{domain} {what}"
    for domain in ("Negative electrode", "Positive electrode")
    for what in (
        "thickness [m]", "porosity", "active material volume fraction", "conductivity [S.m-1]",
        "Bruggeman coefficient (electrolyte)", "Bruggeman coefficient (electrode)",
    )
] + [
    "Negative particle radius [m]", "Positive particle radius [m]", "Separator thickness [m]",
    "Separator porosity", "Separator Bruggeman coefficient (electrolyte)",
    "Ambient temperature [K]",
    "Initial concentration in negative electrode [mol.m-3]",
    "Initial concentration in positive electrode [mol.m-3]",
    "Initial concentration in electrolyte [mol.m-3]", "Cation transference number",
    "Nominal cell capacity [A.h]", "Lower voltage cut-off [V]", "Upper voltage cut-off [V]",
]  # fmt: skip


def test_every_number_is_what_pybamms_own_reader_makes_of_it(made, pybamms):
    ours = twin.parameter_values(made)
    for name in LAYERS:
        arguments = {"T": 303.15} if name.endswith("conductivity [S.m-1]") else {}
        arguments |= {"c_e": 1000.0, "T": 303.15} if name.startswith("Cation") else {}
        assert at(ours, name, **arguments) == pytest.approx(
            at(pybamms, name, **arguments), rel=1e-8
        )


@pytest.mark.parametrize("T", [283.15, 303.15, 333.15])
def test_every_curve_is_what_pybamms_own_reader_makes_of_it(made, pybamms, T):
    ours = twin.parameter_values(made)

    def both(name: str, **arguments: float) -> tuple[float, float]:
        return at(ours, name, **arguments), at(pybamms, name, **arguments)

    for domain, c_max in (("Negative", 14540), ("Positive", 15320)):
        for x in np.linspace(0.05, 0.95, 7):
            a, b = both(f"{domain} particle diffusivity [m2.s-1]", sto=x, T=T)
            assert a == pytest.approx(b, rel=1e-4)
            name = f"{domain} electrode exchange-current density [A.m-2]"
            a, b = both(name, c_e=800.0, c_s_surf=x * c_max, c_s_max=c_max, T=T)
            assert a == pytest.approx(b, rel=1e-9)
            (U, U_b), (dU, dU_b) = (
                both(f"{domain} electrode OCP{what}", sto=x)
                for what in (" [V]", " entropic change [V.K-1]")
            )
            # The two refer to different temperatures; the potential at T is the same.
            assert U + (T - 298.15) * dU == pytest.approx(U_b + (T - 303.15) * dU_b, abs=3e-5)
            assert dU == pytest.approx(dU_b, abs=1e-9)
    for c_e in (200.0, 800.0, 1000.0, 1900.0):
        for name in ("Electrolyte conductivity [S.m-1]", "Electrolyte diffusivity [m2.s-1]"):
            a, b = both(name, c_e=c_e, T=T)
            assert a == pytest.approx(b, rel=1e-4)


def test_the_area_is_that_of_all_pairs_and_the_heat_that_of_the_cell(made):
    assert made.geometry.area.si == pytest.approx(2 * 0.0168)
    assert made.thermal.heat_capacity.si == pytest.approx(1847 * 913 * 0.000127 / 0.0336)
    assert made.thermal.heat_transfer.si == pytest.approx(10 * 0.0378 / 0.0336)


@pytest.mark.slow
def test_a_discharge_is_pybamms(made, pybamms):
    """PyBaMM's model on PyBaMM's reading, beside the twin's model on the twin's."""
    t = np.linspace(0, 1500, 31)
    voltages = []
    for model, values in (
        (pybamm.lithium_ion.DFN(), pybamms.copy()),
        (twin.build_model(made, modes=[]), twin.parameter_values(made)),
    ):
        values["Current function [A]"] = 0.4
        solver = pybamm.IDAKLUSolver(rtol=1e-8, atol=1e-8)
        solution = pybamm.Simulation(model, parameter_values=values, solver=solver).solve(
            [0, 1500], t_interp=t
        )
        voltages.append(solution["Voltage [V]"](t))
    assert np.max(np.abs(voltages[0] - voltages[1])) < 5e-5


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda d: d["Header"].update(Model="SPM"), "single particles"),
        (lambda d: d["Parameterisation"].pop("Separator"), "lacks Separator"),
        (
            lambda d: d["Parameterisation"]["Negative electrode"].update(Particle={"a": {}}),
            "a blend of several materials",
        ),
        (lambda d: d["Parameterisation"]["Separator"].update({"Thickness [m]": [1]}), "valid"),
        (lambda d: d.pop("Header"), "no BPX file"),
        (
            lambda d: d["Parameterisation"]["Negative electrode"].update(
                {"OCP [V]": "__import__('os').system('touch ran')"}
            ),
            "no expression of BPX",
        ),
    ],
    ids=["spm", "part", "blend", "type", "header", "code"],
)
def test_what_cannot_be_a_cell_is_refused(folder, change, says):
    with pytest.raises(InputError, match=says) as caught:
        twin.cell_from_bpx(changed(folder, change))
    assert caught.value.problem.fix


def test_code_is_not_run_wherever_it_stands(folder, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    code = "exp(open('ran','w').write('x'))"
    for section, key in (
        ("Positive electrode", "Diffusivity [m2.s-1]"),
        ("Electrolyte", "Conductivity [S.m-1]"),
    ):
        path = changed(
            folder, lambda d, s=section, k=key: d["Parameterisation"][s].update({k: code})
        )
        with pytest.raises((InputError, SpecError)):
            twin.cell_from_bpx(path)
    assert not (tmp_path / "ran").exists()


def test_taken_for_measured_data_it_says_what_it_is():
    with (
        pytest.raises(InputError, match="a cell in BPX") as caught,
        twin.open_store("sqlite://") as store,
    ):
        twin.import_file(MADE, store=store)
    assert "twin cells import" in caught.value.problem.fix


def test_what_the_file_does_not_say_is_told(folder):
    found = twin.cell_from_bpx(changed(folder, lambda d: d.pop("State")))
    told = " ".join(found.remarks)
    for part in ("no ion", "no stack pressure", "state of charge", "salt concentration"):
        assert part in told


# --------------------------------------------------------------------- expressions


def test_an_expression_is_its_numbers():
    x = np.linspace(0.1, 0.9, 9)
    curve = compiled("-1.5e-1*x**2 + exp(-3*x)/(2 - tanh(x)) - +cosh(0.5)")
    expected = -0.15 * x**2 + np.exp(-3 * x) / (2 - np.tanh(x)) - math.cosh(0.5)
    assert curve(x) == pytest.approx(expected, rel=1e-14)


def test_a_table_follows_its_curve_where_it_bends():
    x, y = map(np.asarray, tabulated("tanh((x - 0.5)/0.003)", 0.0, 1.0))
    fine = np.linspace(0, 1, 20011)
    assert np.max(np.abs(np.interp(fine, x, y) - np.tanh((fine - 0.5) / 0.003))) < 4e-5
    assert np.min(np.diff(x)) < np.max(np.diff(x)) / 16


@pytest.mark.parametrize(
    "text", ["y", "x.real", "x if x else 1", "exp(x, 2)", "'a'", "True", "x**", "[1]"]
)
def test_anything_else_is_no_expression(text):
    with pytest.raises(InputError, match="no expression"):
        compiled(text)


def test_a_pole_is_told():
    with pytest.raises(InputError, match="no finite value at 0"):
        tabulated("log(x)", 0.0, 1.0)


# ----------------------------------------------------------------------------- out


@pytest.fixture(scope="module")
def cell():
    # BPX has no interface resistance: without it nothing of the voltage is lost.
    return twin.load_cell(FULL, overrides={"interfaces.anode.resistance": "0 ohm*m^2"})


@pytest.fixture(scope="module")
def round_trip(cell, folder):
    path = folder / "out.json"
    path.write_text(json.dumps(twin.bpx_of_cell(cell).document), encoding="utf-8")
    return load(folder, twin.cell_from_bpx(path))


def test_round_the_circle_every_number_is_the_same(cell, round_trip):
    ours, back = twin.parameter_values(cell), twin.parameter_values(round_trip)
    dense = {"Separator porosity", "Separator Bruggeman coefficient (electrolyte)"}
    for name in set(LAYERS) - dense:
        if name.startswith("Cation") or "Bruggeman coefficient (electrode)" in name:
            continue
        arguments = {"T": 298.15} if name.endswith("conductivity [S.m-1]") else {}
        if "conductivity" in name:
            domain = name.partition(" conductivity")[0]
            solid = 1 - at(ours, f"{domain} porosity")
            share = solid ** at(ours, f"{domain} Bruggeman coefficient (electrode)")
            assert at(back, name, **arguments) == pytest.approx(share * at(ours, name, **arguments))
        elif name.startswith("Initial concentration in") and "electrode" in name:
            # A discharged cell begins a microvolt inside its window.
            assert at(back, name) == pytest.approx(at(ours, name), abs=0.05)
        else:
            assert at(back, name) == pytest.approx(at(ours, name), rel=1e-6)
    for domain in ("Negative", "Positive"):
        c_max = at(ours, f"Maximum concentration in {domain.lower()} electrode [mol.m-3]")
        for x in (0.1, 0.4, 0.9):
            for name, arguments, within in (
                (f"{domain} electrode OCP [V]", {"sto": x}, 3e-5),
                (f"{domain} particle diffusivity [m2.s-1]", {"sto": x, "T": 310.0}, 1e-17),
            ):
                assert at(back, name, **arguments) == pytest.approx(
                    at(ours, name, **arguments), abs=within, rel=1e-5
                )
            name = f"{domain} electrode exchange-current density [A.m-2]"
            given = {"c_e": 1000.0, "c_s_surf": x * c_max, "c_s_max": c_max, "T": 310.0}
            assert at(back, name, **given) == pytest.approx(at(ours, name, **given), rel=1e-6)


def test_the_rate_is_in_bpxs_own_unit(cell):
    """By hand: BPX has ``j_0 = F K (x (1 - x))^1/2``, the twin the value at half filling."""
    document = twin.bpx_of_cell(cell).document["Parameterisation"]
    half = cell.interfaces.cathode.exchange_current
    at_25 = half.reference.si if half.law == "arrhenius" else half.value.si
    K = document["Positive electrode"]["Reaction rate constant [mol.m-2.s-1]"]
    assert pytest.approx(at_25, rel=1e-9) == twin.FARADAY * K * 0.5


def test_the_fillings_are_those_of_the_two_voltage_limits(cell):
    document = twin.bpx_of_cell(cell).document["Parameterisation"]
    values = twin.parameter_values(cell)
    (n, p) = (document[f"{domain} electrode"] for domain in ("Negative", "Positive"))
    for limit, of_n, of_p in (
        ("Upper", "Maximum stoichiometry", "Minimum stoichiometry"),
        ("Lower", "Minimum stoichiometry", "Maximum stoichiometry"),
    ):
        voltage = at(values, "Positive electrode OCP [V]", sto=p[of_p]) - at(
            values, "Negative electrode OCP [V]", sto=n[of_n]
        )
        assert voltage == pytest.approx(document["Cell"][f"{limit} voltage cut-off [V]"], abs=5e-3)


def test_a_temperature_of_its_own_goes_into_the_file(folder):
    warm = twin.load_cell(FULL, overrides={"thermal.ambient": "60 degC"})
    path = folder / "warm.json"
    path.write_text(json.dumps(twin.bpx_of_cell(warm).document), encoding="utf-8")
    back = load(folder, twin.cell_from_bpx(path))
    assert back.thermal.ambient.si == pytest.approx(333.15)
    for name in ("Positive electrode OCP [V]", "Negative electrode OCP [V]"):
        a, b = (at(twin.parameter_values(spec), name, sto=0.4) for spec in (warm, back))
        assert a == pytest.approx(b, abs=3e-5)
    a, b = (
        at(twin.parameter_values(spec), "Electrolyte conductivity [S.m-1]", c_e=1000.0, T=333.15)
        for spec in (warm, back)
    )
    assert a == pytest.approx(b, rel=1e-9)


@pytest.mark.parametrize(
    ("cell_name", "says"),
    [
        ("na-nzsp-nvp", "no metal anode"),
        ("na-nzsp-na", "no symmetric cells"),
        ("nasn-nps-nyzc-nco", "one electrolyte"),
    ],
)
def test_what_bpx_cannot_say_is_refused(cell_name, says):
    with pytest.raises(InputError, match=says) as caught:
        twin.bpx_of_cell(twin.load_cell(cell_name))
    assert caught.value.problem.fix


def test_what_is_left_out_is_told():
    told = " ".join(twin.bpx_of_cell(twin.load_cell(FULL)).remarks)
    for part in ("failure modes", "single-ion", "interfaces.anode.resistance", "sources"):
        assert part in told
    liquid = " ".join(twin.bpx_of_cell(twin.load_cell("na-ion-chayambuka2022")).remarks)
    assert "right at half filling" in liquid and "single-ion" not in liquid


def test_without_the_package_it_says_how_to_get_it(monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "bpx", None)
    with pytest.raises(InputError, match="not installed") as caught:
        twin.cell_from_bpx(MADE)
    assert "[bpx]" in caught.value.problem.fix
