"""The twin's model in a PyBaMM user's own script: nothing of the twin runs the cycles.

Runs in about ten seconds::

    .venv/bin/python examples/plain_pybamm.py
"""

from __future__ import annotations

import twin  # before pybamm: the twin switches PyBaMM's telemetry off

import pybamm  # isort: skip


def main() -> None:
    """Charge and discharge a cell with its interphase growing, in plain PyBaMM."""
    model = twin.build_model("na-nzsp-nvp", modes=["interphase"], model="spm")
    parameters = twin.parameter_values("na-nzsp-nvp")
    experiment = pybamm.Experiment(
        [("Charge at C/5 until 3.9 V", "Rest for 10 minutes", "Discharge at C/5 until 2.5 V")] * 2
    )
    simulation = pybamm.Simulation(
        model,
        parameter_values=parameters,
        experiment=experiment,
        experiment_model_mode="unified",
    )
    solution = simulation.solve()
    thickness = solution["Anode interphase thickness [m]"].entries
    resistance = solution["Area-specific resistance [Ohm.m2]"].entries
    print(f"interphase {thickness[0] * 1e9:.1f} nm -> {thickness[-1] * 1e9:.1f} nm")
    print(f"resistance {resistance[0] * 1e4:.1f} -> {resistance[-1] * 1e4:.1f} ohm cm2")


if __name__ == "__main__":
    main()
