"""The package that the notebooks import; importing it opens no socket and starts no thread."""
