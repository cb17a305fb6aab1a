"""Step 03's playground: sliders, streams and their history."""
