"""What is measured of texts: how alike their meanings are, how many differ, and which count at all."""
