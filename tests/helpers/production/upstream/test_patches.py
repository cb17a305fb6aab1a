"""The patches for llmeter: they apply to the installed one, their tests need them, they read our streams."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import llmeter
import pytest

from helpers.generate.client import Client
from helpers.sandbox.process import Address

pytestmark = pytest.mark.slow
PATCHES = sorted(Path(__file__).parent.glob("*.patch"))
PROMPT = "Three reasons why people keep bees:"
READ = f"""
import sys
from llmeter.endpoints import SageMakerCohereStreamEndpoint as Endpoint

for name, api in zip(sys.argv[1::2], sys.argv[2::2]):
    payload = Endpoint.create_payload({PROMPT!r}, 12, {{"temperature": 0}}, api=api)
    print(Endpoint(name, api).invoke(payload).to_json())
"""


@pytest.fixture
def patched(tmp_path: Path) -> Path:
    """A folder with a copy of the installed llmeter that has all patches."""
    shutil.copytree(Path(llmeter.__file__).parent, tmp_path / "llmeter")
    alone = {**os.environ, "GIT_CEILING_DIRECTORIES": str(tmp_path.parent)}  # whatever repository it is in
    subprocess.run(["git", "apply", *map(str, PATCHES)], cwd=tmp_path, env=alone, check=True)
    return tmp_path


def run(folder: Path, *arguments: str, **variables: str) -> "subprocess.CompletedProcess[str]":
    """Python in that folder, whose llmeter it takes, if there is one."""
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder), **variables},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def test_every_patch_brings_tests_that_fail_without_it(patched: Path) -> None:
    tests = ("-m", "pytest", "-rfE", "-p", "no:cacheprovider", "--continue-on-collection-errors", "tests")
    ran = run(patched, *tests)
    assert ran.returncode == 0, ran.stdout
    shutil.rmtree(patched / "llmeter")  # the installed one is left
    failed = set(re.findall(r"^(?:FAILED|ERROR) (tests/\S+\.py)", run(patched, *tests).stdout, re.M))
    files = {str(path.relative_to(patched)) for path in patched.rglob("test_*.py")}
    assert failed == files, f"llmeter {llmeter.__version__} has what {files - failed} ask for: drop the patch"
    assert len(files) == len(PATCHES)


def test_the_patched_endpoint_reads_what_our_client_reads(
    patched: Path, sandbox: Address, medium: Client, command_r: Client, chat_v2: Client
) -> None:
    clients = (medium, command_r, chat_v2)
    ran = run(
        patched,
        *("-c", READ, *(each for client in clients for each in (client.endpoint_name, client.model.api))),
        AWS_ENDPOINT_URL=sandbox.url,
        AWS_ACCESS_KEY_ID=sandbox.access_key_id,
        AWS_SECRET_ACCESS_KEY=sandbox.secret_access_key,
        AWS_DEFAULT_REGION="us-east-1",
    )
    assert ran.returncode == 0, ran.stdout
    for client, line in zip(clients, ran.stdout.splitlines(), strict=True):
        told = json.loads(line)
        with client.stream(PROMPT, max_tokens=12, temperature=0) as stream:
            pieces = sum(1 for _ in stream)
        assert told["error"] is None
        assert told["response_text"] == stream.text != ""
        assert told["num_tokens_output"] == ((stream.response and stream.response.response_tokens) or pieces)
        assert 0 < told["time_to_first_token"] <= told["time_to_last_token"]
