"""The places where the sandbox asks before it lets things work."""


class Faults:
    """No faults: every question gets the answer of a good day. A subclass answers otherwise."""

    def throttles(self, operation: str) -> bool:
        """Whether this call (of the control plane, or an invocation) is refused with ThrottlingException."""
        return False

    def is_subscribed(self, listing_id: str, subscribed: bool) -> bool:
        """Whether SageMaker counts the account as subscribed; `subscribed` is the truth."""
        return subscribed

    def quota(self, instance_type: str, usual: int) -> int:
        """The account's quota for that instance type, in instances for endpoint usage."""
        return usual

    def begin_deployment(self) -> None:
        """CreateEndpoint or UpdateEndpoint starts: the questions that follow belong to one deployment."""

    def has_capacity(self, instance_type: str) -> bool:
        """Whether AWS has such an instance to give right now."""
        return True

    def is_offered(self, instance_type: str, region: str) -> bool:
        """Whether AWS offers that instance type for endpoints in that region."""
        return True

    def starts(self, endpoint_name: str) -> bool:
        """Whether the endpoint's containers are started at all."""
        return True

    def passes_health_check(self, endpoint_name: str, variant_name: str) -> bool:
        """Whether the variant's container answers its ping when it starts."""
        return True
