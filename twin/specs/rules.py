"""What must fit together in a cell beyond the single number."""

from __future__ import annotations

from typing import Any

from twin.specs.complaint import Complaint
from twin.specs.filling import DISCHARGED, is_discharged
from twin.specs.mixing import learned
from twin.specs.ranges import concentration_complaints, temperature_complaints


def kind_complaints(
    kind: str, *, anode: str | None, cathode: str | None, cathode_interface: bool
) -> list[Complaint]:
    """Return what a cell's parts have against its ``kind``.

    Parameters
    ----------
    kind : {"full", "symmetric"}
        The cell's kind.
    anode, cathode : {"metal", "porous"} or None
        The electrodes' kinds, ``None`` where there is no such table.
    cathode_interface : bool
        Whether ``interfaces.cathode`` is given.
    """
    if kind == "full":
        return _full(cathode, cathode_interface)
    return _symmetric(anode, cathode) if kind == "symmetric" else []


def _full(cathode: str | None, cathode_interface: bool) -> list[Complaint]:
    complaints = []
    if cathode is None:
        complaints.append(
            Complaint(
                "a full cell needs a [cathode] table",
                fix='describe the cathode, or set kind = "symmetric" for Na | electrolyte | Na',
                keys=("kind",),
                missing="cathode",
            )
        )
    if cathode == "metal":
        complaints.append(
            Complaint(
                "a full cell cannot have a metal cathode: there is no voltage between "
                "two electrodes of the same metal",
                fix="give the cathode an intercalation material, or make the cell "
                'kind = "symmetric" and remove [cathode]',
                keys=("cathode.material", "cathode"),
            )
        )
    if not cathode_interface:
        complaints.append(
            Complaint(
                "a full cell needs an [interfaces.cathode] table",
                fix="give at least its exchange_current",
                keys=("interfaces", "kind"),
                missing="interfaces.cathode",
            )
        )
    return complaints


def _symmetric(anode: str | None, cathode: str | None) -> list[Complaint]:
    complaints = []
    if anode == "porous":
        complaints.append(
            Complaint(
                "a symmetric cell needs a metal anode: it strips at one face what it plates "
                "at the other",
                fix='give the anode a metal such as sodium, or set kind = "full"',
                keys=("anode.material", "anode"),
            )
        )
    if cathode is not None:
        complaints.append(
            Complaint(
                "a symmetric cell has no [cathode] table: both its electrodes are the one "
                "that [anode] describes",
                fix='remove [cathode], or set kind = "full"',
                keys=("cathode",),
            )
        )
    return complaints


def check_kind(spec: Any) -> None:
    """Raise the first complaint a finished spec's parts have against its kind."""
    for complaint in kind_complaints(
        spec.kind,
        anode=spec.anode.kind,
        cathode=spec.cathode.kind if spec.cathode is not None else None,
        cathode_interface=spec.interfaces.cathode is not None,
    ):
        raise complaint
    check_counter(spec)


def check_counter(spec: Any) -> None:
    """Raise if a full cell has a counter electrode, or a cell has no sodium to begin with."""
    counter = getattr(spec.anode, "counter_thickness", None)
    if spec.kind == "full" and counter is not None:
        raise Complaint(
            "only a symmetric cell has sodium on its other side",
            fix='remove it, or set kind = "symmetric" and remove [cathode]',
            keys=("anode.counter_thickness",),
        )
    if spec.kind == "symmetric" and max(spec.anode.thickness.si, counter.si if counter else 0) <= 0:
        raise Complaint(
            "a symmetric cell needs sodium on one side at least",
            fix='give thickness, or counter_thickness = "200 um" for a foil on the other side',
            keys=("anode.thickness",),
        )


def check_laws(spec: Any) -> None:
    """Raise if one of a cell's laws says nothing at its ambient or its salt concentration."""
    for complaint in (
        *temperature_complaints(spec, spec.thermal.ambient.si, "thermal.ambient"),
        *concentration_complaints(spec),
    ):
        raise complaint


def check_window(window: Any) -> None:
    """Raise if the lower voltage limit is not below the upper."""
    if not window.lower.si < window.upper.si:
        raise Complaint(
            f"the lower limit {window.lower.text} is not below the upper {window.upper.text}",
            fix="make window.lower smaller than window.upper",
            keys=("lower", "upper"),
        )


def check_fractions(electrode: Any) -> None:
    """Raise if active material and electrolyte fill more than the electrode."""
    total = electrode.active_fraction.si + electrode.electrolyte_fraction.si
    if total > 1 + 1e-9:
        raise Complaint(
            f"active_fraction + electrolyte_fraction is {total:.6g}; together they fill "
            "at most 1 of the volume",
            fix="lower one of them; what is left is binder, carbon and pores",
            keys=("active_fraction", "electrolyte_fraction"),
        )
    porosity = electrode.mixing.porosity if electrode.mixing is not None else None
    if porosity is not None and total + porosity.si > 1 + 1e-9:
        raise Complaint(
            f"active_fraction + electrolyte_fraction + mixing.porosity is "
            f"{total + porosity.si:.6g}; together they fill at most 1 of the volume",
            fix="lower one of them, or leave mixing.porosity out: it is then what the two leave",
            keys=("mixing.porosity", "active_fraction", "electrolyte_fraction"),
        )


