"""The sandbox's services in this process, with a clock that moves only when a test says so."""

import random
from datetime import UTC, datetime, timedelta

from helpers import catalog
from helpers.sandbox.aws.service import AwsError, Context
from helpers.sandbox.faults import Faults
from helpers.sandbox.services.iam import Roles
from helpers.sandbox.services.marketplace import Agreements, Discovery
from helpers.sandbox.services.marketplace.listings import listing
from helpers.sandbox.services.sagemaker import SageMaker
from helpers.sandbox.services.scheduler import Schedules
from helpers.sandbox.settings import ROLE_ARN, Settings

ACCOUNT = "123456789012"
MEDIUM, COMMAND_R = catalog.model("cohere-medium"), catalog.model("command-r-08-2024")


class Clock:
    def __init__(self):
        self.now = datetime(2026, 11, 22, tzinfo=UTC)

    def __call__(self):
        return self.now

    def wait(self, seconds):
        self.now += timedelta(seconds=seconds)


class World:
    """`world.sagemaker("CreateModel", ModelName=...)` and so on; 3 s to InService, 1 s to be subscribed."""

    def __init__(self, faults=None, region="us-east-1", clock=None):
        self.clock, self.context = clock or Clock(), Context(region, ACCOUNT)
        settings = Settings(endpoint_seconds=3, subscription_seconds=1)
        self.agreements = Agreements(settings, self.clock)
        self.discovery = Discovery()
        roles, self.started, self.log = Roles(), [], ""
        self.service = SageMaker(
            settings,
            self.agreements,
            roles,
            Schedules(roles),
            self._start,
            self.clock,
            faults or Faults(),
            random.Random(7),
        )

    def _start(self, variant, region, at, problem):
        self.started.append((variant.endpoint_name, variant.name, not problem))
        self.log = problem

    def sagemaker(self, operation, **params):
        return self.service.call(operation, params, self.context)

    def agreement(self, operation, **params):
        return self.agreements.call(operation, params, self.context)

    def find(self, operation, **params):
        return self.discovery.call(operation, params, self.context)

    def subscribe(self, model=MEDIUM):
        sold = listing(model.listing_id)
        terms = [{"id": term["id"]} for term in sold.terms().values()]
        quote = self.agreement(
            "CreateAgreementRequest",
            intent="NEW",
            agreementProposalIdentifier=sold.proposal_id,
            requestedTerms=terms,
        )
        accepted = self.agreement("AcceptAgreementRequest", agreementRequestId=quote["agreementRequestId"])
        self.clock.wait(1)
        return accepted["agreementId"]

    def create_model(self, name="m", model=MEDIUM, instance_type=None, **params):
        arn = model.package_arn(self.context.region, instance_type)
        return self.sagemaker(
            "CreateModel",
            **{
                "ModelName": name,
                "PrimaryContainer": {"ModelPackageName": arn},
                "ExecutionRoleArn": ROLE_ARN,
                "EnableNetworkIsolation": True,
                **params,
            },
        )

    def create_config(self, name="c", *variants):
        return self.sagemaker(
            "CreateEndpointConfig",
            EndpointConfigName=name,
            ProductionVariants=list(variants) or [variant()],
        )

    def create_endpoint(self, name="e", config="c"):
        return self.sagemaker("CreateEndpoint", EndpointName=name, EndpointConfigName=config)

    def describe(self, name="e"):
        return self.sagemaker("DescribeEndpoint", EndpointName=name)

    def status(self, name="e"):
        return self.describe(name)["EndpointStatus"]

    def route(self, name="e", variant=None):
        return self.service.route(name, self.context, variant)

    def ready(self):
        """Subscribed to Medium, with model `m` and configuration `c`."""
        self.subscribe()
        self.create_model()
        self.create_config()
        return self

    def deployed(self):
        """`ready`, and endpoint `e` InService."""
        self.ready().create_endpoint()
        self.clock.wait(3)
        return self


def variant(name="AllTraffic", model="m", instance_type="ml.g5.xlarge", **more):
    members = {"VariantName": name, "ModelName": model, "InitialInstanceCount": 1, **more}
    return members if instance_type is None else {**members, "InstanceType": instance_type}


def error(call, *args, **params):
    """The AwsError that the call raises, as "Code: message"."""
    try:
        answer = call(*args, **params)
    except AwsError as refused:
        return f"{refused.code}: {refused.message}"
    raise AssertionError(f"no error, but {answer!r}")
