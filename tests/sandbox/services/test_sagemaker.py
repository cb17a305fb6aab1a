from datetime import timedelta

import pytest

from helpers import catalog
from helpers.sandbox.faults import Faults

from ..practice_world import ACCOUNT, COMMAND_R, MEDIUM, World, error, variant

HERE = f"arn:aws:sagemaker:us-east-1:{ACCOUNT}:"
NOT_SUBSCRIBED = "ValidationException: Caller is not subscribed to the marketplace offering."


@pytest.fixture
def world():
    return World()


# Models


def test_a_model_needs_a_subscription_that_has_arrived(world):
    assert error(world.create_model) == NOT_SUBSCRIBED
    world.subscribe()
    world.clock.wait(-0.5)
    assert error(world.create_model) == NOT_SUBSCRIBED
    world.clock.wait(0.5)
    assert world.create_model() == {"ModelArn": HERE + "model/m"}


def test_a_subscription_is_for_one_listing(world):
    world.subscribe(MEDIUM)
    assert error(world.create_model, model=COMMAND_R) == NOT_SUBSCRIBED


def test_cancelling_makes_create_model_and_create_endpoint_refuse_again(world):
    agreement = world.subscribe()
    world.create_model()
    world.create_config()
    world.agreement("CancelAgreement", agreementId=agreement)
    assert error(world.create_model, "other") == NOT_SUBSCRIBED
    assert error(world.create_endpoint) == NOT_SUBSCRIBED


def package(region, account, name):
    return f"arn:aws:sagemaker:{region}:{account}:model-package/{name}"


@pytest.mark.parametrize(
    ("arn", "message"),
    [
        (MEDIUM.package_arn("eu-west-1"), "ARN should be scoped to correct region: us-east-1"),
        (package("us-east-1", ACCOUNT, "cohere-gpt-medium"), "does not exist"),
        (package("us-east-1", ACCOUNT, MEDIUM.packages["ml.g5.xlarge"]), "does not exist"),
        (MEDIUM.packages["ml.g5.xlarge"], "does not exist"),
    ],
)
def test_a_package_exists_under_its_own_region_and_account_only(world, arn, message):
    world.subscribe()
    assert message in error(world.create_model, PrimaryContainer={"ModelPackageName": arn})
    assert message in error(world.sagemaker, "DescribeModelPackage", ModelPackageName=arn)


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"EnableNetworkIsolation": False}, "EnableNetworkIsolation must be true"),
        ({"PrimaryContainer": {"Image": "me/mine:1"}}, "Marketplace model packages only"),
        ({"PrimaryContainer": None}, "PrimaryContainer"),
        ({"Containers": [{"Image": "me/mine:1"}]}, "PrimaryContainer"),
        ({"ModelName": "no_underscores"}, "at 'modelName' failed to satisfy constraint"),
        ({"ExecutionRoleArn": "not-an-arn-but-long-enough"}, "at 'executionRoleArn' failed"),
    ],
)
def test_a_bad_model_is_refused(world, params, message):
    world.subscribe()
    refused = error(world.create_model, **params)
    assert refused.startswith("ValidationException: ")
    assert message in refused
    assert world.sagemaker("ListModels")["Models"] == []


def test_a_package_takes_no_environment(world):
    world.subscribe()
    container = {"ModelPackageName": MEDIUM.package_arn("us-east-1"), "Environment": {"A": "b"}}
    assert error(world.create_model, PrimaryContainer=container) == (
        "ValidationException: Environment variable map cannot be specified when using a ModelPackage."
    )


def test_a_model_name_is_taken_until_it_is_deleted(world):
    world.subscribe()
    world.create_model()
    assert f'already existing model "{HERE}model/m"' in error(world.create_model)
    world.sagemaker("DeleteModel", ModelName="m")
    world.create_model()


