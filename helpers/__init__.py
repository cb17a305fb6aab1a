"""What the notebooks import. Importing this package opens no socket and starts no thread."""
