"""The sandbox dies in the middle of everything: one sentence each time, and nothing that had come is lost."""

import os
import signal
from pathlib import Path

import pytest

from helpers.connect.session import connect
from helpers.deploy.deployment import deploy
from helpers.errors import EndpointNotFound, SandboxStopped, StreamBroken
from helpers.generate.client import Client
from helpers.sandbox import process
from helpers.subscribe import marketplace

from ..conftest import quiet

pytestmark = pytest.mark.skipif(os.name == "nt", reason="kills a process the POSIX way")


def test_a_killed_sandbox_is_one_sentence(
    isolation: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sandbox: process.Address
) -> None:
    monkeypatch.setenv("SANDBOX_HOME", str(tmp_path))
    session = connect("sandbox")
    marketplace.subscribe(session, "cohere-medium", tell=quiet)
    deploy(session, "cohere-medium", "killed", delete_after_hours=None, tell=quiet)
    client = Client(session, "killed")
    stream = client.stream("Tell me a long story.", max_tokens=400, temperature=1)
    pieces = iter(stream)
    first = next(pieces)

    address = process.find()
    assert address is not None
    os.kill(address.pid, signal.SIGKILL)

    with pytest.raises(StreamBroken, match="partial_text") as broken:
        list(pieces)
    assert broken.value.partial_text.startswith(first)
    with pytest.raises(SandboxStopped, match="connect"):
        client.generate("And now?")
    with pytest.raises(SandboxStopped):
        session.client("sagemaker").list_endpoints()

    session = connect("sandbox")  # a new one, which knows nothing of the old
    try:
        with pytest.raises(EndpointNotFound, match="02_deploy"):
            Client(session, "killed")
    finally:
        process.stop()
