"""The AWS services that the sandbox practises, one module or folder each."""