def test_describe_model_repeats_the_request_and_leaves_out_what_is_empty(world):
    world.subscribe()
    world.create_model(Tags=[{"Key": "a", "Value": "b"}])
    model = world.sagemaker("DescribeModel", ModelName="m")
    assert model["PrimaryContainer"] == {"ModelPackageName": MEDIUM.package_arn("us-east-1")}
    assert model["CreationTime"] == world.clock.now
    assert model["EnableNetworkIsolation"] is True
    assert not {"Tags", "VpcConfig", "Containers"} & model.keys()


@pytest.mark.parametrize(
    ("operation", "params", "message"),
    [
        ("DescribeModel", {"ModelName": "x"}, f'model "{HERE}model/x"'),
        ("DeleteModel", {"ModelName": "x"}, f'model "{HERE}model/x"'),
        (
            "DescribeEndpointConfig",
            {"EndpointConfigName": "x"},
            f'endpoint configuration "{HERE}endpoint-config/x"',
        ),
        (
            "DeleteEndpointConfig",
            {"EndpointConfigName": "x"},
            f'endpoint configuration "{HERE}endpoint-config/x"',
        ),
        ("DescribeEndpoint", {"EndpointName": "x"}, f'endpoint "{HERE}endpoint/x"'),
        ("DeleteEndpoint", {"EndpointName": "x"}, f'endpoint "{HERE}endpoint/x"'),
        (
            "CreateEndpoint",
            {"EndpointName": "e", "EndpointConfigName": "x"},
            f'endpoint configuration "{HERE}endpoint-config/x"',
        ),
    ],
)
def test_what_does_not_exist_is_named_by_its_arn(world, operation, params, message):
    assert error(world.sagemaker, operation, **params) == (f"ValidationException: Could not find {message}.")


def test_regions_know_nothing_of_each_other(world):
    world.ready()
    elsewhere = type(world.context)("eu-west-1", ACCOUNT)
    assert world.service.call("ListModels", {}, elsewhere)["Models"] == []


# Endpoint configurations


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"model": "x"}, f'Could not find model "{HERE}model/x".'),
        ({"instance_type": "ml.t3.medium"}, "at 'productionVariants.1.member.instanceType' failed"),
        ({"instance_type": "ml.g4dn.xlarge"}, "Instance type ml.g4dn.xlarge is not supported"),
        ({"instance_type": None}, "InstanceType"),
        ({"InitialInstanceCount": 0}, "initialInstanceCount"),
        ({"ServerlessConfig": {"MemorySizeInMB": 1024, "MaxConcurrency": 1}}, "serverless"),
    ],
)
def test_a_bad_variant_is_refused(world, changed, message):
    world.subscribe()
    world.create_model()
    assert message in error(world.create_config, "c", variant(**changed))


@pytest.mark.parametrize("number", ["1e400", "1" + "0" * 400])
@pytest.mark.parametrize("member", ["InitialVariantWeight", "InitialInstanceCount"])
def test_a_number_beyond_all_bounds_is_refused(world, member, number):
    body = '{"EndpointConfigName":"c","ProductionVariants":[{"VariantName":"a","%s":%s}]}'
    handle = world.service.handle
    refused = error(handle, "CreateEndpointConfig", (body % (member, number)).encode(), world.context)
    assert refused.startswith("SerializationException: ")


def test_variant_names_are_unique(world):
    world.subscribe()
    world.create_model()
    assert "unique" in error(world.create_config, "c", variant(), variant())


def test_a_configuration_can_be_read_back(world):
    world.ready()
    config = world.sagemaker("DescribeEndpointConfig", EndpointConfigName="c")
    assert config["EndpointConfigArn"] == HERE + "endpoint-config/c"
    assert config["ProductionVariants"] == [{**variant(), "InitialVariantWeight": 1.0}]
    assert error(world.create_config) == (
        "ValidationException: Cannot create already existing endpoint configuration "
        f'"{HERE}endpoint-config/c".'
    )


# The life of an endpoint


