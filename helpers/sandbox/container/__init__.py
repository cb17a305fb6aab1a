"""Cohere's model container and its wire formats; it knows nothing of AWS."""
