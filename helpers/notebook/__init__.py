"""What notebook cells display and take: markup, progress, parameters."""
