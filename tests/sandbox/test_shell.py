"""`env`: a shell that evaluated it reaches the sandbox alone, and `--undo` brings everything back."""

import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from helpers.sandbox import shell
from helpers.sandbox.__main__ import main

SHELLS = [path for path in map(shutil.which, ("sh", "bash", "zsh")) if path]
COMMAND = f"{sys.executable} -m helpers.sandbox"
REAL = "AKIAREALREALREALREAL"
# One line a call, of what came of it: nothing here may depend on which services there are.
ASK = """
import boto3, json, os
told = {}
calls = {"sagemaker": "list_endpoints", "sts": "get_caller_identity", "s3": "list_buckets"}
for service, call in calls.items():
    client = boto3.client(service)
    told[service] = client.meta.endpoint_url
    getattr(client, call)()
print(json.dumps(told))
"""


class Listener:
    """A server on loopback that remembers who called: as the sandbox, or as where nobody may come."""

    def __init__(self) -> None:
        self.heard: list[str] = []
        heard = self.heard

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                heard.append(f"{self.command} {self.path} {dict(self.headers)}")
                self.rfile.read(int(self.headers.get("Content-Length") or 0))
                identity = "<GetCallerIdentityResponse><GetCallerIdentityResult/></GetCallerIdentityResponse>"
                buckets = "<ListAllMyBucketsResult/>"
                body = ('{"Endpoints": []}' if "X-Amz-Target" in self.headers else identity).encode()
                body = buckets.encode() if self.command == "GET" else body
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            do_POST = do_CONNECT = do_PUT = do_GET  # noqa: N815

            def log_message(self, *_: object) -> None:
                """Nobody reads it."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def sandbox_url() -> Iterator[Listener]:
    listener = Listener()
    yield listener
    listener.close()


@pytest.fixture
def elsewhere() -> Iterator[Listener]:
    listener = Listener()
    yield listener
    listener.close()


def hostile(url: str, folder: Path) -> dict[str, str]:
    """Every setting that could send a request to `url`, use a real key, or make a request fail."""
    config = folder / "config"
    config.write_text(
        f"[default]\nendpoint_url = {url}\nservices = all\nuse_fips_endpoint = true\n"
        f"credential_process = touch {folder}/asked\nignore_configured_endpoint_urls = true\n"
        f"[profile work]\nendpoint_url = {url}\ncredential_process = touch {folder}/asked\n"
        f"[services all]\nsagemaker =\n  endpoint_url = {url}\n",
        encoding="utf-8",
    )
    credentials = folder / "credentials"
    credentials.write_text(
        f"[work]\naws_access_key_id={REAL}\naws_secret_access_key=real\n", encoding="utf-8"
    )
    home = folder / ".aws"
    home.mkdir(exist_ok=True)
    shutil.copy(config, home / "config")
    proxies = {name: url for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")}
    return {
        **proxies,
        **{name.lower(): value for name, value in proxies.items()},
        "NO_PROXY": "example.org",
        "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true",
        "AWS_ENDPOINT_URL": url,
        "AWS_ENDPOINT_URL_SAGEMAKER": url,
        "AWS_ENDPOINT_URL_S3": url,
        "AWS_ENDPOINT_URL_STS": url,
        "AWS_PROFILE": "work",
        "AWS_DEFAULT_PROFILE": "work",
        "AWS_ACCESS_KEY_ID": REAL,
        "AWS_SECRET_ACCESS_KEY": 'real\'s "secret" $HOME `id` \\n',
        "AWS_SESSION_TOKEN": "real-token",
        "AWS_BEARER_TOKEN_BEDROCK": "real-bearer",
        "AWS_CA_BUNDLE": "/nowhere.pem",
        "REQUESTS_CA_BUNDLE": "/nowhere.pem",
        "AWS_USE_FIPS_ENDPOINT": "true",
        "AWS_USE_DUALSTACK_ENDPOINT": "true",
        "AWS_CONFIG_FILE": str(config),
        "AWS_SHARED_CREDENTIALS_FILE": str(credentials),
        "AWS_WEB_IDENTITY_TOKEN_FILE": "/nowhere",
        "AWS_ROLE_ARN": "arn:aws:iam::111122223333:role/real",
        "AWS_CONTAINER_CREDENTIALS_FULL_URI": f"{url}/keys",
        "AWS_CONTAINER_AUTHORIZATION_TOKEN": "real-container",
        "AWS_EC2_METADATA_DISABLED": "false",
        "AWS_EC2_METADATA_SERVICE_ENDPOINT": url,
        "AWS_RETRY_MODE": "nonsense",
        "AWS_MAX_ATTEMPTS": "nonsense",
        "AWS_REGION": "eu-west-3",
        "AWS_DEFAULT_OUTPUT": "json",
        "AWS_PAGER": "",
        "HOME": str(folder),
    }


def environment(planted: dict[str, str]) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    return kept | planted


def run(program: str, script: str, planted: dict[str, str]) -> str:
    command = [program, "-c", script]
    done = subprocess.run(
        command, env=environment(planted), capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def pointed(listener: Listener, planted: dict[str, str], marked: str = "") -> str:
    """What `env` prints, for a sandbox at the listener."""
    exports = shell.settings(listener.url, "AKIAPRACTICE", "it's practice", "us-east-1")
    names = environment(planted)
    return shell.script(exports, shell.names_to_save(names, marked), marked)


def seen(text: str) -> dict[str, str]:
    """The environment that a child of the shell saw; `_` and its like are the shell's own."""
    own = ("_", "SHLVL", "PWD", "OLDPWD", "LC_CTYPE")
    return {name: value for name, value in json.loads(text).items() if name not in own}


