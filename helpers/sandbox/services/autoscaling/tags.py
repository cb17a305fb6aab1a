"""TagResource, UntagResource, ListTagsForResource on scalable targets."""

from typing import Any

from helpers.sandbox.aws.service import AwsError, Context

from .state import State

MOST = 50


class TagOperations(State):
    """The operations on tags, which only scalable targets have."""

    def tag_resource(self, params: dict[str, Any], context: Context) -> dict[str, Any]:
        """Add tags, or change the values of existing ones."""
        tags = self._tags(params["ResourceARN"], context)
        if len(tags | params["Tags"]) > MOST:
            # wording (not established)
            raise AwsError("TooManyTagsException", f"A scalable target has at most {MOST} tags.")
        tags.update(params["Tags"])
        return {}

    def untag_resource(self, params: dict[str, Any], context: Context) -> dict[str, Any]:
        """Remove tags; ignore those that the target lacks."""
        tags = self._tags(params["ResourceARN"], context)
        for key in params["TagKeys"]:
            tags.pop(key, None)
        return {}

    def list_tags_for_resource(self, params: dict[str, Any], context: Context) -> dict[str, Any]:
        """Return the target's tags."""
        return {"Tags": dict(self._tags(params["ResourceARN"], context))}

    def _tags(self, arn: str, context: Context) -> dict[str, str]:
        for target in self._targets(context).values():
            if target.arn == arn:
                return target.tags
        # wording (not established)
        raise AwsError("ResourceNotFoundException", f"There is no scalable target {arn}.")
