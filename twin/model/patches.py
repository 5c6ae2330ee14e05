"""A metal face in patches: one potential, a current of its own for each patch.

With the interface's laws taken patch by patch, ``j_k`` [A.m-2] of each patch and one unknown
``dphi`` [V] of the face::

    0 = dphi - f R_e (j_k - i) - j_k R_k - dU_k - (2RT/F) asinh(j_k/(2 j_0 theta_k))
    0 = sum_k w_k j_k - i

``w_k`` is the patch's share of the face, ``R_k`` what stands in series there, ``theta_k`` what
conducts of it, ``f`` the share of the separator's resistance ``R_e`` that carries the patch's own
current (0: the electrolyte's side of the face has one potential; 1: columns that meet nowhere).
Patches that know their neighbours share the electrolyte by Laplace's equation instead:
``R_e sum_l S_kl (j_l - i)`` takes the place of ``f R_e (j_k - i)`` (:mod:`twin.model.lateral`).
With a double layer ``C d eta_k/dt = j_k - 2 j_0 theta_k sinh(F eta_k/2RT)`` takes the place of the
last term. ``i`` is positive where the face is stripped.

With one patch, or with patches all alike, ``j_k = i`` and ``dphi`` is the drop of the mean face.
In the limit of many patches and slow voids the face is a bundle of fibres that share the load
equally: it survives up to ``max_x x [1 - F(x)]`` of the refill currents' distribution ``F``
(H. E. Daniels, Proc. R. Soc. A 183 (1945) 405, recalled).

The laws themselves are the failure modes' own submodels, unchanged: :class:`Patched` lets each
see the face's variables patch by patch. What it sets is kept twice, as the field (``NAME on
patches``) and as the mean over the face (``NAME``).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal

import pybamm

from twin.errors import ModelError
from twin.model.circuit import CELL_CURRENT
from twin.model.core import LEAST_CONTACT, TEMPERATURE, CoreSubModel, scalar
from twin.model.lateral import spreading
from twin.model.pybamm_fields import MatrixOfField
from twin.modes.context import CellContext, Interface
from twin.modes.face import HIGHEST, LOWEST, ON, Face
from twin.modes.mode import FailureMode
from twin.modes.ports import Port

# Small enough that a patch without sodium takes no current.
_LEAST_REACTING = 1e-30


class FaceView(dict[str, Any]):
    """A model's variables as one patch of a face sees them: fields, or the same everywhere."""

    def __init__(self, variables: dict[str, Any], face: Face):
        super().__init__(variables)
        self.face = face
        self.written: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        if name in self.written:
            return self.face.local(self.written[name])
        if dict.__contains__(self, name + ON):
            return dict.__getitem__(self, name + ON)
        return self.face.local(dict.__getitem__(self, name))

    def get(self, name: str, default: Any = None) -> Any:
        """Return a variable, or ``default``."""
        return self[name] if name in self else default  # noqa: SIM401

    def __setitem__(self, name: str, value: Any) -> None:
        self.written[name] = value
        dict.__setitem__(self, name, value)

    def update(self, *others: Any, **more: Any) -> None:
        """Set several variables."""
        for name, value in dict(*others, **more).items():
            self[name] = value


