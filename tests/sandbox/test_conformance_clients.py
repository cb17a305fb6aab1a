"""The AWS command line, boto3 and the SageMaker SDK from a model to the end of its endpoint, unchanged."""

import json
import os
import shutil
import subprocess
from contextlib import contextmanager

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


# The AWS command line. Its versions pin their own botocore, so it is never installed beside boto3.


@pytest.fixture(scope="module")
def command(subscribed, sandbox):
    program = shutil.which("aws")
    if program is None:
        pytest.skip("no `aws` command on this machine; it pins its own botocore, so it is not installed here")

    def run(*words, fails=False):
        environment = {
            **os.environ,
            "AWS_ENDPOINT_URL": sandbox.url,
            "AWS_ACCESS_KEY_ID": sandbox.access_key_id,
            "AWS_SECRET_ACCESS_KEY": sandbox.secret_access_key,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_PAGER": "",
        }
        done = subprocess.run([program, *words], capture_output=True, text=True, env=environment, timeout=120)
        assert (done.returncode != 0) == fails, done.stderr
        return done.stderr if fails else json.loads(done.stdout or "{}")

    return run


@pytest.mark.slow
def test_the_command_line_from_model_to_delete(command, sandbox, tmp_path):
    name, answer = "by-the-cli", tmp_path / "answer.json"
    assert command("sts", "get-caller-identity")["Account"] == sandbox.account
    on = ("sagemaker",)
    command(
        *on,
        "create-model",
        "--model-name",
        name,
        "--enable-network-isolation",
        "--execution-role-arn",
        sandbox.role_arn,
        "--primary-container",
        f"ModelPackageName={ARN}",
    )
    variants = ("--production-variants", json.dumps([variant(name)]))
    command(*on, "create-endpoint-config", "--endpoint-config-name", name, *variants)
    endpoint = ("--endpoint-name", name)
    command(*on, "create-endpoint", *endpoint, "--endpoint-config-name", name)
    command(*on, "wait", "endpoint-in-service", *endpoint)
    assert command(*on, "describe-endpoint", *endpoint)["EndpointStatus"] == "InService"
    names = [
        each["EndpointName"] for each in command(*on, "list-endpoints", "--name-contains", name)["Endpoints"]
    ]
    assert names == [name]
    body = ("--content-type", "application/json", "--body", json.dumps(BODY))
    command("sagemaker-runtime", "invoke-endpoint", *endpoint, *body, str(answer))
    assert json.loads(answer.read_text())["generations"][0]["text"]
    again = command(*on, "create-endpoint", *endpoint, "--endpoint-config-name", name, fails=True)
    assert "(ValidationException) when calling the CreateEndpoint operation: Cannot create already" in again
    command(*on, "delete-endpoint", *endpoint)
    command(*on, "wait", "endpoint-deleted", *endpoint)
    command(*on, "delete-endpoint-config", "--endpoint-config-name", name)
    command(*on, "delete-model", "--model-name", name)
    assert "Could not find model" in command(*on, "describe-model", "--model-name", name, fails=True)


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


@contextmanager
def suppress_defect(words):
    """Goes on after exactly this error, which is the client's own: a later version may not have it."""
    try:
        yield
    except AttributeError as error:
        if str(error) != words:
            raise


# The SageMaker SDK v3 (its control plane alone: test_control_plane.py)


@pytest.mark.slow
def test_the_sagemaker_sdk_invokes_streams_and_updates(subscribed, sandbox, monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL", sandbox.url)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", sandbox.access_key_id)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", sandbox.secret_access_key)
    from sagemaker.core.resources import Endpoint, EndpointConfig, Model, ModelPackage
    from sagemaker.core.shapes import ContainerDefinition, ProductionVariant

    session = boto3.Session(sandbox.access_key_id, sandbox.secret_access_key, region_name=REGION)
    here, name = {"session": session, "region": REGION}, "by-the-sdk-v3"
    package = ModelPackage.get(ARN, **here)
    # The SDK reads the rest of the specification as another shape of the same name (a model card's).
    assert package.inference_specification.containers
    assert package.model_package_status == "Completed"
    assert list(ModelPackage.get_all(**here)) == []
    model = Model.create(
        model_name=name,
        primary_container=ContainerDefinition(model_package_name=ARN),
        execution_role_arn=sandbox.role_arn,
        enable_network_isolation=True,
        **here,
    )
    configs = []
    for config, kind in ((name, "ml.g5.xlarge"), (f"{name}-2", "ml.p3.2xlarge")):
        spec = ProductionVariant(
            variant_name="AllTraffic", model_name=name, instance_type=kind, initial_instance_count=1
        )
        configs.append(EndpointConfig.create(endpoint_config_name=config, production_variants=[spec], **here))
    endpoint = Endpoint.create(endpoint_name=name, endpoint_config_name=name, **here)
    endpoint.wait_for_status("InService", poll=1)
    json_body = {"content_type": "application/json"}
    answer = endpoint.invoke(body=json.dumps(BODY), **json_body)
    text = json.loads(answer.body.read())["generations"][0]["text"]
    body = json.dumps({**BODY, "stream": True})
    # sagemaker-core 2.27.0 takes botocore's EventStream for a dict, whoever has sent it.
    with suppress_defect("'EventStream' object has no attribute 'get'"):
        stream = endpoint.invoke_with_response_stream(body=body, **json_body)
        *events, last = [json.loads(event["PayloadPart"]["Bytes"]) for event in stream.body]
        assert (
            "".join(event["text"] for event in events) == text == last["response"]["generations"][0]["text"]
        )
    assert text
    endpoint.endpoint_config_name = f"{name}-2"
    endpoint.update()
    endpoint.wait_for_status("InService", poll=1)
    assert endpoint.refresh().endpoint_config_name == f"{name}-2"
    endpoint.delete()
    endpoint.wait_for_delete(poll=1)
    for each in (*configs, model):
        each.delete()
