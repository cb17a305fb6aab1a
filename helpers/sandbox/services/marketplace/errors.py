"""marketplace-agreement's errors, with AWS's reason codes; all wordings (not established)."""

from helpers.sandbox.aws.service import AwsError


def invalid(reason: str, message: str, field: str) -> AwsError:
    """Return the error for a bad parameter, with AWS's reason code and the parameter's name."""
    fields = [{"name": field, "message": message}]
    return AwsError("ValidationException", message, extra={"reason": reason, "fields": fields})


def unknown(kind: str, resource_id: str) -> AwsError:
    """Return the error for an agreement, request or proposal that does not exist."""
    return AwsError(
        "ResourceNotFoundException",
        f"{kind} {resource_id} was not found.",
        404,
        {"resourceId": resource_id, "resourceType": kind},
    )


def conflict(kind: str, resource_id: str, message: str) -> AwsError:
    """Return the error for a request that contradicts the current state."""
    return AwsError("ConflictException", message, 409, {"resourceId": resource_id, "resourceType": kind})
