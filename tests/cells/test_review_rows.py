"""Every row of the review's sections 3, 4 and 5 is something that a user can run.

The review: Chem. Sci. 2026, 17, 4881, doi:10.1039/d5sc09313a. Its rows are restated here, each
with the cell, the overlays, the protocol or the published case that stands for it.
"""

from __future__ import annotations

from functools import cache

import pytest

import twin
from twin.validation.loader import load_case

MEMBERS = {
    # Section 3: electrolyte -> a cell that has it.
    "peo-natfsi": "na-peo-nvp",
    "pvdf-mof": "na-pvdfmof-nvp",
    "tep-gel": "na-gel-nvp",
    "base-poly": "na-base-nvp",
    "base-cu": "na-basecu-nvp",
    "nzsp": "na-nzsp2-na",
    "nzsp-3.4": "na-nzsp-nvp",
    "nzsp-sb": "na-nzsp-sb-na",
    "nzsp-sc": "na-nzsp-sc-na",
    "nhsp": "na-nhsp-nvp",
    "na3ps4": "na-nps-na",
    "na3sbs4": "na-nsbs-na",
    "na3sbs4-w": "na-nsbsw-na",
    "na3sbs4-he": "na-nsbshe-na",
    "na2zrcl6": "nasn-nzc-nvp",
    "naalcl4-o": "nasn5-naco-nvopf",
    "nbh": "na-nbh-nco",
    "ncbb": "na-ncbb-na",
    "na2s-zrcl4": "nasn-nszc-nvp",
    "tacl5-na2co3": "nasn-tnoc-nvp",
    "peo-pan": "na-peopan-nvp",
    "peo-lm": "na-peolm-nvp",
    "peo-cumof": "na-cumof-nvp",
}

CLASSES = {
    # Section 4: class -> cell, what is laid over it, and the case with its outcome; none
    # where the review gives no outcome, or none that is a number or an order.
    "electrolyte design": ("na-nzsp-sc-na", (), "d06-scandium-nzsp"),
    "pressure": ("na-nps-na", ("high-pressure-20MPa",), "r-pressure-window"),
    "pressure, stable pair": ("na-base-na", ("high-pressure-20MPa",), "r-pressure-window"),
    "wetting, liquid alloy": ("nak-nzsp-nak", (), "r-fluid-layers"),
    "wetting, liquid alloy, laid over": ("na-nzsp-na", ("na-k-liquid",), ""),
    "wetting, metal coating": ("na-nhsp-na", ("pb-coating",), "r-lead-coating"),
    "wetting, ionic liquid": ("na-nsbs-fes2-il", (), "r-pyrite-ionic-liquid"),
    "wetting, ionic liquid, laid over": ("na-nsbs-na", ("il-anode-wetting",), ""),
    "functional interlayer": ("na-nzsp2-na", ("sbf3-interlayer",), ""),
    "functional interlayer, fitted": ("na-nzsp2-na", (), "d08-sbf3-interlayer"),
    "healing polymer": ("na-nzsp-na", ("healing-polymer",), "r-healing-polymer"),
    "artificial SEI": ("hc-nzsp-nvp", ("artificial-sei-pmma",), "r-artificial-sei"),
    "alloy anode": ("nain-nzsp-nain", (), "d07-indium-interlayer"),
    "alloy anode, laid over": ("na-nzsp2-na", ("na-in-anode",), ""),
    "gradient composite anode": ("na-nzsp-na", ("na3sb-naf-anode",), ""),
    "composite cathode": ("na-nzsp-nvp-infiltrated", (), "r-composite-cathodes"),
    "co-fired cathode": ("na-base-nfpo-cofired", (), "d22-iron-pyrophosphate"),
    "co-fired cathode, laid over": ("na-base-nvp", ("cofired-cathode",), ""),
    "cathode wetting, ionic liquid": ("na-base-nvpf-il", (), "r-composite-cathodes"),
    "cathode wetting, laid over": ("na-base-nvp", ("il-cathode-wetting",), ""),
    "cathode wetting, fluid layer": ("na-nhsp-na", ("fluid-layer",), "r-fluid-layers"),
    "cathode interlayer, BiFeO3": ("na-nzsp-nnmo", ("bifeo3-coating",), "r-cathode-interlayers"),
    "cathode interlayer, NaPVS": ("na-peo-nvp", ("napvs-cei",), "r-cathode-interlayers"),
    "structure, bilayer": ("na-base-nvp-bilayer", (), "d21-nvp-base"),
    "structure, laid over": ("na-base-nvp", ("porous-dense-ceramic",), ""),
    "structure, monolith": ("na-nzsp-s-monolith", (), "d23-sulfur-monolith"),
    "mature high temperature, Na-S": ("na-base-s-330c", (), "d31-molten-sodium"),
    "mature high temperature, Na-NiCl2": ("na-base-nicl2-300c", (), ""),
    "mature high temperature, laid over": ("na-base-na", ("molten-anode-300C",), ""),
    # Section 1's mitigations.
    "soft or graded interlayer": ("na-nzsp-na", ("soft-gradient",), ""),
    "grain-boundary engineering": ("na-nzsp-na", ("grain-boundary-doped",), ""),
    "mixed-conducting interlayer": ("na-nzsp-na", ("mixed-conducting-interlayer",), ""),
    "buffer layer": ("na-nsbs-na", ("buffer-layer",), ""),
    "chemomechanical barrier": ("na-nzsp-na", ("compressed-surface",), ""),
}