class Patched(pybamm.BaseSubModel):
    """A submodel of an interface, taken patch by patch.

    Parameters
    ----------
    inner : pybamm.BaseSubModel
        The submodel, whose equations are pointwise.
    face : Face
        The face.
    mean_of : iterable of str
        Variables whose value for the whole face is another's to set: no mean of these.
    """

    def __init__(self, inner: pybamm.BaseSubModel, face: Face, mean_of: Iterable[str] = ()):
        super().__init__(None, name=f"{inner.name} on patches")
        self.inner = inner
        self.face = face
        self._not_mean = frozenset(mean_of)

    def _both(self, written: dict[str, Any]) -> dict[str, Any]:
        variables: dict[str, Any] = {}
        for name, value in written.items():
            if isinstance(value, pybamm.Symbol) and value.domain == [self.face.domain]:
                variables[name + ON] = value
                if name not in self._not_mean:
                    variables[name] = self.face.mean(value)
            else:
                variables[name] = value
        return variables

    def get_fundamental_variables(self) -> dict[str, Any]:
        """Define the states, one a patch."""
        return self._both(self.inner.get_fundamental_variables())

    def get_coupled_variables(self, variables: dict[str, Any]) -> dict[str, Any]:
        """Set what follows, patch by patch."""
        view = FaceView(variables, self.face)
        returned = self.inner.get_coupled_variables(view)
        written = view.written
        if returned is not view:
            written = {k: v for k, v in returned.items() if variables.get(k) is not v}
        variables.update(self._both(written))
        return variables

    def _taken(self, equations: dict[Any, Any]) -> dict[Any, Any]:
        return {
            state: self.face.local(value) if state.domain == [self.face.domain] else value
            for state, value in equations.items()
        }

    def set_rhs(self, variables: dict[str, Any]) -> None:
        """Set the states' rates."""
        self.inner.set_rhs(FaceView(variables, self.face))
        self.rhs = self._taken(self.inner.rhs)

    def set_algebraic(self, variables: dict[str, Any]) -> None:
        """Set what is solved for."""
        self.inner.set_algebraic(FaceView(variables, self.face))
        self.algebraic = self._taken(self.inner.algebraic)

    def set_initial_conditions(self, variables: dict[str, Any]) -> None:
        """Set where the states begin."""
        self.inner.set_initial_conditions(FaceView(variables, self.face))
        self.initial_conditions = self._taken(self.inner.initial_conditions)

    def add_events_from(self, variables: dict[str, Any]) -> None:
        """Add the events; those of a face are of its worst patch."""
        self.inner.add_events_from(FaceView(variables, self.face))
        self.events = [
            pybamm.Event(e.name, self._least(e.expression), e.event_type) for e in self.inner.events
        ]

    def _least(self, expression: Any) -> Any:
        field = isinstance(expression, pybamm.Symbol) and expression.domain == [self.face.domain]
        return pybamm.min(expression) if field else expression


