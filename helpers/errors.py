"""Every error that `helpers` raises on purpose; each message says what happened and what to do next."""


class TutorialError(Exception):
    """The root: catch this to catch everything that `helpers` raises on purpose."""

    def _render_traceback_(self) -> list[str]:
        # IPython asks for this: a reader of a notebook gets the sentence; the cause stays in __cause__.
        return [f"{type(self).__name__}: {self}"]


class BadInput(TutorialError, ValueError):
    """Refused by this tutorial, before anything was created or paid for."""


class UnknownModel(BadInput):
    """No model of that name in the catalogue."""


class UnknownInstanceType(BadInput):
    """The instance type is not in the catalogue, or the model's package does not list it."""


class UnsupportedRegion(BadInput):
    """The model is not published in that region."""


class NotOurs(BadInput):
    """The endpoint lacks this tutorial's tag, so somebody else has made it."""


class NotConnected(TutorialError):
    """The sandbox or AWS could not be reached, or no credentials were found."""


class SandboxStopped(NotConnected):
    """The sandbox that this session talked to has stopped; its state went with it."""


class NotPermitted(TutorialError):
    """The caller's IAM identity lacks a permission; data/iam-policy.json lists what the tutorial needs."""


class NotSubscribed(TutorialError):
    """This AWS account has not subscribed to the model's Marketplace listing."""


class CostNotAccepted(TutorialError):
    """The price an hour is above what the caller agreed to pay; nothing was created."""


class InstanceNotOffered(TutorialError):
    """The region does not have the instance type: another of the model's types, or another region, may do."""


class QuotaExceeded(TutorialError):
    """The account's quota for the instance type does not allow another endpoint."""


class EndpointNotFound(TutorialError):
    """No endpoint of that name; says which notebook makes one."""


class EndpointFailed(TutorialError):
    """The endpoint reached Failed; carries SageMaker's FailureReason."""


class EndpointNotReady(TutorialError):
    """The endpoint is not InService yet (or any more), or waiting for it took too long."""


class ModelRefused(TutorialError):
    """The model's container answered with a 4xx: the request was understood and declined.

    `status` is the container's HTTP status, `model_message` its own words.
    """

    def __init__(self, message: str, *, status: int, model_message: str) -> None:
        super().__init__(message)
        self.status = status
        self.model_message = model_message


class ModelFailed(TutorialError):
    """The model's container failed (5xx, a timeout): the same request may succeed later."""

    def __init__(self, message: str, *, status: int, model_message: str) -> None:
        super().__init__(message)
        self.status = status
        self.model_message = model_message


class StreamBroken(TutorialError):
    """A stream ended before the model had finished; `partial_text` holds all that had arrived."""

    def __init__(self, message: str, *, partial_text: str) -> None:
        super().__init__(message)
        self.partial_text = partial_text


class Throttled(TutorialError):
    """AWS asked to slow down, and kept asking through every retry."""


class NotOffered(TutorialError):
    """The listing has no public offer that this account can accept."""
