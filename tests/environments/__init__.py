"""The environments that the README names, each tried in a virtual environment of its own: `make matrix`."""
