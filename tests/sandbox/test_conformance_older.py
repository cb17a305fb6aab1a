"""Cohere's older clients (cohere-sagemaker, cohere-aws) with the SageMaker SDK 2 that they need.

That SDK can't be installed beside the one of today, so `make test` sets up build/older for them.
"""

import json
import os
import subprocess
from pathlib import Path

import pytest

from helpers import catalog
from helpers.sandbox import process

from . import deployed

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = Path(__file__).with_name("older_clients.py")
REGION = "us-west-2"


@pytest.fixture(scope="module")
def older():
    """The Python that has them."""
    found = [each for each in (ROOT / "build/older").glob("*/python*") if each.stem == "python"]
    if not found:
        pytest.skip("build/older, with Cohere's older clients, was not made: `make test` makes it")
    return found[0]


@pytest.fixture(scope="module")
def told(older, isolation, tmp_path_factory):
    """What the clients told. They wait half a minute for an endpoint that is not there at once."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SANDBOX_HOME", str(tmp_path_factory.mktemp("older")))
        patch.setenv("SANDBOX_ENDPOINT_SECONDS", "0")
        address = process.start()
        environment = {
            **os.environ,
            "AWS_ENDPOINT_URL": address.url,
            "AWS_ACCESS_KEY_ID": address.access_key_id,
            "AWS_SECRET_ACCESS_KEY": address.secret_access_key,
            "AWS_DEFAULT_REGION": REGION,
            "ROLE_ARN": address.role_arn,
        }
        medium, chat = catalog.model("cohere-medium"), catalog.model("command-r-08-2024")
        packages = (medium.package_arn(REGION), chat.package_arn(REGION, "ml.p5.48xlarge"))
        try:
            with deployed.subscribed(medium.id, REGION), deployed.subscribed(chat.id, REGION):
                done = subprocess.run(
                    [older, SCRIPT, *packages], env=environment, capture_output=True, text=True, timeout=300
                )
        finally:
            process.stop()
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.slow
def test_the_client_of_2022(told):
    found, _ = told
    first, second = found["texts"]
    assert first == second != ""
    assert len(found["likelihoods"]) == 8
    assert max(found["likelihoods"]) < 0
    assert "Variant nobody not found for Request" in found["errors"][0]
    assert "temperature must be between 0 and 5.0 inclusive." in found["errors"][1]


@pytest.mark.slow
def test_the_client_of_2025(told):
    _, found = told
    whole, streamed = found["texts"]
    assert whole == streamed != ""
    text, events = found["chat"]
    assert text
    assert events >= 8