class SharedCurrent(CoreSubModel):
    """One potential for a face, a current for each patch; see the module's equations."""

    def __init__(self, cell: CellContext, interface: Interface, double_layer: bool = False):
        super().__init__(cell, f"{interface.place} shared current")
        self.interface = interface
        self.face = cell.faces[interface.place]
        self.double_layer = double_layer
        self.sign = 1 if interface.place == "anode" else -1

    @property
    def _current(self) -> str:
        return self.interface("current density [A.m-2]") + ON

    @property
    def _drop(self) -> str:
        return self.interface("face potential drop [V]")

    @property
    def _eta(self) -> str:
        return self.interface("reaction overpotential [V]") + ON

    def get_fundamental_variables(self) -> dict[str, Any]:
        """Define the currents and the drop."""
        variables = {
            self._current: self.face.state(self._current, scale=10),
            self._drop: pybamm.Variable(self._drop, domain="current collector", scale=0.1),
        }
        if self.double_layer:
            variables[self._eta] = self.face.state(self._eta, scale=0.1)
        return variables

    def get_coupled_variables(self, variables: dict[str, Any]) -> dict[str, Any]:
        """Name each patch's current, overpotential and the face's own numbers."""
        i, face = self.interface, self.face
        view = FaceView(variables, face)
        j, theta = view[self._current], view[i("conducting fraction")]
        T, R_k = view[TEMPERATURE], view[i("series resistance [Ohm.m2]")]
        j0 = self._exchange(view)
        thermal = 2 * pybamm.constants.R * T / pybamm.constants.F
        touching = pybamm.maximum(theta, LEAST_CONTACT)
        if not self.double_layer:
            reacting = pybamm.maximum(theta, _LEAST_REACTING)
            variables[self._eta] = thermal * pybamm.arcsinh2(j, 2 * j0 * reacting)
        eta = variables[self._eta]
        variables[i("local current density [A.m-2]") + ON] = j / touching
        variables[i("potential vs sodium [V]") + ON] = eta
        # The face as a resistance: its patches side by side, less the mean's charge transfer.
        fresh = self._varies * view[i("reference exchange current density [A.m-2]")]
        each = R_k + thermal / (2 * fresh * touching)
        mean = pybamm.maximum(variables[i("conducting fraction")], LEAST_CONTACT)
        whole = variables[TEMPERATURE]
        transfer = (
            pybamm.constants.R
            * whole
            / pybamm.constants.F
            / (variables[i("reference exchange current density [A.m-2]")] * mean)
        )
        variables[i("series resistance [Ohm.m2]")] = scalar(1 / face.mean(1 / each) - transfer)
        # What the cell loses at the face besides the mean's overpotential.
        eta_mean = variables[i("reaction overpotential [V]")]
        variables[i("face series drop [V]")] = scalar(variables[self._drop] - eta_mean)
        return variables

    def _own(self, excess: pybamm.Symbol) -> pybamm.Symbol:
        """Return what patches lose of ``R_e (j_k - i)``, the drop of columns that do not meet."""
        patches = self.face.division.patches
        if patches.exchange == "electrolyte" and patches.map is not None:
            thickness = self.cell.quantity("electrolyte.thickness").si
            return MatrixOfField(pybamm.Matrix(spreading(*patches.map.edges, thickness)), excess)
        key = f"{self.cell.interface_key(self.interface.place)}.patches.separator_share"
        return self.cell.parameter(key) * excess

    @property
    def _varies(self) -> Any:
        key = f"{self.cell.interface_key(self.interface.place)}.exchange_current"
        return self.face.factor(key)

    def _exchange(self, view: FaceView) -> Any:
        i = self.interface
        # A full cell's is PyBaMM's own, at the salt's concentration there.
        what = "" if self.cell.kind == "symmetric" else "reference "
        return self._varies * view[i(f"{what}exchange current density [A.m-2]")]

    def set_rhs(self, variables: dict[str, Any]) -> None:
        """Charge each patch's double layer."""
        if not self.double_layer:
            return
        i, view = self.interface, FaceView(variables, self.face)
        T, eta = view[TEMPERATURE], variables[self._eta]
        F_RT = pybamm.constants.F / (2 * pybamm.constants.R * T)
        j0, theta = self._exchange(view), view[i("conducting fraction")]
        faradaic = 2 * j0 * theta * pybamm.sinh(F_RT * eta)
        key = self.cell.interface_key(i.place)
        capacity = self.cell.parameter(f"{key}.double_layer_capacitance")
        self.rhs = {eta: (variables[self._current] - faradaic) / capacity}

    def set_algebraic(self, variables: dict[str, Any]) -> None:
        """Share the current out."""
        i, face = self.interface, self.face
        view = FaceView(variables, face)
        j, drop = variables[self._current], variables[self._drop]
        current = self.sign * variables[CELL_CURRENT]
        own = self._own(view["Separator resistance [Ohm.m2]"] * (j - face.local(current)))
        shift = view[Port.EQUILIBRIUM_POTENTIAL.at(i.place).variable]
        lost = own + j * view[i("series resistance [Ohm.m2]")] + variables[self._eta]
        self.algebraic = {
            j: face.local(drop) - lost - shift,
            drop: (face.mean(j) - current) / 10,
        }

    def set_initial_conditions(self, variables: dict[str, Any]) -> None:
        """Begin the search at rest."""
        names = [self._current, self._drop] + [self._eta] * self.double_layer
        self.initial_conditions = {variables[name]: pybamm.Scalar(0) for name in names}