def test_an_endpoint_goes_from_creating_to_in_service_to_gone(world):
    world.ready().create_endpoint()
    assert world.status() == "Creating"
    assert "not in service" in error(world.route)
    world.clock.wait(2.9)
    assert world.status() == "Creating"
    world.clock.wait(0.1)
    endpoint = world.describe()
    assert endpoint["EndpointStatus"] == "InService"
    assert endpoint["LastModifiedTime"] == endpoint["CreationTime"] + timedelta(seconds=3)
    assert endpoint["ProductionVariants"][0]["CurrentInstanceCount"] == 1
    assert "FailureReason" not in endpoint
    assert world.route().model == MEDIUM
    world.sagemaker("DeleteEndpoint", EndpointName="e")
    world.clock.wait(0.9)
    assert world.sagemaker("DeleteEndpoint", EndpointName="e") == {}
    assert world.status() == "Deleting"
    assert "not in service" in error(world.route)
    assert "already existing endpoint" in error(world.create_endpoint)
    world.clock.wait(0.1)
    assert "Could not find endpoint" in error(world.describe)
    assert error(world.route) == f"ValidationError: Endpoint e of account {ACCOUNT} not found."
    world.create_endpoint()


def test_an_endpoint_name_is_taken(world):
    world.deployed()
    assert error(world.create_endpoint) == (
        f'ValidationException: Cannot create already existing endpoint "{HERE}endpoint/e".'
    )


@pytest.mark.parametrize("operation", ["DeleteEndpoint", "UpdateEndpoint"])
def test_an_endpoint_in_progress_cannot_be_changed(world, operation):
    world.ready().create_endpoint()
    params = {"EndpointConfigName": "c"} if operation == "UpdateEndpoint" else {}
    assert error(world.sagemaker, operation, EndpointName="e", **params) == (
        f'ValidationException: Cannot update in-progress endpoint "{HERE}endpoint/e".'
    )


def test_the_model_and_the_configuration_can_go_while_the_endpoint_serves(world):
    world.deployed()
    world.sagemaker("DeleteModel", ModelName="m")
    world.sagemaker("DeleteEndpointConfig", EndpointConfigName="c")
    assert world.route().model_name == "m"


def command_r(world, **more):
    world.subscribe(COMMAND_R)
    world.create_model("r", COMMAND_R)
    world.create_config("c", variant(model="r", instance_type="ml.p4de.24xlarge", **more))
    world.create_endpoint()
    world.clock.wait(3)
    return world


def test_a_recent_package_fails_its_health_check_without_the_inference_ami_version(world):
    command_r(world)
    endpoint = world.describe()
    assert endpoint["EndpointStatus"] == "Failed"
    assert "AllTraffic did not pass the ping health check" in endpoint["FailureReason"]
    assert endpoint["ProductionVariants"][0]["CurrentInstanceCount"] == 0
    assert "not in service" in error(world.route)
    assert "InferenceAmiVersion" in world.log


def test_another_failed_health_check_does_not_blame_the_inference_ami_version():
    switch = Faults()
    switch.set("health-check", {})
    world = command_r(World(switch), InferenceAmiVersion=COMMAND_R.inference_ami_version)
    assert world.log == "the model could not be loaded"


def test_a_failed_endpoint_can_only_be_deleted(world):
    command_r(world)
    assert "Failed" in error(world.sagemaker, "UpdateEndpoint", EndpointName="e", EndpointConfigName="c")
    world.sagemaker("DeleteEndpoint", EndpointName="e")
    world.clock.wait(1)
    assert "Could not find endpoint" in error(world.describe)


def test_a_recent_package_starts_with_the_inference_ami_version(world):
    command_r(world, InferenceAmiVersion=COMMAND_R.inference_ami_version)
    assert world.status() == "InService"
    assert world.route().model == COMMAND_R


# Quota and capacity


def test_the_quota_counts_what_runs_and_is_free_again_after_deleting(world):
    world.deployed()
    world.create_endpoint("e2")
    assert error(world.create_endpoint, "e3") == (
        "ResourceLimitExceeded: The account-level service limit 'ml.g5.xlarge for endpoint usage' is "
        "2 Instances, with current utilization of 2 Instances and a request delta of 1 Instances. "
        "Please use AWS Service Quotas to request an increase for this quota. If AWS Service Quotas "
        "is not available, contact AWS support to request an increase for this quota."
    )
    assert "Could not find" in error(world.describe, "e3")
    world.sagemaker("DeleteEndpoint", EndpointName="e")
    world.create_endpoint("e3")


