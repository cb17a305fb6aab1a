"""The AWS command line, boto3 and the SageMaker SDK from a model to the end of its endpoint, unchanged."""

import json
import os
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import boto3
import pytest

from helpers import catalog

from . import deployed

REGION = "eu-west-1"
MEDIUM = catalog.model("cohere-medium")
ARN = MEDIUM.package_arn(REGION)
FAST = {"Delay": 1, "MaxAttempts": 30}
BODY = {"prompt": "Hi", "max_tokens": 5, "temperature": 0}


@pytest.fixture(scope="module")
def subscribed(sandbox):
    with deployed.subscribed("cohere-medium", REGION) as session:
        yield session


def variant(model, instance_type="ml.g5.xlarge", name="AllTraffic"):
    named = {"VariantName": name, "ModelName": model}
    return {**named, "InstanceType": instance_type, "InitialInstanceCount": 1}


# The AWS command line, in a process of its own


@pytest.fixture(scope="module")
def command(subscribed, sandbox):
    program = Path(sys.executable).parent / "aws"
    environment = {
        **os.environ,
        "AWS_ENDPOINT_URL": sandbox.url,
        "AWS_ACCESS_KEY_ID": sandbox.access_key_id,
        "AWS_SECRET_ACCESS_KEY": sandbox.secret_access_key,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_PAGER": "",
    }

    def run(*words, fails=False):
        line = [sys.executable, str(program), *words]  # on Windows `aws` is a script without an ending
        done = subprocess.run(line, capture_output=True, text=True, env=environment, timeout=120)
        assert (done.returncode != 0) == fails, done.stderr
        return done.stderr if fails else json.loads(done.stdout or "{}")

    return run


@pytest.mark.slow
def test_the_command_line_from_model_to_delete(command, sandbox, tmp_path):
    name, answer = "by-the-cli", tmp_path / "answer.json"
    endpoint = ("--endpoint-name", name)

    def sagemaker(*words, **options):
        return command("sagemaker", *words, **options)

    def config(name, spec):
        variants = ("--production-variants", json.dumps([spec]))
        sagemaker("create-endpoint-config", "--endpoint-config-name", name, *variants)

    def invoke():
        body = ("--content-type", "application/json", "--body", json.dumps(BODY))
        told = command("sagemaker-runtime", "invoke-endpoint", *endpoint, *body, str(answer))
        assert json.loads(answer.read_text())["generations"][0]["text"]
        return told["InvokedProductionVariant"]

    assert command("sts", "get-caller-identity")["Account"] == sandbox.account
    role = ("--execution-role-arn", sandbox.role_arn, "--enable-network-isolation")
    package = ("--primary-container", f"ModelPackageName={ARN}")
    sagemaker("create-model", "--model-name", name, *role, *package)
    config(name, variant(name, "ml.g5.2xlarge", "Old"))
    config(f"{name}-2", variant(name, "ml.p3.2xlarge", "New"))
    sagemaker("create-endpoint", *endpoint, "--endpoint-config-name", name)
    sagemaker("wait", "endpoint-in-service", *endpoint)
    assert sagemaker("describe-endpoint", *endpoint)["EndpointStatus"] == "InService"
    assert invoke() == "Old"
    pages = sagemaker("list-endpoint-configs", "--name-contains", name, "--page-size", "1")
    assert {each["EndpointConfigName"] for each in pages["EndpointConfigs"]} == {name, f"{name}-2"}
    sagemaker("update-endpoint", *endpoint, "--endpoint-config-name", f"{name}-2")
    sagemaker("wait", "endpoint-in-service", *endpoint)
    assert invoke() == "New"
    again = sagemaker("create-endpoint", *endpoint, "--endpoint-config-name", name, fails=True)
    assert "(ValidationException) when calling the CreateEndpoint operation: Cannot create already" in again
    sagemaker("delete-endpoint", *endpoint)
    sagemaker("wait", "endpoint-deleted", *endpoint)
    for each in (name, f"{name}-2"):
        sagemaker("delete-endpoint-config", "--endpoint-config-name", each)
    sagemaker("delete-model", "--model-name", name)
    assert "Could not find model" in sagemaker("describe-model", "--model-name", name, fails=True)


# boto3, with an update in between


