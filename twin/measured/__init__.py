"""Measured data of a real cell: read from cyclers' files, repaired, looked through, kept.

Two kinds: voltage and current over time, and impedance spectra. Nothing here knows a model.
"""
