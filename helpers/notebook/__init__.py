"""What a notebook's cells show and take: markup, progress, parameters."""
