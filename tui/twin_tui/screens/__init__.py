"""Screens: one for each thing an engineer does at the bench."""
