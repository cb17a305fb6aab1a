"""Changes of a variant's instance count, each of them a scaling activity with its outcome."""

import uuid
from typing import Any

from helpers.sandbox.aws.service import AwsError, Context

from .arithmetic import Cooldown
from .state import DIMENSION, MOST_ACTIVITIES, NAMESPACE, Activity, Policy, State, Target, new_id


class Scaling(State):
    """What sets instance counts through SageMaker, and follows the activities until they are complete."""

    def _limit(self, target: Target, low: int, high: int, context: Context) -> None:
        """Set a target's limits and bring an endpoint in service within them."""
        target.low, target.high = low, high
        status, variant = self._variant(target, context)
        count = variant.get("DesiredInstanceCount", low)
        wanted = max(low, min(count, high))
        if wanted == count or status != "InService":
            return  # botocore: what is not active in its service keeps its capacity
        limit = "minimum" if wanted > count else "maximum"
        self._set(target, wanted, f"{limit} capacity was set to {wanted}", context)

    def _set(
        self, target: Target, wanted: int, cause: str, context: Context, policy: Policy | None = None
    ) -> None:
        """Ask SageMaker for that many instances; note an activity, which failed if SageMaker refuses."""
        _, variant = self._variant(target, context)
        activity = self._note(target, f"Setting desired instance count to {wanted}.", cause, context)
        activity.desired, activity.before = wanted, int(variant["CurrentInstanceCount"])
        activity.policy = policy.name if policy else ""
        desired = {"VariantName": target.variant_name, "DesiredInstanceCount": wanted}
        asked = {"EndpointName": target.endpoint_name, "DesiredWeightsAndCapacities": [desired]}
        try:
            self._endpoints.update_endpoint_weights_and_capacities(asked, context)
        except AwsError as error:
            # SageMaker's developer guide, "Identify blocked scaling activities from instance quotas"
            why = (
                f"{error.message} (Service: AmazonSageMaker; Status Code: {error.status}; Error Code: "
                f"{error.code}; Request ID: {new_id()})."
            )
            self._end(activity, "Failed", f"Failed to set desired instance count to {wanted}. Reason: {why}")
            return
        activity.waits = True
        # AWS's words of both outcomes are known; these, of an activity that goes on: (not established)
        activity.members |= {
            "StatusCode": "InProgress",
            "StatusMessage": f"Successfully set desired instance count to {wanted}. "
            "Waiting for change to be fulfilled by sagemaker.",
        }

    def _follow(self, context: Context) -> None:
        """End the activities whose endpoint is in service again."""
        here = self._region(context)
        for activity in [each for each in here.activities if each.waits]:
            target = here.targets.get(activity.members["ResourceId"])
            if target is None:
                self._end(activity, "Overridden", "The scalable target was deregistered.")
                continue
            try:
                status, variant = self._variant(target, context)
            except AwsError:
                continue  # the target is forgotten with its endpoint
            if status == "InService":
                self._fulfil(activity, target, variant, context)

    def _fulfil(self, activity: Activity, target: Target, variant: dict[str, Any], context: Context) -> None:
        count, wanted = int(variant["CurrentInstanceCount"]), activity.desired
        done = f"Successfully set desired instance count to {wanted}."
        if count != wanted:
            asked = {"EndpointName": target.endpoint_name}
            why = self._endpoints.describe_endpoint(asked, context).get("FailureReason", "")
            # wording (not established)
            self._end(
                activity, "Unfulfilled", f"{done} It could not be fulfilled by sagemaker. {why}".strip()
            )
            return
        self._end(activity, "Successful", f"{done} Change successfully fulfilled by sagemaker.")
        policy = target.policies.get(activity.policy)
        if policy is not None:
            policy.cooldown = self._cooled(policy, activity)

    def _cooled(self, policy: Policy, activity: Activity) -> Cooldown:
        """Return the policy's cooldown after an activity, whose seconds begin when that is complete."""
        tracking, default = policy.tracking, 300
        both = policy.steps.get("Cooldown", default)  # AWS's default for endpoints, of both kinds
        out = tracking.get("ScaleOutCooldown", both)
        inwards = tracking.get("ScaleInCooldown", both)
        lasting = [self._clock.lasts(each).total_seconds() for each in (out, inwards)]
        now = self._clock.now()
        return policy.cooldown.after(
            activity.before, activity.desired, now, out=lasting[0], inwards=lasting[1]
        )

    def _note(self, target: Target, description: str, cause: str, context: Context) -> Activity:
        activities = self._region(context).activities
        members = {
            "ActivityId": new_id(),
            "ServiceNamespace": NAMESPACE,
            "ResourceId": target.resource_id,
            "ScalableDimension": DIMENSION,
            "Description": description,
            "Cause": cause,
            "StartTime": self._clock.now(),
            "StatusCode": "Pending",
        }
        activities.append(Activity(activities[-1].number + 1 if activities else 0, members))
        del activities[:-MOST_ACTIVITIES]
        return activities[-1]

    def _end(self, activity: Activity, code: str, message: str) -> None:
        activity.waits = False
        activity.members |= {"StatusCode": code, "StatusMessage": message, "EndTime": self._clock.now()}

    def _forget(self, target: Target, context: Context) -> None:
        """Remove a target with its policies, their alarms, and its scheduled actions."""
        for policy in target.policies.values():
            self._alarms.delete(context.region, policy.alarms)
        self._targets(context).pop(target.resource_id, None)

    def _short_id(self) -> str:
        return uuid.uuid4().hex
