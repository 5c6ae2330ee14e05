"""What conducts of an interface, handed to PyBaMM's kinetics."""

from __future__ import annotations

from typing import Any

from pybamm.models.submodels.interface.interface_utilisation.base_utilisation import (
    BaseModel as BaseUtilisation,
)

from twin.model.core import spread
from twin.modes.context import Interface


class PortedUtilisation(BaseUtilisation):
    """PyBaMM's interface utilisation, fed by the conducting fraction.

    The kinetics then use the true local current density ``j/theta``.
    """

    def __init__(self, param: Any, domain: str, options: Any, interface: Interface):
        super().__init__(param, domain, options)
        self.interface = interface

    def get_coupled_variables(self, variables: dict[str, Any]) -> dict[str, Any]:
        """Hand the conducting fraction to the kinetics."""
        fraction = variables[self.interface("conducting fraction")]
        over = spread(fraction, f"{self.domain} electrode")
        variables.update(self._get_standard_interface_utilisation_variables(over))
        return variables