SEE = f"{sys.executable} -c 'import json, os; print(json.dumps(dict(os.environ)))'"


@pytest.mark.parametrize("program", SHELLS)
@pytest.mark.parametrize("options", ["", "set -eu; ", "set -a; "])
def test_a_hostile_environment_reaches_the_sandbox_alone(
    program: str, options: str, sandbox_url: Listener, elsewhere: Listener, tmp_path: Path
) -> None:
    planted = hostile(elsewhere.url, tmp_path)
    planted |= {"ASK": ASK, "SCRIPT": pointed(sandbox_url, planted)}
    script = f'{options}eval "$SCRIPT"; {sys.executable} -c "$ASK"; {SEE}'
    asked, environment_after = run(program, script, planted).splitlines()
    assert set(json.loads(asked).values()) == {sandbox_url.url}
    assert len(sandbox_url.heard) == 3
    assert all("AKIAPRACTICE" in heard for heard in sandbox_url.heard)
    assert elsewhere.heard == []
    assert not (tmp_path / "asked").exists(), "a credential_process was run"
    after = seen(environment_after)
    after = {name: value for name, value in after.items() if name not in ("ASK", "SCRIPT")}
    assert not [name for name, value in after.items() if "real" in value.lower()], "a real key was exported"
    assert (after["AWS_DEFAULT_OUTPUT"], after["AWS_PAGER"]) == ("json", "")


def test_the_aws_command_reaches_the_sandbox_alone(
    sandbox_url: Listener, elsewhere: Listener, tmp_path: Path
) -> None:
    program = Path(sys.executable).parent / "aws"
    if not program.exists():
        pytest.skip("the aws command is not installed here")
    planted = hostile(elsewhere.url, tmp_path)
    planted |= {"SCRIPT": pointed(sandbox_url, planted)}
    told = run("sh", f'eval "$SCRIPT"; {sys.executable} {program} sagemaker list-endpoints', planted)
    assert json.loads(told) == {"Endpoints": []}
    assert "AKIAPRACTICE" in sandbox_url.heard[0]
    assert elsewhere.heard == []


