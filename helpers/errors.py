"""The errors that `helpers` raises on purpose; each message says what happened and what to do next."""


class TutorialError(Exception):
    """The base of all errors that `helpers` raises on purpose."""

    def _render_traceback_(self) -> list[str]:
        # IPython calls this: a notebook shows the sentence alone; the cause remains in __cause__.
        return [f"{type(self).__name__}: {self}"]


class BadInput(TutorialError, ValueError):
    """An argument or parameter was refused, before anything was created or paid for."""


class UnknownModel(BadInput):
    """The catalogue has no model of that name."""


class UnknownInstanceType(BadInput):
    """The instance type is not in the catalogue, or the model's package does not list it."""


class UnsupportedRegion(BadInput):
    """The model is not published in that region."""


class NotOurs(BadInput):
    """The endpoint lacks this tutorial's tag, so somebody else created it."""


class NotConnected(TutorialError):
    """The sandbox or AWS could not be reached, or no credentials were found."""


class SandboxStopped(NotConnected):
    """The sandbox of this session has stopped, and its state is lost."""


class NotPermitted(TutorialError):
    """A permission is missing (data/iam-policy.json has them), or a role can't be assumed by a service."""


class NotSetUp(TutorialError):
    """CloudFormation could not make or change the stack; the message has its reasons."""


class NotSubscribed(TutorialError):
    """This AWS account has not subscribed to the model's Marketplace listing."""


class CostNotAccepted(TutorialError):
    """The hourly price is above what the caller agreed to pay; nothing was created."""


class InstanceNotOffered(TutorialError):
    """The region does not have the instance type; another type or region may work."""


class QuotaExceeded(TutorialError):
    """The account's quota for the instance type does not allow another endpoint."""


class EndpointNotFound(TutorialError):
    """There is no endpoint of that name; the message names the notebook that creates one."""


class EndpointFailed(TutorialError):
    """The endpoint's status is Failed; the message has SageMaker's FailureReason."""


class EndpointNotReady(TutorialError):
    """The endpoint is not InService, or waiting for it took too long."""


class ModelRefused(TutorialError):
    """The model's container rejected the request (4xx).

    `status` is the container's HTTP status, `model_message` its message.
    """

    def __init__(self, message: str, *, status: int, model_message: str) -> None:
        super().__init__(message)
        self.status = status
        self.model_message = model_message


class ModelFailed(TutorialError):
    """The model's container failed (5xx), and the same request may succeed later; or it took too long.

    `status` is the container's HTTP status, `model_message` its message, `partial_text` the text that it sent
    all the same. Status 0 is a timeout: SageMaker waits 60 s for a whole answer, so the same request would
    fail again. Stream it, or ask for less.
    """

    def __init__(self, message: str, *, status: int, model_message: str, partial_text: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.model_message = model_message
        self.partial_text = partial_text


class StreamBroken(TutorialError):
    """A stream ended before the text was complete; `partial_text` is what had arrived, `reason` why."""

    def __init__(self, message: str, *, partial_text: str, reason: str = "") -> None:
        super().__init__(message)
        self.partial_text = partial_text
        self.reason = reason


class Throttled(TutorialError):
    """AWS throttled the request and all its retries."""


class NotOffered(TutorialError):
    """The listing has no public offer that this account can accept."""
