"""Measures of texts: how alike their meanings are, how many differ, and which count at all."""
