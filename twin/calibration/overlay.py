"""A calibration as an overlay: the numbers with spreads, and what is left of the posterior."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from twin.calibration.identify import Told
from twin.calibration.parameters import FreeNumber
from twin.calibration.result import Calibration
from twin.files import write_text
from twin.specs.dump import to_toml

FORMAT = 1


def overlay_data(calibration: Calibration) -> dict[str, Any]:
    """Return a calibration as the plain data of an overlay's file."""
    changes = {
        f"{h.place}.material.open_circuit_potential": h.law() for h in calibration.half_cells
    }
    files = [(s.curve.name, s.curve.id, s.held) for s in calibration.scores]
    files += [(s.sweep.name, s.sweep.id, s.held) for s in calibration.spectra]
    source = "twin calibrate: " + ", ".join(
        f"{name} (SHA-256 {sha256[:16]})" for name, sha256, held in files if not held
    )
    sd = np.sqrt(np.diag(calibration.covariance))
    patch: dict[str, Any] = {}
    for key, change in {**changes, **calibration.readied}.items():
        put(patch, key, change)
    for item, z, s, told in zip(
        calibration.items, calibration.z, sd, calibration.told, strict=True
    ):
        put(patch, item.key, number_entry(item, float(z), float(s), told, source))
    return {
        "schema": 1,
        "title": f"{calibration.cell}, calibrated",
        "kinds": ["full"],
        "patch": patch,
        "calibration": _block(calibration),
        "provenance": {
            "references": [f"{name}, SHA-256 {sha256}" for name, sha256, _ in files],
            "notes": " ".join(calibration.notes),
        },
    }


def overlay_toml(calibration: Calibration) -> str:
    """Return a calibration as the text of an overlay's file."""
    return to_toml(overlay_data(calibration))


def number_entry(item: FreeNumber, z: float, sd: float, told: Told, source: str) -> dict[str, Any]:
    """Return a fitted number as an overlay gives it."""
    entry: dict[str, Any] = {
        "value": _text(item.x(z), item.quantity.unit),
        "spread": item.spread(sd),
        "spread_kind": "epistemic",
        "status": "fitted",
        "source": source,
    }
    if told.says == "not told":
        entry["status"] = item.quantity.status or "assumed"
        entry["source"] = item.quantity.source or "the prior"
        entry["note"] = "the data do not tell it: its prior"
    elif told.bound:
        entry["note"] = f"at its {told.bound} bound"
    return entry


def _text(value: float, unit: str) -> Any:
    short = float(f"{value:.6g}")
    return f"{short!r} {unit}" if unit else short


def put(tree: dict[str, Any], key: str, value: Any) -> None:
    """Put a value into nested tables at a dotted key."""
    *tables, last = key.split(".")
    for name in tables:
        tree = tree.setdefault(name, {})
    tree[last] = value


def _block(calibration: Calibration) -> dict[str, Any]:
    """Return what a cell takes nothing of: the posterior and the discrepancy."""
    rounded = np.vectorize(lambda v: float(f"{v:.6g}"))
    block: dict[str, Any] = {
        "format": FORMAT,
        "cell": calibration.cell,
        "model": calibration.model,
        "seed": calibration.seed,
        "keys": [item.key for item in calibration.items],
        "units": [item.quantity.unit for item in calibration.items],
        "scales": [item.kind for item in calibration.items],
        "prior": [float(item.middle) for item in calibration.items],
        "widths": [float(item.width) for item in calibration.items],
        "low": [float(item.low) for item in calibration.items],
        "high": [float(item.high) for item in calibration.items],
        "fit": rounded(calibration.z).tolist(),
        "covariance": rounded(calibration.covariance).tolist(),
        "discrepancy": calibration.discrepancy.to_dict(),
        "data": [
            {"name": s.curve.name, "sha256": s.curve.id, "held": s.held,
             "rms_mV": float(f"{1e3 * s.rms_V:.4g}")}
            for s in calibration.scores
        ],
    }  # fmt: skip
    if calibration.discrepancy_K is not None:
        block["discrepancy_K"] = calibration.discrepancy_K.to_dict()
    block["data"] += [
        {"name": s.sweep.name, "sha256": s.sweep.id, "held": s.held,
         "rms_percent": float(f"{100 * s.rms:.4g}")}
        for s in calibration.spectra
    ]  # fmt: skip
    if calibration.discrepancy_Z is not None:
        block["discrepancy_Z"] = calibration.discrepancy_Z.to_dict()
    if len(calibration.members):
        block["members"] = rounded(calibration.members).tolist()
    return block


def save_calibration(calibration: Calibration, path: str | Path) -> None:
    """Write a calibration as an overlay's file.

    Raises
    ------
    InputError
        If it cannot be written there.
    """
    write_text(path, overlay_toml(calibration), key="out")
