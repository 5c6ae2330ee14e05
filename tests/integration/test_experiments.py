"""The virtual experiments as a user meets them: documents, pages, figures, errors."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

import twin
from twin.cli.main import main
from twin.cli.ticker import Ticker, progress_line

QUICK = ("--modes", "pressure", "--start", "0.5 mA/cm^2", "--step", "0.5 mA/cm^2")
SLOW_TITRATION = ("--points", "3", "--modes", "none")


@pytest.fixture
def cli(capsys) -> Callable[..., tuple[int, str, str]]:
    def run(*words: object) -> tuple[int, str, str]:
        capsys.readouterr()
        code = main([str(word) for word in words])
        out, err = capsys.readouterr()
        return code, out, err

    return run


@pytest.fixture
def document(cli):
    """``document("ccd", "na-base-na")``: the one JSON document on stdout."""

    def run(*words):
        import json

        code, out, err = cli(*words, "--json")
        assert code == 0, err
        return json.loads(out)

    return run


def test_ccd_has_the_keys_that_scripts_rely_on(document):
    found = document(
        "ccd", "na-base-na", *QUICK, "--set", "stack.pressure=1 MPa", "--max", "5 mA/cm^2"
    )
    assert 0.5 <= found["critical_stripping_current_mA_cm2"] <= 1.5
    assert found["critical_plating_current_mA_cm2"] is None
    assert found["plating"]["at_least_mA_cm2"] == pytest.approx(5)
    assert found["limited_by"] == "pressure" and found["limiting_process"] == "stripping"
    assert found["stripping"]["step"] == len(found["ramp"])
    assert found["cell"]["criterion"] == "anode contact lost" and found["wall_s"] > 0


def test_a_sweep_is_one_table_and_one_figure(cli, tmp_path):
    figure = tmp_path / "ccd.svg"
    code, out, _ = cli(
        "ccd", "na-base-na", *QUICK, "--max", "4 mA/cm^2", "--figure", figure,
        "--sweep", "stack.pressure=1 MPa,5 MPa", "--sweep", "thermal.ambient=25 degC,60 degC",
    )  # fmt: skip
    assert code == 0
    assert max(map(len, out.replace(str(figure), "").splitlines())) <= 80
    rows = [line.split() for line in out.splitlines() if line.split()[:1] in (["1"], ["5"])]
    assert [row[:2] for row in rows] == [["1", "25"], ["1", "60"], ["5", "25"], ["5", "60"]]
    assert "60 degC, voids begin" in figure.read_text()


def test_ccd_draws_itself_in_the_terminal(cli):
    code, out, _ = cli("ccd", "na-base-na", *QUICK, "--max", "4 mA/cm^2", "--plot")
    assert code == 0 and "Polarisation" in out and "Contact of the stripped face" in out
    assert max(map(len, out.splitlines())) <= 80


def test_eis_has_the_keys_that_scripts_rely_on(document, tmp_path):
    figure = tmp_path / "eis.png"
    found = document("eis", "na-nzsp-na", "--modes", "blocking", "--figure", figure)
    assert len(found["frequency_Hz"]) == len(found["z_re_ohm_cm2"]) == len(found["z_im_ohm_cm2"])
    fit = found["fit"]
    assert fit["conductivity_S_cm"] == pytest.approx(5e-3, rel=0.01)
    assert fit["bulk_ohm_cm2"] + fit["grain_boundary_ohm_cm2"] == pytest.approx(10, rel=0.01)
    assert figure.read_bytes().startswith(b"\x89PNG")


def test_eis_of_a_stored_run_says_which_cycle_it_is_of(cli, tmp_path):
    url = f"sqlite:///{tmp_path / 'runs.db'}"
    run = twin.simulate("na-nzsp-na", cycles=3, modes=["interphase"], store=url)
    run.store.close()
    code, out, _ = cli("eis", "--run", run.id, "--cycle", 2, "--db", url, "--plot")
    assert code == 0
    assert f"run {run.id}, after cycle 2" in " ".join(out.split())
    assert "Nyquist" in out and "Bode: phase" in out
    assert max(map(len, out.splitlines())) <= 80
    assert cli("eis", "--run", run.id, "--cycle", 9, "--db", url)[0] == 2


def test_transference_gives_t_plus(document, cli):
    assert document("transference", "na-nzsp-na", "--modes", "none")["t_plus"] == pytest.approx(
        1.0, abs=2e-3
    )
    code, out, _ = cli("transference", "na-peo-na", "--modes", "none")
    assert code == 0 and "t+                0.30" in out.replace("0.298", "0.30")
    assert max(map(len, out.splitlines())) <= 80


def test_gitt_gives_points(document, cli, tmp_path):
    found = document("gitt", "na-nzsp-nvp", *SLOW_TITRATION)
    assert len(found["ocv_V"]) == len(found["diffusivity_m2_s"]) == 3
    assert found["direction"] == "charge" and found["electrode"] == "cathode"
    figure = tmp_path / "gitt.pdf"
    code, out, _ = cli("gitt", "na-nzsp-nvp", *SLOW_TITRATION, "--figure", figure)
    assert code == 0 and figure.exists()
    assert max(map(len, out.replace(str(figure), "").splitlines())) <= 80


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("ccd", "na-nzsp-nvp"), "symmetric"),
        (("ccd", "na-base-na", "--half-cycle", "1 V"), "half_cycle"),
        (("ccd", "na-base-na", "--sweep", "stack.pressure"), "KEY=VALUE"),
        (("ccd", "na-base-na", "--figure", "x.bmp"), ".png"),
        (("ccd", "na-base-na", "--modes", "nonsense"), "nonsense"),
        (("eis",), "--run"),
        (("eis", "na-nzsp-na", "--to", "loud"), "high"),
        (("transference", "na-nzsp-nvp"), "symmetric"),
        (("gitt", "na-nzsp-na"), "full cell"),
        (("gitt", "na-nzsp-nvp", "--model", "p2d"), "model"),
    ],
)
def test_bad_input_is_exit_code_2_with_a_fix_and_no_traceback(cli, words, says):
    code, out, err = cli(*words)
    assert (code, out) == (2, "")
    assert says in err and "fix:" in err and "Traceback" not in err


def test_progress_has_a_rate_and_the_time_left():
    assert progress_line(0.25, "ramp", 10.0) == "25 %, 2.5 %/s, 30.0 s left; ramp"
    assert progress_line(0.25, "ramp", 10.0, 0.05) == "25 %, 2 %/s, 37.5 s left; ramp"
    assert progress_line(0.0, "impedance before", 3.0) == "impedance before"


def test_a_log_gets_a_line_now_and_then(monkeypatch, capsys):
    from twin.cli import ticker
    from twin.cli.options import Common
    from twin.cli.session import Session

    times = iter([0.0, 1.0, 6.0, 7.0])
    monkeypatch.setattr(ticker.time, "monotonic", lambda: next(times))
    with Ticker(Session(Common()), "na-base-na") as tell:
        for share in (0.1, 0.5, 0.6):
            tell(share, "ramp")
    assert capsys.readouterr().err == "50 %, 8 %/s, 6.2 s left; ramp\n"


def test_the_public_names_are_there():
    for name in ("ccd", "ccd_sweep", "eis", "gitt", "transference"):
        assert callable(getattr(twin, name)) and name in dir(twin)


def test_a_figure_that_cannot_be_written_is_known_before_the_work(cli, monkeypatch):
    def never(*args, **kwargs):
        raise AssertionError("worked first")

    monkeypatch.setattr("twin.eis", never)
    code, _, err = cli("eis", "na-nzsp-na", "--figure", Path("x.bmp"))
    assert code == 2 and ".bmp" in err