def test_the_quota_adds_up_the_variants_of_one_endpoint(world):
    world.subscribe()
    world.create_model()
    world.create_config("c", variant("a", InitialInstanceCount=2), variant("b"))
    assert "utilization of 2 Instances and a request delta of 1" in error(world.create_endpoint)


class Scarce(Faults):
    def __init__(self, *instance_types):
        super().__init__()
        self.instance_types = instance_types

    def has_capacity(self, instance_type):
        return instance_type not in self.instance_types


def test_without_capacity_the_endpoint_fails():
    world = World(Scarce("ml.g5.xlarge")).deployed()
    assert world.status() == "Failed"
    assert "InsufficientInstanceCapacity" in world.describe()["FailureReason"]


@pytest.mark.parametrize(("scarce", "chosen"), [((), "ml.g5.xlarge"), (("ml.g5.xlarge",), "ml.g5.2xlarge")])
def test_instance_pools_fall_back_to_the_next_type(scarce, chosen):
    world = World(Scarce(*scarce))
    world.subscribe()
    world.create_model()
    pools = [
        {"InstanceType": "ml.g5.2xlarge", "Priority": 2},
        {"InstanceType": "ml.g5.xlarge", "Priority": 1},
    ]
    world.create_config("c", variant(instance_type=None, InstancePools=pools))
    world.create_endpoint()
    world.clock.wait(3)
    assert world.route().instance_type == chosen
    assert world.describe()["ProductionVariants"][0]["InstancePools"] == [
        {"InstanceType": chosen, "CurrentInstanceCount": 1}
    ]


@pytest.mark.parametrize(("scarce", "chosen"), [((), "h100"), (("ml.p5.48xlarge",), "a100")])
def test_instance_pools_can_name_another_model_for_another_type(scarce, chosen):
    world = World(Scarce(*scarce))
    world.subscribe(COMMAND_R)
    world.create_model("a100", COMMAND_R, "ml.p4de.24xlarge")
    world.create_model("h100", COMMAND_R, "ml.p5.48xlarge")
    pools = [
        {"InstanceType": "ml.p5.48xlarge", "Priority": 1, "ModelNameOverride": "h100"},
        {"InstanceType": "ml.p4de.24xlarge", "Priority": 2},
    ]
    version = COMMAND_R.inference_ami_version
    pooled = variant(model="a100", instance_type=None, InstancePools=pools, InferenceAmiVersion=version)
    world.create_config("c", pooled)
    world.create_endpoint()
    world.clock.wait(3)
    assert world.route().model_name == chosen


def test_every_instance_type_of_a_pool_needs_quota(world):
    world.deployed().create_endpoint("e2")  # that is the whole quota of ml.g5.xlarge
    pools = [
        {"InstanceType": "ml.g5.2xlarge", "Priority": 1},
        {"InstanceType": "ml.g5.xlarge", "Priority": 2},
    ]
    world.create_config("pooled", variant(instance_type=None, InstancePools=pools))
    told = error(world.create_endpoint, "e3", "pooled")
    assert told.startswith("ResourceLimitExceeded: ")
    assert "'ml.g5.xlarge for endpoint usage' is 2 Instances, with current utilization of 2" in told
    assert "Could not find" in error(world.describe, "e3")


def test_managed_scaling_is_for_inference_components_only(world):
    world.ready()
    scaling = {"Status": "ENABLED", "MinInstanceCount": 1, "MaxInstanceCount": 2}
    told = error(world.create_config, "c2", variant(ManagedInstanceScaling=scaling))
    assert told == (
        "ValidationException: ManagedInstanceScaling is only supported for inference component endpoints."
    )


def test_a_throttled_call_is_refused():
    class Throttle(Faults):
        def throttles(self, operation):
            return operation == "ListModels"

    world = World(Throttle())
    assert error(world.sagemaker, "ListModels").startswith("ThrottlingException: ")
    assert world.sagemaker("ListEndpoints")["Endpoints"] == []


