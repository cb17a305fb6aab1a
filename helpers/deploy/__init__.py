"""Step 02: from a model package to an endpoint with a known price and a deadline."""
