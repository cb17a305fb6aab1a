"""The notebooks as a site: Sphinx's settings, the page it begins with, and what `make site` runs."""