# Updates


def test_the_old_variant_serves_until_the_new_one_is_there(world):
    world.deployed()
    world.create_config("c2", variant("New", instance_type="ml.g5.2xlarge"))
    world.sagemaker("UpdateEndpoint", EndpointName="e", EndpointConfigName="c2")
    endpoint = world.describe()
    assert (endpoint["EndpointStatus"], endpoint["EndpointConfigName"]) == ("Updating", "c")
    assert endpoint["PendingDeploymentSummary"]["EndpointConfigName"] == "c2"
    assert world.route().name == "AllTraffic"
    world.clock.wait(3)
    endpoint = world.describe()
    assert (endpoint["EndpointStatus"], endpoint["EndpointConfigName"]) == ("InService", "c2")
    assert "PendingDeploymentSummary" not in endpoint
    assert world.route().name == "New"


def test_an_update_that_fails_leaves_the_old_variant_in_service():
    world = World(Scarce("ml.g5.2xlarge")).deployed()
    world.create_config("c2", variant(instance_type="ml.g5.2xlarge"))
    world.sagemaker("UpdateEndpoint", EndpointName="e", EndpointConfigName="c2")
    world.clock.wait(3)
    endpoint = world.describe()
    assert (endpoint["EndpointStatus"], endpoint["EndpointConfigName"]) == ("InService", "c")
    assert "InsufficientInstanceCapacity" in endpoint["FailureReason"]
    assert world.route().instance_type == "ml.g5.xlarge"
    world.sagemaker("UpdateEndpoint", EndpointName="e", EndpointConfigName="c")
    assert "FailureReason" not in world.describe()


def test_an_update_needs_quota_for_both_fleets(world):
    world.deployed()
    world.create_endpoint("e2")
    world.clock.wait(3)
    message = error(world.sagemaker, "UpdateEndpoint", EndpointName="e", EndpointConfigName="c")
    assert "utilization of 2 Instances and a request delta of 1" in message
    assert world.status() == "InService"


def two_variants(world, a=1.0, b=0.0):
    world.subscribe()
    world.create_model()
    world.create_config("c", variant("a", InitialVariantWeight=a), variant("b", InitialVariantWeight=b))
    world.create_endpoint()
    world.clock.wait(3)
    return world


def weigh(world, **members):
    return world.sagemaker(
        "UpdateEndpointWeightsAndCapacities",
        EndpointName="e",
        DesiredWeightsAndCapacities=[members],
    )


def test_weights_change_when_the_update_is_done(world):
    two_variants(world)
    weigh(world, VariantName="a", DesiredWeight=0)
    weigh_b = error(weigh, world, VariantName="b", DesiredWeight=1)
    assert "in-progress" in weigh_b
    shown = world.describe()["ProductionVariants"][0]
    assert (shown["CurrentWeight"], shown["DesiredWeight"]) == (1, 0)
    assert {world.route().name for _ in range(20)} == {"a"}
    world.clock.wait(3)
    weigh(world, VariantName="b", DesiredWeight=1)
    world.clock.wait(3)
    assert world.status() == "InService"
    assert {world.route().name for _ in range(20)} == {"b"}


def test_capacity_grows_within_the_quota(world):
    world.deployed()
    assert "request delta of 2" in error(weigh, world, VariantName="AllTraffic", DesiredInstanceCount=3)
    weigh(world, VariantName="AllTraffic", DesiredInstanceCount=2)
    assert "utilization of 2" in error(world.create_endpoint, "e2")
    world.clock.wait(3)
    assert world.describe()["ProductionVariants"][0]["CurrentInstanceCount"] == 2
    assert "at least 1" in error(weigh, world, VariantName="AllTraffic", DesiredInstanceCount=0)
    assert "not found" in error(weigh, world, VariantName="x", DesiredWeight=1)


