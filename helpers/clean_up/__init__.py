"""Step 06: delete what costs, and find what is left."""
