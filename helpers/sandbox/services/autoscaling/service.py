"""The service `application-autoscaling` for endpoints; what else can be scaled is moto's."""

from collections.abc import Collection

from helpers.sandbox.aws.service import Context
from helpers.sandbox.settings import ACCOUNT

from ..authorization.policy import Permission
from .activities import ActivityOperations
from .policies import PolicyOperations
from .scaler import Scaler
from .scheduled import ScheduledOperations
from .state import Target, refused
from .tags import TagOperations
from .targets import TargetOperations


class AutoScaling(
    TargetOperations, PolicyOperations, ScheduledOperations, ActivityOperations, TagOperations, Scaler
):
    """Targets, policies, scheduled actions and activities; all state is in memory."""

    def check_update(self, endpoint_name: str, changed: Collection[str], context: Context) -> None:
        """Raise ValidationException if one of the variants, whose instance types would change, scales.

        Source: SageMaker's developer guide, "Update endpoints that use auto scaling"; wording (not
        established).
        """
        for target in self._of(endpoint_name, context):
            if target.variant_name in changed:
                raise refused(
                    f"The variant {target.variant_name} is a target of automatic scaling. Deregister "
                    f"{target.resource_id} before you change its instance type."
                )

    def check_delete(self, endpoint_name: str, context: Context) -> None:
        """Raise AwsError if a target would have to be deregistered, and the caller may not do that.

        Quoted in awslabs/stable-diffusion-aws-extension#161; the code is (not established).
        """
        action = "application-autoscaling:DeregisterScalableTarget"
        for target in self._of(endpoint_name, context):
            asked = Permission(action, target.arn)
            if self._roles.decide(context.caller.role_arn, asked).effect != "allowed":
                raise refused(
                    "An Application AutoScaling scalable target exists for a variant being deleted, and the "
                    f"IAM identity used to invoke DeleteEndpoint does not have {action} permission to "
                    "deregister the scalable target."
                )

    def deleted(self, endpoint_name: str, region: str) -> None:
        """Forget the targets of an endpoint that is being deleted, as AWS does without a word."""
        context = Context(region, ACCOUNT)
        for target in self._of(endpoint_name, context):
            self._forget(target, context)

    def _of(self, endpoint_name: str, context: Context) -> list[Target]:
        return [each for each in self._targets(context).values() if each.endpoint_name == endpoint_name]
