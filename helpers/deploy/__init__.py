"""Step 02: from a model package to an endpoint with a price and an end."""
