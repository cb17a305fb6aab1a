"""Cohere's older clients (cohere-sagemaker, cohere-aws) with the SageMaker SDK 2 that they need.

That SDK can't be installed beside the one of today, so `make test` sets up build/older for them.
"""

import json
import shlex
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from helpers import catalog
from helpers.sandbox import process

from . import deployed

ROOT = Path(__file__).resolve().parents[2]
REGION = "us-west-2"
MEDIUM, COMMAND_R = catalog.model("cohere-medium"), catalog.model("command-r-08-2024")


@pytest.fixture(scope="module")
def older():
    """The Python that has them."""
    found = [each for each in (ROOT / "build/older").glob("*/python*") if each.stem == "python"]
    if not found:
        pytest.skip("build/older, with Cohere's older clients, was not made: `make test` makes it")
    return found[0]


@pytest.fixture(scope="module")
def address(older, isolation, tmp_path_factory):
    """A sandbox of their own, subscribed to both models."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SANDBOX_HOME", str(tmp_path_factory.mktemp("older")))
        patch.setenv("SANDBOX_ENDPOINT_SECONDS", "0")
        found = process.start()
        try:
            with deployed.subscribed(MEDIUM.id, REGION), deployed.subscribed(COMMAND_R.id, REGION):
                yield found
        finally:
            process.stop()


@pytest.fixture(scope="module")
def told(older, address):
    """What each told, side by side."""
    packages = MEDIUM.package_arn(REGION), COMMAND_R.package_arn(REGION, "ml.p5.48xlarge")
    orders = {
        "clients": (REGION, "older_clients.py", address.role_arn, *packages),
        "article": ("us-east-1", "older_notebooks.py", "article"),
        "client": ("eu-west-1", "older_notebooks.py", "client"),
    }
    with ThreadPoolExecutor() as pool:
        return dict(zip(orders, pool.map(lambda order: run(older, *order), orders.values()), strict=True))


def run(older, region, script, *arguments):
    """The JSON that a script prints last, run in a shell that evaluated `env`."""
    env = shlex.join([sys.executable, "-m", "helpers.sandbox", "env"])
    command = shlex.join([str(older), str(Path(__file__).with_name(script)), *arguments])
    lines = f'eval "$({env})"; export AWS_REGION={region} AWS_DEFAULT_REGION={region}; exec {command}'
    done = subprocess.run(["sh", "-c", lines], cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.slow
def test_the_client_of_2022(told):
    found, _ = told["clients"]
    first, second = found["texts"]
    assert first == second != ""
    assert len(found["likelihoods"]) == 8
    assert max(found["likelihoods"]) < 0
    assert "Variant nobody not found for Request" in found["errors"][0]
    assert "temperature must be between 0 and 5.0 inclusive." in found["errors"][1]


@pytest.mark.slow
def test_the_client_of_2025(told):
    _, found = told["clients"]
    whole, streamed = found["texts"]
    assert whole == streamed != ""
    text, events = found["chat"]
    assert text
    assert events >= 8


@pytest.mark.slow
@pytest.mark.parametrize("notebook", ["article", "client"])
def test_the_published_notebooks_find_their_role_and_run_to_their_end(told, address, notebook):
    found = told[notebook]
    assert found["role"] == address.role_arn  # the caller's, made by nobody
    tokens, likelihoods = zip(*found["tokens"], strict=True)
    assert "".join(tokens) == found["text"]
    assert 1 < len(tokens) <= 20
    assert max(each for each in likelihoods if each is not None) < 0
    assert (found["left"]["endpoints"], found["left"]["endpoint_configs"]) == (0, 0)


@pytest.mark.slow
def test_the_article_s_notebook_has_its_bucket_and_leaves_nothing(told):
    found = told["article"]
    assert found["bucket"] == "sagemaker-us-east-1-123456789012"
    assert "Endpoint cohere-gpt-medium of account 123456789012 not found." in found["too_early"]
    assert len(list(filter(None, found["texts"]))) == 3
    assert found["left"]["models"] == 0
