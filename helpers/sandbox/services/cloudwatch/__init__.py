"""CloudWatch metrics and logs of endpoints."""
