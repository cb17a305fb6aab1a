"""SageMaker Runtime: an invocation's way to its container and back."""
