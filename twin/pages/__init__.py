"""Whole pages to send: a run or a study as one HTML file that needs nothing else."""
