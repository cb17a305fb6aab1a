"""The playground of 00 and 03: sliders, streams and their history."""