def test_a_variant_is_named_once_in_an_update(world):
    two_variants(world)
    twice = [{"VariantName": "a", "DesiredWeight": 1}, {"VariantName": "a", "DesiredInstanceCount": 1}]
    update = "UpdateEndpointWeightsAndCapacities"
    told = error(world.sagemaker, update, EndpointName="e", DesiredWeightsAndCapacities=twice)
    assert told.startswith("ValidationException: ")
    assert "a" in told
    assert world.status() == "InService"


def test_an_update_can_retain_the_weights(world):
    two_variants(world, a=1.0, b=3.0)
    weigh(world, VariantName="a", DesiredWeight=9)
    world.clock.wait(3)
    types = {"instance_type": "ml.p3.2xlarge"}, {"instance_type": "ml.g5.2xlarge"}
    world.create_config("c2", variant("a", **types[0]), variant("b", **types[1]))
    world.sagemaker(
        "UpdateEndpoint", EndpointName="e", EndpointConfigName="c2", RetainAllVariantProperties=True
    )
    world.clock.wait(3)
    assert [v["CurrentWeight"] for v in world.describe()["ProductionVariants"]] == [9, 3]


# Routing


def test_requests_are_shared_out_by_weight(world):
    two_variants(world, a=3.0, b=1.0)
    names = [world.route().name for _ in range(400)]
    assert 240 < names.count("a") < 360


def test_a_target_variant_wins_over_the_weights(world):
    two_variants(world, a=1.0, b=0.0)
    assert world.route(variant="b").name == "b"
    assert error(world.route, variant="x") == "ValidationError: Variant x not found for Request"


def test_variants_without_any_weight_still_answer(world):
    two_variants(world, a=0.0, b=0.0)
    assert world.route().name in ("a", "b")


# Lists


def names(world, operation="ListModels", member="Models", key="ModelName", **params):
    return [each[key] for each in world.sagemaker(operation, **params)[member]]


def many_models(world, count=25):
    world.subscribe()
    for number in range(count):
        world.create_model(f"m-{number:02}")
        world.clock.wait(1)
    return world


def test_lists_are_newest_first_in_pages_of_ten(world):
    many_models(world)
    first = world.sagemaker("ListModels")
    assert [m["ModelName"] for m in first["Models"]] == [f"m-{n:02}" for n in range(24, 14, -1)]
    third = world.sagemaker(
        "ListModels", NextToken=world.sagemaker("ListModels", NextToken=first["NextToken"])["NextToken"]
    )
    assert [m["ModelName"] for m in third["Models"]] == [f"m-{n:02}" for n in range(4, -1, -1)]
    assert "NextToken" not in third


def test_deleting_while_paging_skips_nothing(world):
    many_models(world)
    token, seen = {}, []
    while token is not None:
        page = world.sagemaker("ListModels", MaxResults=4, **token)
        for model in page["Models"]:
            seen.append(model["ModelName"])
            world.sagemaker("DeleteModel", ModelName=model["ModelName"])
        token = {"NextToken": page["NextToken"]} if "NextToken" in page else None
    assert len(seen) == 25
    assert names(world) == []


@pytest.mark.parametrize("token", ["x", "bnVsbA==", "e30=", "WzFd", "%%%", "é", "W1tb" * 2000])
def test_a_made_up_token_is_refused(world, token):
    assert error(world.sagemaker, "ListModels", NextToken=token).startswith("ValidationException: ")


def test_lists_filter_and_sort(world):
    start = world.clock.now
    many_models(world, 12)
    assert names(world, NameContains="m-1") == ["m-11", "m-10"]
    assert names(world, SortBy="Name", SortOrder="Ascending", MaxResults=2) == ["m-00", "m-01"]
    # the first was made 1 s after the start, when the subscription had arrived
    assert names(world, CreationTimeBefore=start + timedelta(seconds=3)) == ["m-01", "m-00"]
    assert names(world, CreationTimeAfter=start + timedelta(seconds=12)) == ["m-11"]