def test_boto3_from_model_to_delete(subscribed, sandbox):
    name, sagemaker = "by-boto3", subscribed.client("sagemaker")
    isolated = {"EnableNetworkIsolation": True, "ExecutionRoleArn": sandbox.role_arn}
    sagemaker.create_model(ModelName=name, PrimaryContainer={"ModelPackageName": ARN}, **isolated)
    for config, spec in (
        (name, variant(name, "ml.g5.2xlarge", "Old")),
        (f"{name}-2", variant(name, "ml.p3.2xlarge")),
    ):
        sagemaker.create_endpoint_config(EndpointConfigName=config, ProductionVariants=[spec])
    sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=name)
    sagemaker.get_waiter("endpoint_in_service").wait(EndpointName=name, WaiterConfig=FAST)
    runtime = subscribed.client("sagemaker-runtime")
    assert (
        runtime.invoke_endpoint(EndpointName=name, Body=json.dumps(BODY))["InvokedProductionVariant"] == "Old"
    )
    sagemaker.update_endpoint(EndpointName=name, EndpointConfigName=f"{name}-2")
    sagemaker.get_waiter("endpoint_in_service").wait(EndpointName=name, WaiterConfig=FAST)
    body = json.dumps({**BODY, "stream": True})
    answer = runtime.invoke_endpoint_with_response_stream(EndpointName=name, Body=body)
    assert answer["InvokedProductionVariant"] == "AllTraffic"
    events = [json.loads(event["PayloadPart"]["Bytes"]) for event in answer["Body"]]
    assert events[-1]["is_finished"]
    pages = sagemaker.get_paginator("list_endpoint_configs").paginate(
        NameContains=name, PaginationConfig={"PageSize": 1}
    )
    assert len(pages.build_full_result()["EndpointConfigs"]) == 2
    sagemaker.delete_endpoint(EndpointName=name)
    sagemaker.get_waiter("endpoint_deleted").wait(EndpointName=name, WaiterConfig=FAST)
    for config in (name, f"{name}-2"):
        sagemaker.delete_endpoint_config(EndpointConfigName=config)
    sagemaker.delete_model(ModelName=name)


# The SageMaker SDK v3 (its control plane alone: test_control_plane.py)


@pytest.fixture
def sdk(subscribed, sandbox, monkeypatch):
    """What each of the SDK's calls is given; its runtime client reads the environment."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", sandbox.url)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", sandbox.access_key_id)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", sandbox.secret_access_key)
    session = boto3.Session(sandbox.access_key_id, sandbox.secret_access_key, region_name=REGION)
    return {"session": session, "region": REGION}


@contextmanager
def sdk_endpoint(sdk, name, role_arn, *instance_types):
    """An Endpoint that the SDK has made, with configuration NAME-1 of several; it removes all of them."""
    from sagemaker.core.resources import Endpoint, EndpointConfig, Model
    from sagemaker.core.shapes import ContainerDefinition, ProductionVariant

    model = Model.create(
        model_name=name,
        primary_container=ContainerDefinition(model_package_name=ARN),
        execution_role_arn=role_arn,
        enable_network_isolation=True,
        **sdk,
    )
    configs = []
    for number, kind in enumerate(instance_types, 1):
        spec = ProductionVariant(
            variant_name="AllTraffic", model_name=name, instance_type=kind, initial_instance_count=1
        )
        configs.append(
            EndpointConfig.create(endpoint_config_name=f"{name}-{number}", production_variants=[spec], **sdk)
        )
    endpoint = Endpoint.create(endpoint_name=name, endpoint_config_name=f"{name}-1", **sdk)
    endpoint.wait_for_status("InService", poll=1)
    try:
        yield endpoint
    finally:
        endpoint.delete()
        endpoint.wait_for_delete(poll=1)
        for each in (*configs, model):
            each.delete()


@pytest.mark.slow
def test_the_sagemaker_sdk_describes_invokes_and_updates(sdk, sandbox):
    from sagemaker.core.resources import ModelPackage

    package = ModelPackage.get(ARN, **sdk)
    # The SDK reads the rest of the specification as another shape of the same name (a model card's).
    assert package.inference_specification.containers
    assert package.model_package_status == "Completed"
    own = {each.model_package_name for each in ModelPackage.get_all(**sdk)}
    assert own == {"practice-generate", "practice-chat-v1", "practice-chat-v2"}
    with sdk_endpoint(sdk, "by-the-sdk", sandbox.role_arn, "ml.g5.xlarge", "ml.p3.2xlarge") as endpoint:
        answer = endpoint.invoke(body=json.dumps(BODY), content_type="application/json")
        assert json.loads(answer.body.read())["generations"][0]["text"]
        endpoint.endpoint_config_name = "by-the-sdk-2"
        endpoint.update()
        endpoint.wait_for_status("InService", poll=1)
        assert endpoint.refresh().endpoint_config_name == "by-the-sdk-2"


@pytest.mark.slow
@pytest.mark.xfail(
    raises=AttributeError,
    strict=False,
    reason="sagemaker-core (2.27.0) calls .get on botocore's EventStream before it reads an event of it",
)
def test_the_sagemaker_sdk_streams(sdk, sandbox):
    with sdk_endpoint(sdk, "streams", sandbox.role_arn, "ml.g5.xlarge") as endpoint:
        text = json.loads(endpoint.invoke(body=json.dumps(BODY)).body.read())["generations"][0]["text"]
        assert text
        stream = endpoint.invoke_with_response_stream(body=json.dumps({**BODY, "stream": True}))
        *events, last = [json.loads(event["PayloadPart"]["Bytes"]) for event in stream.body]
        assert "".join(event["text"] for event in events) == text
        assert last["response"]["generations"][0]["text"] == text
