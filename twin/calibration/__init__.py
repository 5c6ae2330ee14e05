"""The twin of a real cell: its parameters from measured curves, with what the data cannot tell.

Measured curves become constant-current pieces (:mod:`~twin.calibration.data`); half-cell
potentials become open-circuit laws (:mod:`~twin.calibration.half_cell`); the free numbers have
priors (:mod:`~twin.calibration.parameters`), are inputs of a model built once
(:mod:`~twin.calibration.forward`), fitted by least squares (:mod:`~twin.calibration.fit`), told
apart by what the data say of them (:mod:`~twin.calibration.identify`), and drawn from their
posterior by ES-MDA (:mod:`~twin.calibration.esmda`) beside a discrepancy of the model
(:mod:`~twin.calibration.discrepancy`).
"""