def test_endpoints_filter_by_status(world):
    world.deployed()
    world.create_endpoint("e2")
    query = {"operation": "ListEndpoints", "member": "Endpoints", "key": "EndpointName"}
    assert names(world, **query) == ["e2", "e"]
    assert names(world, **query, StatusEquals="InService") == ["e"]
    assert names(world, **query, SortBy="Status", SortOrder="Ascending") == ["e2", "e"]
    assert names(world, **query, LastModifiedTimeAfter=world.clock.now + timedelta(seconds=1)) == []
    configs = {
        "operation": "ListEndpointConfigs",
        "member": "EndpointConfigs",
        "key": "EndpointConfigName",
    }
    assert names(world, **configs) == ["c"]


# Packages and tags


def test_a_package_says_where_it_runs(world):
    package = world.sagemaker("DescribeModelPackage", ModelPackageName=MEDIUM.package_arn("us-east-1"))
    inference = package["InferenceSpecification"]
    assert inference["SupportedRealtimeInferenceInstanceTypes"] == list(MEDIUM.instance_types)
    assert package["ModelPackageStatus"] == "Completed"


def test_the_accounts_own_packages_run_without_a_subscription_and_no_others_are_known(world):
    listed = world.sagemaker("ListModelPackages", NameContains="chat-v2")["ModelPackageSummaryList"]
    [arn] = [each["ModelPackageArn"] for each in listed]
    package = world.sagemaker("DescribeModelPackage", ModelPackageName=arn)
    assert package["InferenceSpecification"]["SupportedRealtimeInferenceInstanceTypes"][0] == "ml.g5.xlarge"
    assert not package["CertifyForMarketplace"]
    container = {"ModelPackageName": arn}
    world.create_model("own", PrimaryContainer=container)
    world.create_config("own", variant(model="own", InferenceAmiVersion="al2-ami-sagemaker-inference-gpu-2"))
    world.create_endpoint("own", "own")
    world.clock.wait(3)
    assert world.route("own").model.api == "chat-v2"
    other = {"ModelPackageName": arn.replace("practice-chat-v2", "command-a")}
    assert "does not exist" in error(world.create_model, "other", PrimaryContainer=other)
    elsewhere = {"ModelPackageName": arn.replace("us-east-1", "eu-west-1")}
    assert "correct region" in error(world.create_model, "other", PrimaryContainer=elsewhere)


def test_a_package_without_a_listing_can_be_subscribed_to_by_nobody(world):
    container = {"ModelPackageName": catalog.model("rerank-v4-fast").package_arn("us-east-1")}
    assert "not subscribed" in error(world.create_model, "m", PrimaryContainer=container)


@pytest.mark.parametrize("model", catalog.models(), ids=lambda each: each.id)
def test_every_package_of_the_catalogue_can_be_described(model):
    for region in model.regions:
        for instance_type in model.instance_types:
            arn = model.package_arn(region, instance_type)
            package = World(region=region).sagemaker("DescribeModelPackage", ModelPackageName=arn)
            types = package["InferenceSpecification"]["SupportedRealtimeInferenceInstanceTypes"]
            assert instance_type in types


def test_tags_of_all_three_kinds(world):
    world.deployed()
    for resource in ("model/m", "endpoint-config/c", "endpoint/e"):
        arn = HERE + resource
        tags = [{"Key": "project", "Value": "tutorial"}, {"Key": "b", "Value": ""}]
        assert world.sagemaker("AddTags", ResourceArn=arn, Tags=tags) == {"Tags": tags}
        world.sagemaker("DeleteTags", ResourceArn=arn, TagKeys=["b", "c"])
        assert world.sagemaker("ListTags", ResourceArn=arn) == {"Tags": tags[:1]}


def test_tags_have_rules(world):
    world.deployed()
    twice = [{"Key": "a", "Value": "1"}, {"Key": "a", "Value": "2"}]
    assert "unique" in error(world.sagemaker, "AddTags", ResourceArn=HERE + "model/m", Tags=twice)
    assert "unique" in error(world.create_model, "m2", Tags=twice)
    reserved = [{"Key": "AWS:x", "Value": ""}]
    assert "must not begin with aws:" in error(world.create_model, "m2", Tags=reserved)


