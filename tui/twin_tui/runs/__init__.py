"""Runs in processes of their own: what to run, the worker, and who looks after it."""
