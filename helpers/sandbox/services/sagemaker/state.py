"""SageMaker's state by region, and what all its operations share."""

import logging
import random
from collections import Counter
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol

from botocore.model import OperationModel

from helpers.sandbox.aws.service import AwsError, Context, Handler, Service
from helpers.sandbox.faults import Faults
from helpers.sandbox.settings import Settings

from ..clock import utc_now
from ..iam import Roles
from ..scheduler import Deletion, Schedules
from .errors import MODEL, named, refused
from .lifecycle import DELETABLE, Endpoint, Variant

logger = logging.getLogger(__name__)


class Subscriptions(Protocol):
    """What knows the account's subscriptions; `marketplace.Agreements` is one."""

    def is_subscribed(self, listing_id: str | None, account: str) -> bool:
        """Tell whether the account's agreement for the listing is active and provisioned."""


class Scaling(Protocol):
    """What knows which endpoints scale automatically; `autoscaling.AutoScaling` is one."""

    def check_update(self, endpoint_name: str, changed: Collection[str], context: Context) -> None:
        """Raise AwsError if an update may not change the instance types of these variants."""

    def check_delete(self, endpoint_name: str, context: Context) -> None:
        """Raise AwsError if the caller may not delete an endpoint that scales."""

    def deleted(self, endpoint_name: str, region: str) -> None:
        """Forget the scalable targets of an endpoint that is being deleted."""


@dataclass
class Record:
    """A model or an endpoint configuration, with the parameters of the request that created it."""

    name: str
    arn: str
    created: datetime
    params: dict[str, Any]
    tags: dict[str, str]

    def described(self, member: str) -> dict[str, Any]:
        """Return the Describe operation's response; `member` is "Model" or "EndpointConfig"."""
        given = {key: value for key, value in self.params.items() if key != "Tags" and value not in ({}, [])}
        return {**given, f"{member}Arn": self.arn, "CreationTime": self.created}


@dataclass
class Region:
    """One region's resources, by name."""

    models: dict[str, Record] = field(default_factory=dict)
    configs: dict[str, Record] = field(default_factory=dict)
    endpoints: dict[str, Endpoint] = field(default_factory=dict)
    lagging: list[tuple[datetime, Counter[str]]] = field(default_factory=list)  # counts until a time


def _settle(region: Region, moment: datetime) -> None:
    """Let everything happen to the endpoints that is due by `moment`."""
    for endpoint in list(region.endpoints.values()):
        endpoint.settle(moment)
        if endpoint.gone_at is not None and moment >= endpoint.gone_at:
            del region.endpoints[endpoint.name]


def tags_of(params: dict[str, Any]) -> dict[str, str]:
    """Return a request's tags as a dict. Raises ValidationException; wording (not established)."""
    tags = {tag["Key"]: tag["Value"] for tag in params.get("Tags", [])}
    if len(tags) < len(params.get("Tags", [])):
        raise refused("Tag keys must be unique.")
    if reserved := [key for key in tags if key.lower().startswith("aws:")]:
        raise refused(f"Tag keys must not begin with aws: as {reserved[0]} does.")
    return tags


class State(Service):
    """The base of the operations. Only the event loop's thread uses it, so it has no lock."""

    service_name = "sagemaker"

    def __init__(
        self,
        settings: Settings,
        agreements: Subscriptions,
        roles: Roles,
        schedules: Schedules,
        started: Callable[[Variant, str, datetime, str], None],
        clock: Callable[[], datetime] = utc_now,
        faults: Faults | None = None,
        chance: random.Random | None = None,
    ) -> None:
        super().__init__()
        self._settings = settings
        self._agreements = agreements
        self._roles = roles
        self._schedules = schedules
        # called with (variant, region, time, problem) when a container starts; healthy if problem is empty
        self._started = started
        self._clock = clock
        self._faults = faults or Faults()
        self._chance = chance or random.Random()  # nosec B311: chooses a variant, no secret
        self._regions: dict[str, Region] = {}
        self.scaling: Scaling | None = None  # set later, as it needs this service itself

    def _find(self, operation: str) -> tuple[OperationModel, Handler]:
        model, handler = super()._find(operation)

        def throttled(params: dict[str, Any], context: Context) -> dict[str, Any] | None:
            if self._faults.throttles(operation):
                raise AwsError("ThrottlingException", "Rate exceeded")  # wording (not established)
            return handler(params, context)

        return model, throttled

    def _region(self, context: Context) -> Region:
        """Return the caller's region after everything that is due by now has happened."""
        self._regions.setdefault(context.region, Region())
        return self._settled(context.region)

    def settle(self) -> None:
        """Let everything happen that is due by now: before roles or schedules change, which it depends on."""
        for name in self._regions:
            self._settled(name)

    def _settled(self, name: str) -> Region:
        region, now = self._regions[name], self._clock()
        for deletion in self._schedules.due(name, now):
            self._try_deletion(region, name, deletion)
        _settle(region, now)
        return region

    def _try_deletion(self, region: Region, name: str, deletion: Deletion) -> None:
        """Answer a schedule's DeleteEndpoint as at its own time."""
        _settle(region, deletion.moment)
        endpoint = region.endpoints.get(deletion.endpoint_name)
        if endpoint is None or endpoint.status == "Deleting":
            return
        if why := self._refusal(name, endpoint, deletion):
            moment = f"{deletion.moment:%Y-%m-%d %H:%M:%S} UTC"
            logger.warning(
                "%s DeleteEndpoint of %s at its deadline, %s: %s", name, endpoint.name, moment, why
            )
            return
        self._delete(region, endpoint, max(deletion.moment, endpoint.modified))
        if self.scaling is not None:
            self.scaling.deleted(endpoint.name, name)
        self._schedules.done(name, deletion)

    def _refusal(self, region: str, endpoint: Endpoint, deletion: Deletion) -> str:
        """Return why SageMaker does not delete the endpoint for a schedule; "" if it does."""
        if why := self._schedules.refusal(region, deletion, endpoint.arn, endpoint.tags):
            return why
        if endpoint.status not in DELETABLE:
            return f"the endpoint is {endpoint.status}"
        return "Rate exceeded" if self._faults.throttles("DeleteEndpoint") else ""

    def _delete(self, region: Region, endpoint: Endpoint, moment: datetime) -> None:
        if lag := self._faults.quota_lag():
            region.lagging.append((moment + timedelta(seconds=lag), endpoint.instances))
        endpoint.delete(moment, self._settings.endpoint_seconds / 3)

    def _model(self, name: str, context: Context) -> Record:
        return named(MODEL, self._region(context).models, name, context)

    def _check_subscribed(self, listing_id: str | None, context: Context) -> None:
        subscribed = self._agreements.is_subscribed(listing_id, context.account)
        if not self._faults.is_subscribed(listing_id, subscribed):
            raise refused("Caller is not subscribed to the marketplace offering.")
