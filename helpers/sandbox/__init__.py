"""The sandbox: a practice AWS on 127.0.0.1, with a real small language model in it."""
