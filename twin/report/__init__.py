"""Figures, terminal plots and files made from a stored run."""
