"""Grain boundaries in series with the grains (brick-layer model), and their ageing.

A material file gives the *total* conductivity of a ceramic with grains of size ``d_0``. Of
its resistance at ``T_0`` the boundaries have the share ``R_0/(1 + R_0)``, the grains the
rest. Grains follow the law's activation energy ``E``, boundaries ``E_gb``::

    1/sigma = 1/sigma_b + (delta/d_g)/sigma_gb,     R_gb/R_b = delta sigma_b/(d_g sigma_gb)

    sigma/sigma_law = (1 + R_0) / (1 + R_0 (d_0/d_g) a (1 + r))
    a = exp[ (E_gb - E)/R (1/T - 1/T_0) ]

which is one for grains of the reference size, ``E_gb = E`` and no damage ``r``; without
boundaries (``d_g`` infinite) the conductivity is that of the grains, ``(1 + R_0)``-fold;
where boundaries rule (``d_g`` small) its activation energy is ``E_gb``.

Damage ``sigma_gb -> sigma_gb/(1 + r)`` grows with the field the ions are driven by and, at
an interface that debonds, with the strain it goes through::

    dr/dt = k_g |E_field|/E_ref + k_m D |d eps/dt|

``E_field = j/sigma`` in the separator; in the composite half of ``j`` over its effective
conductivity, the mean over a layer the current dies out in. ``D`` and the strain rate are
the delamination mode's, and count only where that mode is there. The state is
``ln(1 + r)``: damage feeds on the field that it raises, exponentially. At constant current,
with ``b = R_0/(1 + R_0)``: ``r = (exp(a b t) - 1)/b``, ``a = k_g j/(sigma_0 E_ref)``.

References: H. Nafe, Solid State Ionics 13 (1984) 255 (brick layer, recalled); Q. Ma et al.,
J. Mater. Chem. A (2019) c9ta00048h (abstract: 15 mS/cm of grains, 5 in all). The laws of
ageing are assumptions.
"""

from __future__ import annotations

from typing import Any, Literal

import pybamm

from twin import CellContext, Interface, ModeSubModel, arrhenius
from twin_blocking.conductivity import activation

TEMPERATURE = "Volume-averaged cell temperature [K]"
# Keeps a solver's trial step finite; damage of e^50 is past any use.
_MAX_EXPONENT = 50
# A cycle does a ten-thousandth of damage: the solver is to mind it.
_SCALE = 1e-3

Layer = Literal["separator", "cathode"]


class LayerSubModel(ModeSubModel):
    """What boundaries and their ageing share: the layer, and the interface that strains it."""

    def __init__(self, cell: CellContext, mode_id: str, layer: Layer, electrolyte: str):
        strained: Interface = cell.interfaces[0 if layer == "separator" else 1]
        super().__init__(cell, mode_id, strained)
        self.layer = layer
        self.electrolyte = electrolyte
        self.table = getattr(cell.parameters(mode_id), layer)

    def own(self, name: str) -> pybamm.Parameter:
        """Return a parameter of this layer's table."""
        return self.p(f"{self.layer}.{name}")

    def named(self, what: str) -> str:
        """Return the name of one of this layer's variables."""
        return f"{self.layer.capitalize()} {what}"


class GrainBoundaries(LayerSubModel):
    """The boundaries of one layer: their damage, and the factor they put on conductivity."""

    def get_fundamental_variables(self) -> dict[str, Any]:
        """Define the damage."""
        y = self.state(self.named("grain-boundary damage state"), scale=_SCALE)
        damage = pybamm.exp(pybamm.minimum(y, _MAX_EXPONENT)) - 1
        return {
            self.named("grain-boundary damage state"): y,
            self.named("grain-boundary damage"): damage,
        }

    def get_coupled_variables(self, variables: dict[str, Any]) -> dict[str, Any]:
        """Put grains and boundaries in series."""
        ratio = self.own("resistance_ratio")
        fresh = ratio * self.own("reference_grain_size") / self.own("grain_size")
        if self.table.activation_energy is not None:
            extra = self.own("activation_energy") - activation(self.cell, self.electrolyte)
            T_0 = self.own("reference_temperature")
            # Resistance: the boundaries' conductivity stands below the line.
            fresh = fresh / arrhenius(extra, variables[TEMPERATURE], T_0)
        damage = variables[self.named("grain-boundary damage")]
        aged = 1 + fresh * (1 + damage)
        variables[self.named("grain conductivity factor")] = (1 + ratio) / aged
        variables[self.named("grain-boundary resistance ratio")] = fresh * (1 + damage)
        variables[self.named("blocking factor")] = aged / (1 + fresh)
        return variables

    def set_initial_conditions(self, variables: dict[str, Any]) -> None:
        """Start unharmed."""
        y = variables[self.named("grain-boundary damage state")]
        self.initial_conditions = {y: pybamm.Scalar(0)}


class GrainBoundaryAgeing(LayerSubModel):
    """How fast the boundaries of one layer age; see the module's equations."""

    def _field(self, variables: dict[str, Any]) -> Any:
        current = pybamm.AbsoluteValue(variables[self.interface("current density [A.m-2]")])
        thickness = self.cell.parameter("electrolyte.thickness")
        field = current * variables["Separator resistance [Ohm.m2]"] / thickness
        if self.layer == "separator":
            return field
        separator = variables["X-averaged separator electrolyte transport efficiency"]
        composite = variables["X-averaged positive electrolyte transport efficiency"]
        return field / 2 * separator / composite

    def set_rhs(self, variables: dict[str, Any]) -> None:
        """Age by field, and by strain where a mode says how much of it there is."""
        i = self.interface
        field = self._field(variables) / self.own("reference_field")
        growth = self.own("field_ageing_rate") * field
        rate = pybamm.AbsoluteValue(variables[i("misfit strain rate [s-1]")])
        strained = variables[i("delaminated fraction")] * rate
        growth = growth + self.own("strain_ageing") * strained
        y = variables[self.named("grain-boundary damage state")]
        self.rhs = {y: growth / (1 + variables[self.named("grain-boundary damage")])}
