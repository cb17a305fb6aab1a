"""Run a table of notebook runs without anybody looking on: `python -m helpers.batch`."""
