"""`import helpers` and all modules the notebooks import stay light: no socket, no thread, nothing big."""

import subprocess
import sys

HEAVY = ("sagemaker", "moto", "matplotlib", "pandas", "xllamacpp", "ipywidgets", "starlette", "uvicorn")

CHECK = f"""
import sys, threading
import boto3, botocore.httpsession  # these open a socket to see what the machine can do
calls = []
sys.addaudithook(lambda name, args: calls.append(name) if name.startswith("socket.") else None)
import helpers
import helpers.account, helpers.clean_up.delete, helpers.connect.session
import helpers.deploy.costs, helpers.deploy.deployment
import helpers.generate.client, helpers.subscribe.marketplace, helpers.notebook.parameters, helpers.tune.sweep
assert not [name for name in {HEAVY!r} if name in sys.modules], "heavy: " + str(
    [name for name in {HEAVY!r} if name in sys.modules])
assert "helpers.sandbox.process" not in sys.modules
assert not calls, calls
assert threading.active_count() == 1
"""


def test_importing_the_helpers_is_light() -> None:
    result = subprocess.run(
        [sys.executable, "-c", CHECK], capture_output=True, text=True, check=False, timeout=60
    )
    assert result.returncode == 0, result.stderr
