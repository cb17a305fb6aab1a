"""In production: what comes after the first endpoint."""
