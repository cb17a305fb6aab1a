"""PutScalingPolicy, DescribeScalingPolicies, DeleteScalingPolicy."""

from typing import Any

from helpers.sandbox.aws.service import AwsError, Context

from .policy_checks import check
from .scaling import Scaling
from .state import NAMESPACE, Policy, Target, named, new_id, not_found, paged, refused
from .tracking import alarms_of

MOST = 50  # policies of a target (Application Auto Scaling's quotas)


class PolicyOperations(Scaling):
    """The operations on scaling policies."""

    def put_scaling_policy(self, params: dict[str, Any], context: Context) -> dict[str, Any]:
        """Store a policy, or put another in its place; target tracking makes two alarms."""
        target = self._registered(params, context)
        before = target.policies.get(params["PolicyName"])
        given = {**(before.given if before else {}), **params}
        if "PolicyType" not in given:
            # botocore: it is required to create a policy; wording (not established)
            raise refused("PolicyType is required to put a new scaling policy.")
        if before and before.given["PolicyType"] != given["PolicyType"]:
            # wording (not established)
            raise refused("The policy type of an existing scaling policy can't be changed.")
        check(given)
        if not before:
            _check_others(target, given)
        policy = before or Policy(_arn(given, context), self._clock.now(), given)
        policy.given = given
        target.policies[policy.name] = policy
        self._make_alarms(target, policy, context)
        return {"PolicyARN": policy.arn, "Alarms": self._shown_alarms(policy, context)}

    def describe_scaling_policies(self, params: dict[str, Any], context: Context) -> dict[str, Any]:
        """Return the region's policies, by resource id and name."""
        names, resource = params.get("PolicyNames"), params.get("ResourceId")
        if "ScalableDimension" in params and resource is None:
            # botocore: "If you specify a scalable dimension, you must also specify a resource ID."
            raise refused("If you specify a scalable dimension, you must also specify a resource ID.")
        found = [
            (target, policy)
            for target in self._targets(context).values()
            for policy in target.policies.values()
            if (not names or policy.name in names) and resource in (None, target.resource_id)
        ]
        # botocore: at most 10 where alarms are returned too
        answer = paged("ScalingPolicies", found, lambda each: (each[0].resource_id, each[1].name), params, 10)
        shown = [self._shown(policy, context) for _, policy in answer["ScalingPolicies"]]
        return {**answer, "ScalingPolicies": shown}

    def delete_scaling_policy(self, params: dict[str, Any], context: Context) -> dict[str, Any]:
        """Delete a policy, and its alarms if it made them."""
        target = self._targets(context).get(params["ResourceId"])
        policy = target.policies.pop(params["PolicyName"], None) if target else None
        if policy is None:
            raise not_found(
                f"No scaling policy found for {named(params)}, policy name: {params['PolicyName']}"
            )
        self._alarms.delete(context.region, policy.alarms)
        return {}

    def _make_alarms(self, target: Target, policy: Policy, context: Context) -> None:
        if not policy.tracking:
            return
        if not policy.alarms:
            start = f"TargetTracking-{target.resource_id}"
            policy.alarms = [f"{start}-{which}-{new_id()}" for which in ("AlarmHigh", "AlarmLow")]
        high, low = alarms_of(policy, target)
        self._alarms.put(context.region, high)
        if policy.tracking.get("DisableScaleIn"):
            self._alarms.delete(context.region, policy.alarms[1:])
        else:
            self._alarms.put(context.region, low)

    def _shown_alarms(self, policy: Policy, context: Context) -> list[dict[str, str]]:
        names = policy.alarms[: 1 if policy.tracking.get("DisableScaleIn") else 2]
        names = names or self._alarms.names_with(context.region, policy.arn)
        place = f"arn:aws:cloudwatch:{context.region}:{context.account}:alarm:"
        return [{"AlarmName": name, "AlarmARN": place + name} for name in names]

    def _shown(self, policy: Policy, context: Context) -> dict[str, Any]:
        return {
            **policy.given,
            "PolicyARN": policy.arn,
            "CreationTime": policy.created,
            "Alarms": self._shown_alarms(policy, context),
        }


def _arn(given: dict[str, Any], context: Context) -> str:
    place = f"arn:aws:autoscaling:{context.region}:{context.account}:scalingPolicy:{new_id()}"
    return f"{place}:resource/{NAMESPACE}/{given['ResourceId']}:policyName/{given['PolicyName']}"


def _check_others(target: Target, given: dict[str, Any]) -> None:
    if len(target.policies) >= MOST:
        # wording (not established)
        raise AwsError("LimitExceededException", f"A target has at most {MOST} scaling policies.")
    metric = _metric(given)
    if metric and any(_metric(each.given) == metric for each in target.policies.values()):
        # quoted in gravitational/teleport's handling of it
        raise refused("Only one TargetTrackingScaling policy for a given metric specification is allowed.")


def _metric(given: dict[str, Any]) -> Any:
    tracking = given.get("TargetTrackingScalingPolicyConfiguration", {})
    return tracking.get("PredefinedMetricSpecification") or tracking.get("CustomizedMetricSpecification")
