"""Step 04: sweep over settings, measure, compare, recommend."""
