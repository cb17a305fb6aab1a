"""Unattended runs of the notebooks, from a table: `python -m helpers.batch`."""
