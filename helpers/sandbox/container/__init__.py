"""Cohere's model container: its wire formats, and no AWS."""
