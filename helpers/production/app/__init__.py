"""A streaming web service in front of one endpoint: `python -m helpers.production.app`."""
