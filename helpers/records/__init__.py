"""JSON that is kept or comes from elsewhere: journals on disk, payloads of answers."""
