"""SageMaker Runtime: an invocation's path to the container and back."""
