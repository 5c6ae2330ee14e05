"""CasADi functions called for many states at once."""

from __future__ import annotations

import casadi
import numpy as np


def dense(function: casadi.Function) -> casadi.Function:
    """Return a function of ``(t, y, p)`` whose output has a place for each of its zeros."""
    if function.sparsity_out(0).is_dense():
        return function
    given = function.mx_in()
    return casadi.Function(function.name(), given, [casadi.densify(function(*given))])


class Batch:
    """A CasADi function of ``(t, y, p)`` called for many columns through fixed buffers.

    CasADi copies an array number by number when it is passed as an argument, which costs
    more than the function itself; its buffers do not copy.

    Parameters
    ----------
    function : casadi.Function
        Its output is dense.
    size : int
        How many columns one call takes. A rest of no more than half of it goes to calls of
        :data:`FEW`; what is left over is computed for nothing.
    """

    SIZE = 16
    FEW = 4

    def __init__(self, function: casadi.Function, size: int = SIZE):
        self.size = size
        self._few = Batch(function, self.FEW) if size > self.FEW else None
        self._mapped = function.map(size)
        sizes = [function.numel_in(i) for i in range(3)]
        self._in = [np.zeros((size, n)) for n in sizes]
        self._out = np.zeros((size, function.numel_out(0)))
        self._buffer, self._run = self._mapped.buffer()
        for i, array in enumerate(self._in):
            self._buffer.set_arg(i, memoryview(array.reshape(-1)))  # type: ignore[call-arg,arg-type]
        self._buffer.set_res(0, memoryview(self._out.reshape(-1)))  # type: ignore[call-arg,arg-type]

    def __call__(self, t: np.ndarray, y: np.ndarray, p: np.ndarray) -> np.ndarray:
        """Return the outputs, shape (outputs, n)."""
        result = np.empty((self._out.shape[1], len(t)))
        times, states, given = self._in
        given[:] = p
        for start in range(0, len(t), self.size):
            part = slice(start, min(start + self.size, len(t)))
            n = part.stop - start
            if self._few is not None and 2 * n <= self.size:
                result[:, part] = self._few(t[part], y[:, part], p)
                break
            times[:n, 0], states[:n] = t[part], y[:, part].T
            # What is left of the batch is computed too: let it be something sensible.
            times[n:], states[n:] = times[n - 1], states[n - 1]
            self._run()
            result[:, part] = self._out[:n].T
        return result