def test_arns_are_in_small_letters_and_endpoints_differ_in_more_than_case(world):
    world.ready().create_endpoint("Ep1")
    assert world.describe("Ep1")["EndpointArn"] == HERE + "endpoint/ep1"
    assert world.sagemaker("ListTags", ResourceArn=HERE + "endpoint/ep1") == {"Tags": []}
    assert "Cannot create already existing endpoint" in error(world.create_endpoint, "ep1")
    world.clock.wait(3)
    assert "not found" in error(world.route, "ep1")
    assert world.route("Ep1")


ALL_AT_ONCE = {"Type": "ALL_AT_ONCE", "WaitIntervalInSeconds": 0}
HALF = {"Type": "CAPACITY_PERCENT", "Value": 50}


def blue_green(traffic, **more):
    return {"BlueGreenUpdatePolicy": {"TrafficRoutingConfiguration": traffic, **more}}


def test_the_last_deployment_configuration_can_be_kept(world):
    world.deployed()
    wanted = blue_green(ALL_AT_ONCE, MaximumExecutionTimeoutInSeconds=600)
    config = {"EndpointName": "e", "EndpointConfigName": "c"}
    for more, last in (
        ({"DeploymentConfig": wanted}, wanted),
        ({"RetainDeploymentConfig": True}, wanted),
        ({}, None),
    ):
        world.sagemaker("UpdateEndpoint", **config, **more)
        world.clock.wait(3)
        assert world.describe().get("LastDeploymentConfig") == last


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        (blue_green({"Type": "CANARY", "WaitIntervalInSeconds": 60, "CanarySize": HALF}), "CANARY"),
        (blue_green({"Type": "LINEAR", "WaitIntervalInSeconds": 60, "LinearStepSize": HALF}), "LINEAR"),
        (blue_green(ALL_AT_ONCE, TerminationWaitInSeconds=60), "TerminationWaitInSeconds"),
        ({"RollingUpdatePolicy": {"MaximumBatchSize": HALF, "WaitIntervalInSeconds": 0}}, "RollingUpdate"),
        ({"AutoRollbackConfiguration": {"Alarms": [{"AlarmName": "a"}]}}, "AutoRollbackConfiguration"),
    ],
)
def test_guardrails_of_an_update_exclude_marketplace_packages(world, wanted, said):
    names = {"EndpointName": "e", "EndpointConfigName": "c"}
    world.ready()
    told = error(world.sagemaker, "CreateEndpoint", **names, DeploymentConfig=wanted)
    assert told.startswith("ValidationException: ")
    assert said in told
    world.create_endpoint()
    world.clock.wait(3)
    assert error(world.sagemaker, "UpdateEndpoint", **names, DeploymentConfig=wanted) == told
    assert world.status() == "InService"
    world.sagemaker("UpdateEndpoint", **names)


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (
            {"ShadowProductionVariants": [variant("Shadow")]},
            "The sandbox does not practise ShadowProductionVariants.",
        ),
        (
            {"AsyncInferenceConfig": {"OutputConfig": {"S3OutputPath": "s3://b/o"}}},
            "Marketplace images are not supported when specifying an AsyncInferenceConfig.",
        ),
    ],
)
def test_what_would_be_without_effect_is_refused(world, more, said):
    world.ready()
    told = error(
        world.sagemaker,
        "CreateEndpointConfig",
        EndpointConfigName="c2",
        ProductionVariants=[variant()],
        **more,
    )
    assert told == f"ValidationException: {said}"


def test_tags_are_limited_and_need_their_resource(world):
    world.deployed()
    many = [{"Key": f"k{n}", "Value": ""} for n in range(50)]
    world.sagemaker("AddTags", ResourceArn=HERE + "model/m", Tags=many)
    one_more = [{"Key": "one-more", "Value": ""}]
    assert "at most 50" in error(world.sagemaker, "AddTags", ResourceArn=HERE + "model/m", Tags=one_more)
    for resource in ("model/x", "endpoint/m", "training-job/e", "e"):
        assert "Could not find" in error(world.sagemaker, "ListTags", ResourceArn=HERE + resource)
