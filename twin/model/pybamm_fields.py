"""A symbol of PyBaMM's for fields over domains that it does not know."""

from __future__ import annotations

from typing import Any

import pybamm


class MatrixOfField(pybamm.MatrixMultiplication):
    """A matrix times a field over a domain that PyBaMM does not know, which keeps its domain.

    PyBaMM tries shapes with vectors of a made-up length for such a domain, before it is meshed.
    """

    def _evaluate_for_shape(self) -> Any:
        return self.right.evaluate_for_shape()

    def _binary_new_copy(self, left: Any, right: Any) -> MatrixOfField:
        return self.__class__(left, right)