def utilisation_of(mixing: Any) -> Any:
    """Return what is known of a composite's utilisation by its method; None without one.

    Raises
    ------
    Complaint
        If it is to be that of a method which is not given.
    """
    if mixing.method is not None:
        return learned(mixing.method)
    if mixing.utilisation is not None:
        raise Complaint(
            "its utilisation is to be that of its method, which is not given",
            fix='add method = "dry", say, or give utilisation as a number',
            keys=("utilisation",),
            missing="method",
        )
    return None


def check_filling(electrode: Any) -> None:
    """Raise if a host begins quite empty or quite full.

    Its potential runs to infinity there (``ln((1 - s)/s)``) and its exchange current,
    which goes with ``(s (1 - s))^1/2``, to nought: no current can pass.
    """
    value = electrode.initial_stoichiometry.si
    if not 0 < value < 1 and not is_discharged(electrode):
        state, near = ("empty", 0.001) if value == 0 else ("full", 0.999)
        raise Complaint(
            f"a host that is quite {state} has no potential and passes no current",
            fix=f"give a stoichiometry between 0 and 1, say {near}",
            keys=("initial_stoichiometry",),
        )


def check_discharged(spec: Any) -> None:
    """Raise if an anode is to begin discharged: only a cathode is made with all its sodium."""
    if is_discharged(spec.anode):
        raise Complaint(
            "an anode has no filling that the lower voltage limit leaves it",
            fix="give a number between 0 and 1; only cathode.initial_stoichiometry may say "
            f'"{DISCHARGED}"',
            keys=("anode.initial_stoichiometry",),
        )


def check_fixture(stack: Any) -> None:
    """Raise if a spring fixture has no stiffness, or a pressing time no pressure."""
    if stack.pressed_for is not None and stack.pressed_at is None:
        raise Complaint(
            "it says how long the stack was pressed, and not at what",
            fix='add pressed_at = "30 MPa", or remove pressed_for',
            keys=("pressed_for",),
            missing="pressed_at",
        )
    if stack.fixture == "spring" and stack.stiffness is None:
        raise Complaint(
            'fixture = "spring" needs the spring\'s stiffness',
            fix='add stiffness = "1e11 Pa/m": the pressure rise per thickness change',
            keys=("fixture",),
            missing="stiffness",
        )


def check_thermal(thermal: Any) -> None:
    """Raise if a lumped heat balance lacks one of its two coefficients."""
    if thermal.model != "lumped":
        return
    units = {"heat_capacity": "J/(m^2*K)", "heat_transfer": "W/(m^2*K)"}
    lacking = [name for name in units if getattr(thermal, name) is None]
    if lacking:
        raise Complaint(
            f'model = "lumped" needs {" and ".join(lacking)}',
            fix="add " + ", ".join(f'{name} = "… {units[name]}"' for name in lacking),
            keys=("model",),
            missing=lacking[0],
        )


def check_transport(electrolyte: Any) -> None:
    """Raise if a binary electrolyte has no salt diffusivity."""
    if electrolyte.transport == "binary" and electrolyte.diffusivity is None:
        raise Complaint(
            'transport = "binary" needs the diffusivity of the salt',
            fix='add diffusivity = "1e-11 m^2/s", or set transport = "single-ion"',
            keys=("transport",),
            missing="diffusivity",
        )


def check_patches(spec: Any) -> None:
    """Refuse patches of a face that is no metal's.

    Raises
    ------
    Complaint
        Naming the interface.
    """
    for place, electrode in (("anode", spec.anode), ("cathode", spec.cathode)):
        interface = getattr(spec.interfaces, place)
        porous = electrode is not None and electrode.kind == "porous"
        if porous and interface is not None and interface.patches is not None:
            raise Complaint(
                f"the {place} is a composite, whose places a model follows already",
                fix="take the patches out: they are a metal face's",
                keys=(f"interfaces.{place}.patches",),
            )


def check_transport_efficiency(layer: Any) -> None:
    """Check a separator's transport efficiency.

    Raises
    ------
    Complaint
        If it is given for a layer that is all electrolyte: nothing is in the ions' way there.
    """
    given = layer.transport_efficiency
    if given is not None and layer.electrolyte_fraction.si >= 1:
        raise Complaint(
            "transport_efficiency is of a layer that holds something besides the electrolyte",
            fix="leave it out, or give electrolyte_fraction below 1",
            keys=("transport_efficiency", "electrolyte_fraction"),
        )
