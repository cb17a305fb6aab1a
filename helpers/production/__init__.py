"""In production: load, sizing, scaling, alarms, and a web service in front of an endpoint."""
