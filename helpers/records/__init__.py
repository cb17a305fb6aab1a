"""JSON from disk or from elsewhere: journals of runs, payloads of answers."""
