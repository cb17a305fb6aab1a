"""AddTags, ListTags, DeleteTags on models, endpoint configurations and endpoints."""

from collections.abc import Mapping
from typing import Any

from helpers.sandbox.aws.service import AwsError, Context

from .errors import CONFIG, ENDPOINT, MODEL, refused
from .lifecycle import Endpoint
from .state import Record, Region, State, tags_of

MOST = 50


class TagOperations(State):
    """The operations on tags."""

    def add_tags(self, params: dict[str, Any], context: Context) -> dict[str, Any]:
        """Add tags, or change the values of existing ones."""
        tags = self._tags(params["ResourceArn"], context)
        added = tags_of(params)
        if len(tags | added) > MOST:
            raise refused(f"A resource can have at most {MOST} tags.")  # wording (not established)
        tags.update(added)
        return {"Tags": _shown(tags)}

    def list_tags(self, params: dict[str, Any], context: Context) -> dict[str, Any]:
        """Return all tags of the resource, always in one page."""
        return {"Tags": _shown(self._tags(params["ResourceArn"], context))}

    def delete_tags(self, params: dict[str, Any], context: Context) -> dict[str, Any]:
        """Remove tags; ignore those that the resource lacks."""
        tags = self._tags(params["ResourceArn"], context)
        for key in params["TagKeys"]:
            tags.pop(key, None)
        return {}

    def tagged(self, region: str) -> list[tuple[str, str, dict[str, str]]]:
        """Return ARN, type and tags of the region's resources; any thread may ask."""
        return [
            (each.arn, f"sagemaker:{kind}", each.tags)
            for kind, resources in _by_kind(self._regions.get(region, Region())).items()
            for each in list(resources.values())
            if getattr(each, "gone_at", None) is None
        ]

    def tags_of(self, arn: str, context: Context) -> Mapping[str, str]:
        """Return the tags of a resource; none if it does not exist."""
        try:
            return self._tags(arn, context)
        except AwsError:
            return {}

    def _tags(self, resource_arn: str, context: Context) -> dict[str, str]:
        kind = resource_arn.split(":", 5)[5].partition("/")[0]
        for resource in _by_kind(self._region(context)).get(kind, {}).values():
            if resource.arn == resource_arn:  # an ARN is in lower case, unlike the name
                return resource.tags
        raise refused(f'Could not find resource "{resource_arn}".')  # wording (not established)


def _by_kind(region: Region) -> dict[str, Mapping[str, Record | Endpoint]]:
    return {MODEL: region.models, CONFIG: region.configs, ENDPOINT: region.endpoints}


def _shown(tags: dict[str, str]) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in tags.items()]
