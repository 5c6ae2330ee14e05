"""The symmetric cell, metal | electrolyte | metal, on the same ports as the full cell.

Almost all published critical currents come from such cells. With single-ion
conductors it is algebraic; with a binary electrolyte the separator carries PyBaMM's
concentrated-solution transport in one dimension.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import pybamm

from twin.errors import ModelError
from twin.model import electrodes
from twin.model.assembly import Assembly
from twin.model.core import TEMPERATURE, CoreSubModel, interface_spec, scalar
from twin.model.laws import law_expression
from twin.model.parameters import parameter_values
from twin.modes.context import CellContext, Interface
from twin.modes.mode import FailureMode
from twin.modes.ports import Port
from twin.specs.schema import CellSpec

CONCENTRATION = "Separator electrolyte concentration [mol.m-3]"


class SodiumSymmetricCell(pybamm.BaseBatteryModel):
    """Metal | electrolyte | metal: two stripping and plating interfaces in series.

    Positive current strips the anode (left) and plates the cathode (right)::

        V = -[eta_a + eta_c' + i (R_a + R_c + R_e) + dphi_diffusion]

    with ``eta = (2RT/F) asinh(i/(2 j_0 theta))`` at each interface. The sign follows
    PyBaMM's: a cell that is driven at positive (discharge) current has negative voltage.

    Parameters
    ----------
    cell : CellSpec
        The cell.
    modes : iterable of FailureMode
        The failure modes to build in.
    options : dict, optional
        ``"surface form"`` and ``"thermal"`` as in PyBaMM.
    build : bool
        Whether to build at once.

    Raises
    ------
    ModelError
        If the cell is not symmetric.
    """

    def __init__(
        self,
        cell: CellSpec,
        modes: Iterable[FailureMode] = (),
        options: Mapping[str, Any] | None = None,
        name: str | None = None,
        build: bool = True,
    ):
        spec = cell
        if spec.kind != "symmetric":
            raise ModelError(
                f"{spec.name} is a {spec.kind} cell",
                key="kind",
                fix="use SolidStateSodiumDFN for it, or choose a symmetric cell",
            )
        self.cell_spec = spec
        self.cell = CellContext(spec)
        self.assembly = Assembly(self.cell, modes)
        chosen = {"working electrode": "positive", "thermal": spec.thermal.model}
        super().__init__(chosen | dict(options or {}), name or type(self).__name__)
        self.param = pybamm.LithiumIonParameters(self.options)
        self._calc_esoh = False
        self.variables.update({"Time [s]": pybamm.t, "Time [h]": pybamm.t / 3600})
        self._set_submodels()
        if build:
            self.build_model()

    @property
    def calc_esoh(self) -> bool:
        """A symmetric cell has no electrode state of health."""
        return False

    def _set_submodels(self) -> None:
        param, options, cell = self.param, self.options, self.cell
        submodels: dict[str, Any] = self.submodels
        if self.assembly.writes(Port.SHORT_CONDUCTANCE.at()):
            submodels["external circuit"] = electrodes.ShortedCircuit(param, options)
        else:
            submodels["external circuit"] = pybamm.external_circuit.ExplicitCurrentControl(
                param, options
            )
            submodels["internal short"] = electrodes.NoShort(cell)
        submodels["discharge and throughput variables"] = (
            pybamm.external_circuit.DischargeThroughput(param, options)
        )
        submodels["cell current"] = CellCurrent(cell)
        submodels["temperature"] = CellTemperature(cell, options, param)
        if cell.spec.electrolyte.material.transport == "binary":
            submodels["electrolyte"] = BinarySeparator(cell, param)
        else:
            submodels["electrolyte"] = SingleIonSeparator(cell, param)
        for interface in cell.interfaces:
            submodels[f"{interface.place} interface"] = MetalKinetics(
                cell, interface, param, options["surface form"] == "differential"
            )
        submodels["terminal voltage"] = TerminalVoltage(cell, options)
        submodels.update(self.assembly.submodels())

    def build_model(self) -> None:
        """Build the equations, then the voltage window's events."""
        self._build_model()
        voltage = self.variables["Voltage [V]"]
        param = self.param
        self.events += [
            pybamm.Event("Minimum voltage [V]", voltage - param.voltage_low_cut),
            pybamm.Event("Maximum voltage [V]", param.voltage_high_cut - voltage),
        ]
        self._summary_variables: list[str] = []
        self._built = True

    @property
    def default_parameter_values(self) -> pybamm.ParameterValues:
        """The parameter set of this model's own cell."""
        return parameter_values(self.cell_spec)

    @property
    def default_geometry(self) -> pybamm.Geometry:
        """The separator alone."""
        return pybamm.Geometry(
            {
                "separator": {"x_s": {"min": pybamm.Scalar(0), "max": self.param.s.L}},
                "current collector": {"z": {"position": 1}},
            }
        )

    @property
    def default_var_pts(self) -> dict[str, int]:
        """Forty cells across the separator."""
        return {"x_s": 40}

    @property
    def default_submesh_types(self) -> dict[str, Any]:
        """A uniform mesh."""
        return {"separator": pybamm.Uniform1DSubMesh, "current collector": pybamm.SubMesh0D}

    @property
    def default_spatial_methods(self) -> dict[str, Any]:
        """Finite volumes in the separator."""
        return {
            "separator": pybamm.FiniteVolume(),
            "macroscale": pybamm.FiniteVolume(),
            "current collector": pybamm.ZeroDimensionalSpatialMethod(),
        }

    @property
    def default_quick_plot_variables(self) -> list[str]:
        """What PyBaMM's plot shows first."""
        return ["Current [A]", "Voltage [V]", "Anode conducting fraction", "Stack pressure [Pa]"]


class CellCurrent(CoreSubModel):
    """The cell's current density on the current collector."""

    def __init__(self, cell: CellContext):
        super().__init__(cell, "cell current")

    def get_coupled_variables(self, variables: dict[str, Any]) -> dict[str, Any]:
        """Broadcast the current density."""
        variables[electrodes.CELL_CURRENT] = scalar(variables["Total current density [A.m-2]"])
        return variables


class CellTemperature(CoreSubModel):
    """Ambient temperature, or a lumped balance ``C dT/dt = q - h (T - T_amb)`` [per m2].

    ``q = -i V_terminal + G V^2 + ports``: between two electrodes of the same metal all
    electrical work becomes heat (``V`` is negative at positive current).
    """

    def __init__(self, cell: CellContext, options: Any, param: Any):
        super().__init__(cell, "temperature")
        self.lumped = options["thermal"] == "lumped"
        self._twin_param = param

    def get_fundamental_variables(self) -> dict[str, Any]:
        """Define the temperature."""
        ambient = pybamm.PrimaryBroadcast(
            pybamm.Parameter("Ambient temperature [K]"), "current collector"
        )
        T = pybamm.Variable(TEMPERATURE, domain="current collector", scale=300)
        T = T if self.lumped else ambient
        return {
            TEMPERATURE: T,
            "X-averaged cell temperature [K]": T,
            "Ambient temperature [K]": ambient,
        }

    def set_rhs(self, variables: dict[str, Any]) -> None:
        """Balance the heat."""
        if not self.lumped:
            return
        T = variables[TEMPERATURE]
        capacity = self.cell.parameter("thermal.heat_capacity")
        transfer = self.cell.parameter("thermal.heat_transfer")
        external = variables["Current [A]"] / self._twin_param.A_cc
        work = -external * variables["Voltage [V]"]
        port = variables[Port.HEAT_SOURCE.at().variable]
        heat = scalar(work) + port
        variables["Additional heating [W.m-2]"] = heat
        self.rhs = {T: (heat - transfer * (T - variables["Ambient temperature [K]"])) / capacity}

    def set_initial_conditions(self, variables: dict[str, Any]) -> None:
        """Start at the initial temperature."""
        if self.lumped:
            start = pybamm.Parameter("Initial temperature [K]")
            self.initial_conditions = {variables[TEMPERATURE]: start}


class _Separator(CoreSubModel):
    """What both kinds of separator share: conductivity and resistance."""

    def __init__(self, cell: CellContext, param: Any):
        super().__init__(cell, "separator")
        self._twin_param = param

    def _efficiency(self, variables: dict[str, Any]) -> Any:
        fraction = self.cell.parameter("electrolyte.electrolyte_fraction")
        exponent = self.cell.parameter("electrolyte.tortuosity_exponent")
        factor = variables[Port.CONDUCTIVITY_FACTOR.at("separator").variable]
        return fraction**exponent * factor

    def _resistance(self, variables: dict[str, Any], c_av: Any, c_a: Any, c_c: Any) -> None:
        efficiency = self._efficiency(variables)
        kappa = self._twin_param.kappa_e(c_av, variables[TEMPERATURE])
        resistance = scalar(self._twin_param.s.L / (kappa * efficiency))
        variables["Separator resistance [Ohm.m2]"] = resistance
        variables["Electrolyte resistance [Ohm.m2]"] = resistance
        variables["Anode electrolyte concentration [mol.m-3]"] = c_a
        variables["Cathode electrolyte concentration [mol.m-3]"] = c_c
        variables["X-averaged electrolyte concentration [mol.m-3]"] = c_av


class SingleIonSeparator(_Separator):
    """A single-ion conductor: ``phi`` drops by ``i L/kappa``; no concentration state."""

    def get_coupled_variables(self, variables: dict[str, Any]) -> dict[str, Any]:
        """Set the ohmic drop."""
        c = scalar(self._twin_param.c_e_init)
        self._resistance(variables, c, c, c)
        current = variables[electrodes.CELL_CURRENT]
        variables["Electrolyte potential drop [V]"] = (
            current * variables["Separator resistance [Ohm.m2]"]
        )
        return variables


class BinarySeparator(_Separator):
    """A binary electrolyte in one dimension: PyBaMM's concentrated-solution equations.

    ``eps dc/dt = div(B D grad c) - i grad(t+)/F`` with the metal's flux ``(1 - t+) i/F``
    at both faces, and ``dphi/dx = chi R T/(F c) dc/dx - i/(B kappa)``. In the steady
    state the limiting current is ``2 F B D c_0/((1 - t+) L)``.
    """

    def get_fundamental_variables(self) -> dict[str, Any]:
        """Define the concentration."""
        c = pybamm.Variable(
            CONCENTRATION,
            domain="separator",
            auxiliary_domains={"secondary": "current collector"},
            scale=self._twin_param.c_e_init,
            bounds=(0, pybamm.Scalar(float("inf"))),
        )
        return {CONCENTRATION: c}

    def get_coupled_variables(self, variables: dict[str, Any]) -> dict[str, Any]:
        """Integrate the potential across the separator."""
        param = self._twin_param
        c = variables[CONCENTRATION]
        c_a = pybamm.boundary_value(c, "left")
        c_c = pybamm.boundary_value(c, "right")
        self._resistance(variables, pybamm.x_average(c), c_a, c_c)
        T = pybamm.PrimaryBroadcast(variables[TEMPERATURE], "separator")
        current = pybamm.PrimaryBroadcast(variables[electrodes.CELL_CURRENT], "separator")
        efficiency = _spread(self._efficiency(variables))
        ohmic = current / (param.kappa_e(c, T) * efficiency)
        # chi is evaluated at the mean composition for the Nernst part, which is then
        # exact in ln c; PyBaMM's SPMe does the same.
        T_s = variables[TEMPERATURE]
        chi = param.chi(pybamm.x_average(c), T_s)
        diffusion = chi * param.R * T_s / param.F * pybamm.log(c_c / c_a)
        variables["Electrolyte diffusion potential [V]"] = diffusion
        variables["Electrolyte potential drop [V]"] = (
            pybamm.x_average(ohmic) * param.s.L - diffusion
        )
        return variables

    def set_rhs(self, variables: dict[str, Any]) -> None:
        """Conserve the salt."""
        param = self._twin_param
        c = variables[CONCENTRATION]
        T = pybamm.PrimaryBroadcast(variables[TEMPERATURE], "separator")
        current = pybamm.PrimaryBroadcast(variables[electrodes.CELL_CURRENT], "separator")
        efficiency = _spread(self._efficiency(variables))
        fraction = self.cell.parameter("electrolyte.electrolyte_fraction")
        diffusion = -efficiency * param.D_e(c, T) * pybamm.grad(c)
        migration = param.t_plus(c, T) * current / param.F
        self.rhs = {c: -pybamm.div(diffusion + migration) / fraction}

    def set_boundary_conditions(self, variables: dict[str, Any]) -> None:
        """``-B D dc/dx = (1 - t+) i/F`` at both faces."""
        param = self._twin_param
        c = variables[CONCENTRATION]
        T = variables[TEMPERATURE]
        efficiency = self._efficiency(variables)
        current = variables[electrodes.CELL_CURRENT]
        t_plus = param.t_plus(c, pybamm.PrimaryBroadcast(T, "separator"))
        sides = {}
        for side in ("left", "right"):
            c_side = pybamm.boundary_value(c, side)
            # Taken to the face as the migration flux is, so that no salt is made there.
            flux = (1 - pybamm.boundary_value(t_plus, side)) * current / param.F
            sides[side] = (-flux / (efficiency * param.D_e(c_side, T)), "Neumann")
        self.boundary_conditions = {c: sides}

    def set_initial_conditions(self, variables: dict[str, Any]) -> None:
        """Start uniform."""
        self.initial_conditions = {variables[CONCENTRATION]: self._twin_param.c_e_init}

    def add_events_from(self, variables: dict[str, Any]) -> None:
        """Stop when the salt is used up at one face.

        At the faces themselves: the nearest cell's centre still holds salt when the
        kinetics, which see the face, have none.
        """
        c_a = variables["Anode electrolyte concentration [mol.m-3]"]
        c_c = variables["Cathode electrolyte concentration [mol.m-3]"]
        self.events = [
            pybamm.Event(
                "Zero electrolyte concentration cut-off",
                pybamm.minimum(c_a, c_c) / 1000 - 0.002,
            )
        ]


def _spread(symbol: Any) -> pybamm.Symbol:
    return pybamm.PrimaryBroadcast(scalar(symbol), "separator")


class MetalKinetics(CoreSubModel):
    """Butler–Volmer at one metal face, with a double layer for impedance.

    ``eta = (2RT/F) asinh(i/(2 j_0 theta))``, ``j_0 = j_ref(T) (c/c_0)^1/2``; with the
    double layer ``C deta/dt = i - 2 j_0 theta sinh(F eta/2RT)``. ``i`` is positive where
    the face is stripped.
    """

    def __init__(self, cell: CellContext, interface: Interface, param: Any, double_layer: bool):
        super().__init__(cell, f"{interface.place} interface")
        self.interface = interface
        self.double_layer = double_layer
        self.sign = 1 if interface.place == "anode" else -1
        self._twin_param = param

    def get_fundamental_variables(self) -> dict[str, Any]:
        """Define the overpotential where it is a state."""
        if not self.double_layer:
            return {}
        name = self.interface("reaction overpotential [V]")
        return {name: pybamm.Variable(name, domain="current collector", scale=0.1)}

    def get_coupled_variables(self, variables: dict[str, Any]) -> dict[str, Any]:
        """Invert Butler–Volmer and name the interface's variables."""
        i, param = self.interface, self._twin_param
        T = variables[TEMPERATURE]
        spec, key = interface_spec(self.cell, i)
        c = variables[i("electrolyte concentration [mol.m-3]")]
        j0 = scalar(law_expression(spec.exchange_current, f"{key}.exchange_current", T=T))
        j0_c = j0 * (c / param.c_e_init) ** 0.5
        current = self.sign * variables[electrodes.CELL_CURRENT]
        fraction = pybamm.maximum(variables[i("conducting fraction")], 1e-8)
        # Small enough that a face without sodium takes the voltage out of any window.
        reacting = pybamm.maximum(variables[i("conducting fraction")], 1e-30)
        variables[i("reference exchange current density [A.m-2]")] = j0
        variables[i("exchange current density [A.m-2]")] = j0_c
        variables[i("current density [A.m-2]")] = current
        variables[i("local current density [A.m-2]")] = current / fraction
        if not self.double_layer:
            variables[i("reaction overpotential [V]")] = (
                2 * param.R * T / param.F * pybamm.arcsinh2(current, 2 * j0_c * reacting)
            )
        variables[i("potential vs sodium [V]")] = variables[i("reaction overpotential [V]")]
        return variables

    def set_rhs(self, variables: dict[str, Any]) -> None:
        """Charge the double layer."""
        if not self.double_layer:
            return
        i, param = self.interface, self._twin_param
        T = variables[TEMPERATURE]
        eta = variables[i("reaction overpotential [V]")]
        fraction = variables[i("conducting fraction")]
        j0 = variables[i("exchange current density [A.m-2]")]
        faradaic = 2 * j0 * fraction * pybamm.sinh(param.F * eta / (2 * param.R * T))
        capacity = (param.n if i.place == "anode" else param.p).C_dl(T)
        self.rhs = {eta: (variables[i("current density [A.m-2]")] - faradaic) / capacity}

    def set_initial_conditions(self, variables: dict[str, Any]) -> None:
        """Start at rest."""
        if self.double_layer:
            eta = variables[self.interface("reaction overpotential [V]")]
            self.initial_conditions = {eta: pybamm.Scalar(0)}


class TerminalVoltage(CoreSubModel):
    """``V = -(eta_a - eta_c + i (R_a + R_c) + drop across the electrolyte)``.

    ``eta_c`` is the overpotential of the plated face in its own sign (negative there).
    """

    def __init__(self, cell: CellContext, options: Any):
        super().__init__(cell, "terminal voltage")
        self._twin_options = options

    def get_coupled_variables(self, variables: dict[str, Any]) -> dict[str, Any]:
        """Add the drops up."""
        current = variables[electrodes.CELL_CURRENT]
        series = (
            variables["Anode series resistance [Ohm.m2]"]
            + variables["Cathode series resistance [Ohm.m2]"]
        )
        drop = (
            variables["Anode reaction overpotential [V]"]
            - variables["Cathode reaction overpotential [V]"]
            + current * series
            + variables["Electrolyte potential drop [V]"]
        )
        # A terminal quantity has no domain: PyBaMM's experiment steps compare it
        # with numbers.
        voltage = pybamm.yz_average(-drop)
        variables["Voltage expression [V]"] = voltage
        variables["Voltage [V]"] = voltage
        variables["Battery voltage [V]"] = voltage
        return variables