def shared_currents(cell: CellContext, double_layer: bool) -> dict[str, SharedCurrent]:
    """Return the submodels that share each divided face's current out."""
    divided = [i for i in cell.interfaces if i.place in cell.faces]
    return {f"{i.place} shared current": SharedCurrent(cell, i, double_layer) for i in divided}


def on_faces(cell: CellContext, what: Literal["geometry", "points", "submesh", "method"]) -> Any:
    """Return what the divided faces add to a model's default geometry, points, meshes, methods."""
    broadcasts: dict[Any, Any] = {}
    for face in cell.faces.values():
        broadcasts |= {
            "geometry": face.geometry,
            "points": {face.z: face.count},
            "submesh": {face.domain: face.submesh},
            "method": {face.domain: pybamm.FiniteVolume()},
        }[what]
    return broadcasts


def extreme(model: pybamm.BaseModel, name: str, end: str) -> str:
    """Return the name of a variable's lowest or highest patch, which is made if need be."""
    known = name + end
    if known not in model.variables:
        field = model.variables[name + ON]
        worst = pybamm.min(field) if end == LOWEST else pybamm.max(field)
        model.variables[known] = scalar(worst)
    return known


MOST_SHOWN = 64
"""Of a face with more patches only the mean, the lowest and the highest are kept."""
_SHOWN = ("conducting fraction", "current density [A.m-2]")


def patch_name(name: str, number: int) -> str:
    """Return what a variable is called in one patch; patches are counted from 1."""
    return f"{name} (patch {number})"


def kept(
    model: pybamm.BaseModel, cell: CellContext, modes: Iterable[FailureMode], names: Iterable[str]
) -> list[str]:
    """Return what is kept of divided faces besides the means, and add it to the model.

    Of every variable that is kept, and the current, its lowest and highest patch; of those that
    a mode shows, the contact and the current, every patch.
    """
    to_keep: list[str] = []
    currents = [i(_SHOWN[-1]) for i in cell.interfaces if i.place in cell.faces]
    for name in dict.fromkeys([*names, *currents]):
        if name + ON in model.variables:
            to_keep += [extreme(model, name, end) for end in (LOWEST, HIGHEST)]
    for interface in cell.interfaces:
        face = cell.faces.get(interface.place)
        if face is None:
            continue
        name = interface(_SHOWN[-1])
        if name not in model.variables:
            model.variables[name] = face.mean(model.variables[name + ON])
        to_keep.append(name)
        if face.count > MOST_SHOWN:
            continue
        shown = [m.shows.replace("{interface}", interface.prefix) for m in modes if m.shows]
        for name in dict.fromkeys([*map(interface, _SHOWN), *shown]):
            known = name + ON in model.variables
            if known and model.variables[name + ON].domain == [face.domain]:
                to_keep += _each(model, face, name)
    return to_keep


def _each(model: pybamm.BaseModel, face: Face, name: str) -> list[str]:
    names = []
    for number, weight in enumerate(face.division.weights, start=1):
        only = [1 / weight if n == number else 0.0 for n in range(1, face.count + 1)]
        known = patch_name(name, number)
        model.variables[known] = face.mean(model.variables[name + ON] * face.field(only))
        names.append(known)
    return names


def refuse_unused(cell: CellContext, modes: Iterable[FailureMode]) -> None:
    """Refuse a key that varies over a face and that nothing there reads.

    Raises
    ------
    ModelError
        Naming the key. Keys of modes that are left out do no harm.
    """
    chosen = {mode.id for mode in modes}
    for place, face in cell.faces.items():
        for key in face.division.patches.vary:
            mode = key.split(".")[1] if key.startswith("modes.") and "." in key[6:] else None
            if key in face.used or (mode is not None and mode not in chosen):
                continue
            raise ModelError(
                f"nothing at the {place}'s face reads {key}, which is to vary over it",
                key=f"{cell.interface_key(place)}.patches.vary",
                fix="name a number of the interface or of a mode that acts there: "
                "`twin cells show` lists them",
            )
