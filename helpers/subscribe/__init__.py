"""Step 01: a model's offer on AWS Marketplace, and the subscription to it."""
