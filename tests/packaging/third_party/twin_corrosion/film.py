"""A film on a current collector that corrodes at a constant rate.

The film's resistance per cell area ``R`` [Ohm.m2] grows linearly, as the product of a
reaction that nothing passivates does::

    dR/dt = k exp(-E_a/R_gas (1/T - 1/T_ref)),    R(0) = R_0

so that at constant temperature ``R(t) = R_0 + k t``.
"""

from twin import ModeSubModel, arrhenius


class CorrosionFilm(ModeSubModel):
    """The film at one electrode's current collector; see the module's equation."""

    @property
    def resistance(self):
        """Name of the film's resistance."""
        return self.interface("collector film resistance [Ohm.m2]")

    def get_fundamental_variables(self):
        """Define the resistance, a state."""
        return {self.resistance: self.state(self.resistance, scale=self.p("failure_resistance"))}

    def set_rhs(self, variables):
        """``dR/dt``."""
        T = variables["Volume-averaged cell temperature [K]"]
        speed = arrhenius(self.p("activation_energy"), T, self.p("reference_temperature"))
        self.rhs = {variables[self.resistance]: self.p("rate") * speed}

    def set_initial_conditions(self, variables):
        """Start from the native film."""
        self.initial_conditions = {variables[self.resistance]: self.p("initial_resistance")}
