"""The port: who gets in, and to which service."""
