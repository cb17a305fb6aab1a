"""The container's error answers: an HTTP status and Cohere's {"message": ...}."""

PRACTICE = "the practice model in this sandbox"


class ContainerError(Exception):
    """An error that the container answers with."""

    def __init__(self, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.message = message
        self.status = status


def invalid(message: str) -> ContainerError:
    """Return a 400 in the form of Cohere's documented texts."""
    return ContainerError(f"invalid request: {message}")


def not_practised(parameter: str, why: str) -> ContainerError:
    """Return a 400 for what Cohere's models can do and a small model cannot."""
    return ContainerError(f"invalid request: {parameter} is not supported by {PRACTICE}: {why}.")