DUTIES = {
    # Section 5: where cells are used -> protocol, on a cell it is meant for.
    "daily stationary storage": ("stationary-storage", "na-nzsp-nvp"),
    "solar smoothing": ("solar-smoothing", "na-base-s-330c"),
    "calendar storage": ("calendar-storage", "na-nzsp-nvp"),
    "temperature swings": ("temperature-cycling", "na-nzsp-nvp"),
    "pressure fixtures": ("pressure-steps", "na-nzsp-na"),
    "fast charge": ("fast-charge", "hc-nzsp-nvp"),
    "rates": ("rate-test", "na-nzsp-nvp"),
    "plain cycling": ("cc-cv", "na-nzsp-nvp"),
    "critical currents": ("ccd-ramp", "na-nzsp-na"),
    "stripping and plating": ("galvanostatic-symmetric", "na-base-na"),
}

loaded = cache(twin.load_cell)


@pytest.mark.parametrize(("electrolyte", "name"), MEMBERS.items())
def test_each_member_of_a_family_is_in_a_cell(electrolyte, name):
    spec = loaded(name)
    composites = [getattr(e, "electrolyte", None) for e in (spec.anode, spec.cathode)]
    materials = {m.name for m in [spec.electrolyte.material, *composites] if m is not None}
    assert electrolyte in materials


@pytest.mark.parametrize("row", CLASSES)
def test_each_class_of_interface_engineering_can_be_laid_over_or_run(row):
    cell, overlays, case = CLASSES[row]
    spec = loaded(cell, overlays=overlays)
    if overlays:
        assert twin.differences(loaded(cell), spec)
    if case:
        runs = load_case(case).run.values()
        assert any(run.cell == cell and set(overlays) <= set(run.overlays) for run in runs)


@pytest.mark.parametrize("row", DUTIES)
def test_each_duty_is_a_protocol_that_a_cell_can_follow(row):
    protocol, cell = DUTIES[row]
    spec = loaded(cell)
    assert twin.load_protocol(protocol, spec).resolve(spec).phases


def test_no_overlay_and_no_protocol_is_left_out():
    laid = {overlay for _, overlays, _ in CLASSES.values() for overlay in overlays}
    coatings = {"argon-heat-treated", "au-coating", "graphene-coating", "na2b12h12-interlayer",
                "sn-interlayer", "tio2-coating"}  # fmt: skip
    conditions = {"low-pressure-0.5MPa", "thin-electrolyte", "warm-60C"}
    layers = {f"{of}-interphase" for of in ("inert", "na3ps4", "na3ps4-cl", "na3sbs4", "nyzc")}
    assert laid | coatings | conditions | layers == set(twin.library().names("overlays"))
    protocols = {protocol for protocol, _ in DUTIES.values()}
    known = set(twin.library().names("protocols"))
    assert protocols | {"cc-cv-discharge-first", "plate-strip"} == known


def test_a_row_whose_measured_value_is_kept_back_is_predicted():
    for case in ("r-lead-coating", "r-pyrite-ionic-liquid"):
        rows = [row for row in load_case(case).row if row.predict]
        assert rows and all(row.spread for row in rows)
