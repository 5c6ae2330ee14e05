"""The corrosion mode: its parameters, what it writes, and when it calls the cell dead."""

from twin import Criterion, Evidence, FailureMode, ModeParameters, Port, Q, SlowState, Validity


class Parameters(ModeParameters):
    """The TOML table ``[modes.corrosion]``."""

    initial_resistance: Q("ohm*m^2", ge=0)
    """Resistance of the native film, R_0."""
    rate: Q("ohm*m^2/s", ge=0)
    """How fast it grows at the reference temperature, k."""
    activation_energy: Q("J/mol", ge=0)
    reference_temperature: Q("K", gt=0)
    failure_resistance: Q("ohm*m^2", gt=0)
    """The cell counts as dead when the film alone adds this much."""


class CollectorCorrosion(FailureMode):
    """A corroding current collector at either electrode (equation in ``film.py``)."""

    id = "corrosion"
    title = "Corrosion of the current collectors"
    references = ("an example: no measurement stands behind its numbers",)
    validity = Validity(temperature=(273.15, 353.15), says="films far thinner than the collector")
    Parameters = Parameters
    reads = ("Volume-averaged cell temperature [K]",)
    writes = (Port.INTERFACE_RESISTANCE,)

    def submodels(self, cell):
        """One film at each electrode."""
        from twin_corrosion.film import CorrosionFilm

        return {f"{i.place} film": CorrosionFilm(cell, self.id, i) for i in cell.interfaces}

    def contributions(self, cell):
        """The film is in series with the interface."""
        return {
            Port.INTERFACE_RESISTANCE.at(i.place): i("collector film resistance [Ohm.m2]")
            for i in cell.interfaces
        }

    def criteria(self, cell):
        """Too much resistance at either collector."""
        own = cell.parameters(self.id)
        return [
            Criterion(
                what=f"{i.place} collector corroded",
                variable=i("collector film resistance [Ohm.m2]"),
                threshold=own.failure_resistance.si,
                direction="above",
                fresh=min(own.initial_resistance.si, 0.5 * own.failure_resistance.si),
                says=f"the {i.place}'s current collector has corroded until it hardly conducts",
            )
            for i in cell.interfaces
        ]

    def slow_states(self, cell):
        """Both films, which grow linearly."""
        return [SlowState(i("collector film resistance [Ohm.m2]")) for i in cell.interfaces]

    def diagnose(self, run, cell):
        """Voltage lost across the films."""
        names = [i("collector film resistance [Ohm.m2]") for i in cell.interfaces]
        growth = sum(run.last[name] - run.first[name] for name in names)
        says = f"the collectors' films have added {growth * 1e4:.3g} ohm cm2"
        return Evidence(polarisation=run.current_density * growth, says=says)
