"""A failure mode of one's own, written here, in a forecast beside the twin's modes.

Runs in about a minute::

    .venv/bin/python examples/own_mode_forecast.py [MEMBERS]

A mode that is to be used in more than one script, or on more than one worker, is a plugin:
docs/writing-a-mode.md.
"""

from __future__ import annotations

import sys
import tomllib

import twin

NUMBERS = """
rate = { value = "0.02 ohm*cm^2/hour", spread = "lognormal 0.7", status = "assumed", source = "an example" }
limit = { value = "40 ohm*cm^2", spread = "normal 5e-4", spread_kind = "aleatory", status = "assumed", source = "an example" }
"""  # noqa: E501


class Parameters(twin.ModeParameters):
    """The TOML table ``[modes.tarnish]``."""

    rate: twin.Q("ohm*m^2/s", ge=0)
    limit: twin.Q("ohm*m^2", gt=0)


class Tarnish(twin.FailureMode):
    """A film on the anode's collector that grows evenly: ``dR/dt = k``."""

    id = "tarnish"
    title = "Tarnish on the collector"
    Parameters = Parameters
    writes = (twin.Port.INTERFACE_RESISTANCE,)
    state = "Anode tarnish resistance [Ohm.m2]"

    def defaults(self):
        """Return the numbers above."""
        return tomllib.loads(NUMBERS)

    def submodels(self, cell):
        """Return the film's one equation."""
        from twin import ModeSubModel

        class Film(ModeSubModel):
            def get_fundamental_variables(self):
                return {Tarnish.state: self.state(Tarnish.state, scale=self.p("limit"))}

            def set_rhs(self, variables):
                self.rhs = {variables[Tarnish.state]: self.p("rate")}

            def set_initial_conditions(self, variables):
                self.initial_conditions = {variables[Tarnish.state]: 0}

        return {"tarnish": Film(cell, self.id, cell.interfaces[0])}

    def contributions(self, cell):
        """Return what is in series with the anode."""
        return {twin.Port.INTERFACE_RESISTANCE.at("anode"): self.state}

    def criteria(self, cell):
        """Call the cell dead when the film resists too much."""
        limit = cell.parameters(self.id).limit.si
        says = "the collector has tarnished until it hardly conducts"
        return [twin.Criterion("collector tarnished", self.state, limit, "above", 0.0, says)]

    def slow_states(self, cell):
        """Return what a life may jump over."""
        return [twin.SlowState(self.state)]


class Plugin:
    """What the twin asks a plugin."""

    @twin.hookimpl
    def twin_failure_modes(self):
        """Return the modes."""
        return [Tarnish()]


def main(members: int = 40) -> None:
    """Forecast a cell with the mode, and say how often it is what kills."""
    twin.plugin_manager().register(Plugin(), "tarnish")
    found = twin.forecast(
        "na-nzsp-na", cycles=400, samples=members, seed=1, workers=1, store="sqlite://"
    )
    document = found.to_dict()
    print(f"{document['samples']} cells, median life {document['median_life']}")
    for mode, curve in document["incidence"].items():
        print(f"{mode}: {100 * curve[-1][1]:.0f} % die of it")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:2]))
