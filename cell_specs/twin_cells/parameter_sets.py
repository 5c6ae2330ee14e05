"""The library's cells as PyBaMM parameter sets: ``pybamm.ParameterValues("na-nzsp-nvp")``."""

from __future__ import annotations

from typing import Any

from twin.pybamm_entry import parameter_set


def na_nzsp_nvp() -> dict[str, Any]:
    """Na | Na3.4Zr2Si2.4P0.6O12 | Na3V2(PO4)3; sources in ``cells/na-nzsp-nvp.toml``."""
    return parameter_set("na-nzsp-nvp")


def na_base_nvp() -> dict[str, Any]:
    """Na | beta''-alumina | Na3V2(PO4)3; sources in ``cells/na-base-nvp.toml``."""
    return parameter_set("na-base-nvp")


def na_nzsp_na() -> dict[str, Any]:
    """Na | Na3.4Zr2Si2.4P0.6O12 | Na; sources in ``cells/na-nzsp-na.toml``."""
    return parameter_set("na-nzsp-na")


def na_base_na() -> dict[str, Any]:
    """Na | beta''-alumina | Na; sources in ``cells/na-base-na.toml``."""
    return parameter_set("na-base-na")


def na_ion_chayambuka2022() -> dict[str, Any]:
    """Hard carbon | NaPF6 in EC:PC | NVPF; sources in ``cells/na-ion-chayambuka2022.toml``."""
    return parameter_set("na-ion-chayambuka2022")
