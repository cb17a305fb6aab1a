"""AWS's JSON protocols, read from botocore's models."""