@pytest.mark.parametrize("program", SHELLS)
def test_undo_brings_everything_back(program: str, sandbox_url: Listener, tmp_path: Path) -> None:
    planted = hostile("http://192.0.2.1:9", tmp_path)
    once = pointed(sandbox_url, planted)
    marked = " ".join(shell.names_to_save(environment(planted)))
    twice = pointed(sandbox_url, planted, marked)
    undo = shell.undo_script(marked)
    planted |= {"ONCE": once, "TWICE": twice, "UNDO": undo}
    before, after, again = run(
        program, f'{SEE}; eval "$ONCE"; eval "$UNDO"; {SEE}; eval "$ONCE$TWICE"; eval "$UNDO"; {SEE}', planted
    ).splitlines()
    assert seen(before) == seen(after) == seen(again)


@pytest.mark.parametrize("program", SHELLS)
def test_undo_where_nothing_was_set(program: str, sandbox_url: Listener) -> None:
    nothing = {"PATH": os.environ["PATH"]}
    exports = shell.settings(sandbox_url.url, "AKIAPRACTICE", "practice", "us-east-1")
    planted = {**nothing, "ONCE": shell.script(exports, []), "UNDO": shell.undo_script("-")}
    script = f'{SEE}; eval "$ONCE"; eval "$UNDO"; {SEE}'
    done = subprocess.run([program, "-c", script], env=planted, capture_output=True, text=True, check=True)
    before, after = done.stdout.splitlines()
    assert seen(before) == seen(after)
    assert done.stderr == ""


def test_a_shell_inside_loses_the_sandbox_alone(sandbox_url: Listener, tmp_path: Path) -> None:
    planted = hostile("http://192.0.2.1:9", tmp_path)
    marked = " ".join(shell.names_to_save(environment(planted)))
    planted |= {"ONCE": pointed(sandbox_url, planted), "UNDO": shell.undo_script(marked)}
    told = run("sh", """eval "$ONCE"; unset ONCE; sh -c 'eval "$UNDO" 2>&1; unset UNDO; env'""", planted)
    assert "Only the terminal where env was evaluated" in told
    assert "AKIAPRACTICE" not in told
    assert "AWS_ACCESS_KEY_ID" not in told


@pytest.mark.parametrize(
    "name", ["AWS_X; touch hacked", "AWS_$(touch hacked)", "PATH", "AWS_PAGER", "IFS", "AWS_X\ntouch hacked"]
)
def test_no_name_from_the_environment_becomes_a_command(name: str) -> None:
    assert name not in shell.names_to_save([name])
    assert "hacked" not in shell.script({}, shell.names_to_save([name]), name)
    assert "PATH" not in shell.undo_script(name).replace("PATH_", "")


def test_undo_without_env_says_so(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(shell.SAVED_NAMES, raising=False)
    assert main(["env", "--undo"]) == 1
    out, error = capsys.readouterr()
    assert out == ""
    assert "nothing to take back" in error


@pytest.mark.slow
@pytest.mark.parametrize("program", SHELLS)
def test_the_command_itself(program: str, sandbox: object, elsewhere: Listener, tmp_path: Path) -> None:
    planted = hostile(elsewhere.url, tmp_path) | {"ASK": ASK}
    script = (
        f'{SEE}; eval "$({COMMAND} env)"; {sys.executable} -c "$ASK"; eval "$({COMMAND} env --undo)"; {SEE}'
    )
    before, asked, after = run(program, script, planted).splitlines()
    assert len(set(json.loads(asked).values())) == 1
    assert elsewhere.heard == []
    assert seen(before) == seen(after)


@pytest.mark.slow
def test_what_was_changed_is_said_and_no_value_of_it(sandbox: object, tmp_path: Path) -> None:
    planted = environment(hostile("http://192.0.2.1:9", tmp_path))
    command = [sys.executable, "-m", "helpers.sandbox", "env"]
    done = subprocess.run(command, env=planted, capture_output=True, text=True, check=True, timeout=60)
    assert "AWS_ENDPOINT_URL_SAGEMAKER" in done.stderr
    assert "HTTPS_PROXY" in done.stderr
    assert "real" not in done.stdout + done.stderr
    assert REAL not in done.stdout + done.stderr
