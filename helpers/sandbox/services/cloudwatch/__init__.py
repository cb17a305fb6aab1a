"""What an endpoint's invocations leave in CloudWatch: metrics and logs."""
