"""marketplace-agreement's errors. The reasons are AWS's; none of the wordings is established."""

from helpers.sandbox.aws.service import AwsError


def invalid(reason: str, message: str, field: str) -> AwsError:
    """A bad parameter, with AWS's reason and the parameter's name."""
    fields = [{"name": field, "message": message}]
    return AwsError("ValidationException", message, extra={"reason": reason, "fields": fields})


def unknown(kind: str, resource_id: str) -> AwsError:
    """No such agreement, request or proposal."""
    return AwsError(
        "ResourceNotFoundException",
        f"{kind} {resource_id} was not found.",
        404,
        {"resourceId": resource_id, "resourceType": kind},
    )


def conflict(kind: str, resource_id: str, message: str) -> AwsError:
    """The request does not fit what there is already."""
    return AwsError("ConflictException", message, 409, {"resourceId": resource_id, "resourceType": kind})
