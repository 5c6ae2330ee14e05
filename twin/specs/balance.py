"""What a cell's electrodes hold, and how much room a host anode has for its cell's sodium.

The anode's sites for each sodium that may come to it, its own and the cathode's::

    N/P = Q_a/(x_a Q_a + x_c Q_c),     Q = u F c_max eps_s L [C.m-2]

with the fillings ``x`` at assembly and the shares ``u`` that are used. For an empty anode and a
full cathode it is the ratio of the two capacities. A host that is filled to more than nine
tenths has hardly a reserve against plating (36-43 mV in hard carbon), so less than 1.1 calls
for a warning. How far a voltage limit leaves the cathode full is not counted.

Reference: review of sodium plating on hard carbon, Nanoscale Horiz. 2025, 10.1039/d5nh00471c
(abstract: the N/P ratio is among what decides); 1.1-1.2 is usual in the field (recalled).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from twin.constants import FARADAY
from twin.specs.naming import find
from twin.specs.percolation import utilisation

if TYPE_CHECKING:
    from twin.specs.schema import CellSpec, Metal, PorousElectrode

LEAST = 1.1
"""Sites in the anode for each sodium below which a cell is warned of."""


def all_sites(host: PorousElectrode) -> float:
    """Return what all sites of a composite hold per cell area, ``F c_max eps_s L`` [C.m-2]."""
    sites = host.material.maximum_concentration.si * host.active_fraction.si
    value: float = FARADAY * sites * host.thickness.si
    return value


def host_sites(host: PorousElectrode) -> float:
    """Return the same of the sites that are used [C.m-2]."""
    return all_sites(host) * float(utilisation(host, lambda key: find(host, key).si))


def metal_charge(material: Metal, thickness: float) -> float:
    """Return what a metal layer of a thickness [m] holds per cell area, ``F h/V_m`` [C.m-2]."""
    value: float = FARADAY * thickness / material.molar_volume.si
    return value


def nominal_per_area(spec: CellSpec) -> float:
    """Return the capacity that C-rates refer to, per cell area [C.m-2].

    As stated; else all sites of the smaller host, or the thicker foil where there is none.
    """
    if spec.nominal_capacity is not None:
        return float(3600 * spec.nominal_capacity.si / spec.geometry.area.si)
    hosts = [e for e in (spec.anode, spec.cathode) if e is not None and e.kind == "porous"]
    if hosts:
        return min(all_sites(host) for host in hosts)
    assert spec.anode.kind == "metal"  # no host
    counter = spec.anode.counter_thickness
    foil = max(spec.anode.thickness.si, 0.0 if counter is None else counter.si)
    return metal_charge(spec.anode.material, foil)


def height(spec: CellSpec) -> float:
    """Return the thickness of all layers [m]; a symmetric cell ends in its anode again."""
    layers = (spec.anode, spec.electrolyte, spec.cathode or spec.anode)
    return float(sum(layer.thickness.si for layer in layers))


def capacity_ratio(spec: CellSpec) -> float | None:
    """Return the sites of a host anode for each sodium of the cell, N/P; None without one."""
    anode, cathode = spec.anode, spec.cathode
    if anode.kind != "porous" or cathode is None or cathode.kind != "porous":
        return None
    own, other = host_sites(anode), host_sites(cathode)
    value: float | None = own / (
        anode.initial_stoichiometry.si * own + cathode.initial_stoichiometry.si * other
    )
    return value


def ratio_warning(spec: CellSpec) -> str | None:
    """Return what to say of a host anode that is too small for its cell's sodium."""
    ratio = capacity_ratio(spec)
    if ratio is None or ratio >= LEAST:
        return None
    return (
        f"N/P is {ratio:.2f}: the anode has {ratio:.2f} sites for each sodium of the cell, and "
        f"below {LEAST:g} sodium may plate on it; make anode.thickness or "
        "anode.active_fraction larger, or the cathode thinner"
    )
