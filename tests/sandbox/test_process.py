import json
import os
import signal
import socket
import stat
import subprocess
import sys
import threading
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer

import boto3
import nbformat
import pytest
from jupyter_client.manager import start_new_kernel
from nbformat import v4

from helpers.sandbox import process
from helpers.sandbox.__main__ import main
from helpers.sandbox.address import publish
from helpers.sandbox.server import health
from helpers.sandbox.server.activity import Activity

COMMAND = [sys.executable, "-m", "helpers.sandbox"]
posix = pytest.mark.skipif(os.name != "posix", reason="signals and file modes are POSIX's")


@pytest.fixture
def home(sandbox, tmp_path, monkeypatch):
    """A home without a sandbox; what is started in it ends with the test. `sandbox` fetches the weights."""
    monkeypatch.setenv("SANDBOX_HOME", str(tmp_path / "home"))
    yield tmp_path / "home"
    process.stop()


def until(condition, seconds=60):
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.02)
    return condition()


def client(address, service="sts"):
    keys = address.access_key_id, address.secret_access_key
    return boto3.Session(*keys, region_name="us-east-1").client(service, endpoint_url=address.url)


def test_from_nothing_to_running_to_nothing(home):
    assert process.find() is None
    told = []
    address = process.start(on_progress=told.append)
    assert told
    assert process.find() == process.start() == address
    assert address.url.startswith("http://127.0.0.1:")
    assert client(address).get_caller_identity()["Account"] == address.account
    assert process.stop()
    assert process.find() is None
    assert not process.state_file().exists()
    assert not process.stop()


def test_a_request_that_runs_is_not_idleness():
    now = [0.0]
    activity = Activity(clock=lambda: now[0])
    now[0] = 5.0
    assert activity.idle_seconds == 5.0
    with activity.request():
        now[0] = 100.0
        assert activity.idle_seconds == 0.0
    assert activity.idle_seconds == 0.0
    now[0] = 103.0
    assert activity.idle_seconds == 3.0


def test_each_start_has_new_keys(home):
    first = process.start()
    process.stop()
    second = process.start()
    assert first.secret_access_key != second.secret_access_key
    assert first.access_key_id != second.access_key_id
    assert len(second.access_key_id) == 20


@posix
def test_only_the_user_can_read_the_address_and_the_log(home):
    process.start()
    assert stat.S_IMODE(home.stat().st_mode) == 0o700
    for file in (process.state_file(), process.log_file()):
        assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_ten_starts_at_once_start_one(home):
    starts = [subprocess.Popen([*COMMAND, "start"], stdout=subprocess.PIPE) for _ in range(10)]
    answers = {start.communicate(timeout=60)[0] for start in starts}
    assert len(answers) == 1
    assert all(start.returncode == 0 for start in starts)
    # the log is made anew by each start of a server
    assert process.log_file().read_text().count("Started server process") == 1


@pytest.mark.slow
def test_two_kernels_papermill_and_a_terminal_at_one_moment_share_one(home, tmp_path):
    moment = time.time() + 8  # by then the kernels are up
    wait = f"import time; time.sleep(max(0, {moment} - time.time()))\n"
    code = (
        wait + "from helpers.connect.session import connect; print(connect().client('sts').meta.endpoint_url)"
    )

    def kernel():
        manager, client = start_new_kernel(kernel_name="python3")
        told = []
        try:
            client.execute_interactive(code, timeout=120, output_hook=told.append)
        finally:
            client.stop_channels()
            manager.shutdown_kernel(now=True)
        return "".join(each["content"]["text"] for each in told if each["msg_type"] == "stream")

    def papermill():
        nbformat.write(v4.new_notebook(cells=[v4.new_code_cell(code)]), tmp_path / "in.ipynb")
        command = [sys.executable, "-m", "papermill", "in.ipynb", "out.ipynb", "-k", "python3"]
        subprocess.run(command, check=True, cwd=tmp_path, capture_output=True, timeout=120)
        (cell,) = nbformat.read(tmp_path / "out.ipynb", as_version=4).cells
        return "".join(each.text for each in cell.outputs)

    def terminal():
        time.sleep(max(0, moment - time.time()))
        return subprocess.check_output([*COMMAND, "start"], text=True, timeout=120)

    with ThreadPoolExecutor() as pool:
        answers = [
            each.result() for each in [pool.submit(do) for do in (kernel, kernel, papermill, terminal)]
        ]
    url = process.find().url
    assert all(url in answer for answer in answers), answers
    # the log is made anew by each start of a server
    assert process.log_file().read_text().count("Started server process") == 1


@posix
def test_a_killed_sandbox_is_replaced(home):
    killed = process.start()
    os.kill(killed.pid, signal.SIGKILL)
    assert until(lambda: process.find() is None)
    assert process.state_file().exists()
    address = process.start()
    assert address.pid != killed.pid
    assert process.find() == address


@pytest.mark.parametrize(
    "content", ["", "{", "[]", "{}", '{"url": 1}', '{"pid": 1, "url": "http://127.0.0.1:1"}']
)
def test_a_broken_state_file_is_as_good_as_none(home, content):
    process.state_file().write_text(content)
    assert process.find() is None


@contextmanager
def stranger(answers):
    """A program that has got the old port, with these answers. Yields its url and what it was asked."""
    asked = []

    class Stranger(BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            self.send_response(200)
            self.end_headers()
            self.wfile.write(json.dumps(answers(self.path)).encode())

        def log_message(self, *_):
            pass

    server = HTTPServer(("127.0.0.1", 0), Stranger)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", asked
    server.shutdown()
    server.server_close()


@posix
@pytest.mark.parametrize("kind", ["pid", "proof", "relay", "list", "null"])
def test_a_stranger_on_the_old_port_is_not_the_sandbox_and_not_signalled(home, sandbox, monkeypatch, kind):
    def answer(path):
        told = {"status": "ok", "pid": os.getpid(), "proof": "0" * 64}
        if kind == "relay":  # the real sandbox's proof, passed on
            url = f"{sandbox.url}{path}"
            with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(url) as answer:
                return json.load(answer)
        return {"pid": {"pid": os.getpid()}, "list": [], "null": {**told, "proof": None}}.get(kind, told)

    killed = []
    monkeypatch.setattr(process.os, "kill", lambda *call: killed.append(call))
    with stranger(answer) as (url, asked):
        publish(replace(sandbox, url=url, pid=os.getpid()))
        assert process.find() is None
        assert not process.stop()
        assert len(asked) == 2
    assert killed == []


def test_a_stranger_that_never_ends_its_answer_is_not_waited_for(home, sandbox, monkeypatch):
    monkeypatch.setattr(health, "_SECONDS", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def drip():
            link, _ = listener.accept()
            with link, suppress(OSError):
                while True:
                    link.sendall(b"H")
                    time.sleep(0.05)

        threading.Thread(target=drip, daemon=True).start()
        publish(replace(sandbox, url=f"http://127.0.0.1:{listener.getsockname()[1]}"))
        started = time.monotonic()
        assert process.find() is None
        assert time.monotonic() - started < 5


@pytest.mark.parametrize(
    "url",
    [
        "http://evil.example:80",
        "https://127.0.0.1:{port}",
        "http://127.0.0.1:{port}@evil.example",
        "http://127.0.0.1:{port}/x",
        "http://10.0.0.1:{port}",
        "http://[::1]:{port}",
        "http://127.0.0.1",
        "file:///etc/passwd",
        " http://127.0.0.1:{port}",
    ],
)
def test_an_address_that_no_sandbox_can_have_is_none(home, sandbox, monkeypatch, url):
    asked = []
    monkeypatch.setattr(process, "is_alive", lambda address: asked.append(address) or True)
    publish(replace(sandbox, url=url.format(port=sandbox.port)))
    assert process.find() is None
    assert asked == []


@posix
@pytest.mark.parametrize("mode", [0o770, 0o707, 0o777, 0o720])
def test_a_home_that_others_can_write_to_is_refused_and_left_as_it_is(tmp_path, monkeypatch, mode):
    directory = tmp_path / "theirs"
    directory.mkdir()
    directory.chmod(mode)
    monkeypatch.setenv("SANDBOX_HOME", str(directory))
    for call in (process.find, process.start, process.stop):
        with pytest.raises(process.SandboxError, match=rf"chmod go-w {directory}"):
            call()
    assert stat.S_IMODE(directory.stat().st_mode) == mode
    assert list(directory.iterdir()) == []


@posix
def test_a_home_that_others_can_read_is_taken_and_left_as_it_is(tmp_path, monkeypatch):
    directory = tmp_path / "mine"
    directory.mkdir()
    directory.chmod(0o755)
    monkeypatch.setenv("SANDBOX_HOME", str(directory))
    assert process.find() is None
    assert stat.S_IMODE(directory.stat().st_mode) == 0o755


@posix
def test_a_home_of_another_user_is_refused(tmp_path, monkeypatch):
    monkeypatch.setenv("SANDBOX_HOME", str(tmp_path))
    monkeypatch.setattr(os, "geteuid", lambda: tmp_path.stat().st_uid + 1)
    with pytest.raises(process.SandboxError, match="belongs to another user"):
        process.find()


def test_forget_leaves_the_address_of_another(home, sandbox):
    publish(sandbox)
    process.forget(replace(sandbox, pid=sandbox.pid + 1))
    assert process.find() == sandbox
    process.forget(sandbox)
    assert process.find() is None


def test_it_ends_when_nobody_asks_for_long_enough(home, monkeypatch):
    monkeypatch.setenv("SANDBOX_IDLE_SECONDS", "1")
    process.start()
    assert until(lambda: not process.state_file().exists())
    assert process.find() is None
    assert "the sandbox ends" in process.log_file().read_text()


@posix
def test_sigterm_ends_it_cleanly(home):
    address = process.start()
    os.kill(address.pid, signal.SIGTERM)
    server = process._servers[-1]
    assert server.wait(timeout=20) == 0
    assert not process.state_file().exists()


def test_a_wrong_setting_is_named(home, monkeypatch):
    monkeypatch.setenv("SANDBOX_IDLE_SECONDS", "soon")
    with pytest.raises(process.SandboxError, match="SANDBOX_IDLE_SECONDS is 'soon'"):
        process.start()


def test_a_server_that_fails_to_start_tells_what_it_said_last(home, monkeypatch):
    right = process.child_environment
    monkeypatch.setattr(
        process, "child_environment", lambda *given: {**right(*given), "SANDBOX_IDLE_SECONDS": "never"}
    )
    with pytest.raises(process.SandboxError, match="ValueError: SANDBOX_IDLE_SECONDS is 'never'"):
        process.start()
    assert process.find() is None


def test_weights_that_are_none_are_told(home, monkeypatch, tmp_path):
    (tmp_path / "broken.gguf").write_text("not a model")
    monkeypatch.setenv("SANDBOX_MODEL", str(tmp_path / "broken.gguf"))
    with pytest.raises(process.SandboxError, match=r"EngineError: llama\.cpp cannot load"):
        process.start()
    monkeypatch.setenv("SANDBOX_MODEL", str(tmp_path / "missing.gguf"))
    with pytest.raises(process.SandboxError, match=r"missing\.gguf"):
        process.start()


def test_an_interrupted_start_leaves_no_server(home, monkeypatch):
    def interrupt(seconds):
        raise KeyboardInterrupt

    monkeypatch.setattr(process.time, "sleep", interrupt)
    with pytest.raises(KeyboardInterrupt):
        process.start()
    assert process._servers[-1].poll() is not None


def test_a_home_that_is_a_relative_path(home, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SANDBOX_HOME", "here")
    address = process.start()
    assert json.loads((tmp_path / "here" / "sandbox.json").read_text())["pid"] == address.pid
    process.stop()


def test_the_server_gets_nothing_of_the_callers_account(tmp_path):
    callers = {
        "AWS_ACCESS_KEY_ID": "real",
        "AWS_PROFILE": "work",
        "AWS_CONFIG_FILE": "/home/me/.aws/config",
        "aws_session_token": "real",
        "HTTPS_PROXY": "http://proxy",
        "no_proxy": "*",
        "PATH": "/bin",
    }
    environment = process.child_environment(callers, tmp_path / "x.gguf")
    assert "real" not in environment.values()
    assert environment["PATH"] == "/bin"
    assert environment["SANDBOX_MODEL"] == str(tmp_path / "x.gguf")
    assert {name for name in environment if name.upper().startswith("AWS_") or "proxy" in name.lower()} == {
        "AWS_CONFIG_FILE",
        "AWS_SHARED_CREDENTIALS_FILE",
        "AWS_EC2_METADATA_DISABLED",
    }
    assert environment["AWS_CONFIG_FILE"] == os.devnull


def test_the_commands(home, capsys):
    assert main(["status"]) == 1
    assert "No sandbox" in capsys.readouterr().out
    assert main(["start"]) == 0
    address = process.find()
    assert address.url in capsys.readouterr().out
    assert main(["status"]) == 0
    told = capsys.readouterr().out
    assert address.url in told
    assert address.secret_access_key not in told
    assert main(["stop"]) == 0
    assert main(["stop"]) == 0
    assert process.find() is None


@posix
def test_env_makes_any_aws_tool_talk_to_the_sandbox(home):
    ask = "import boto3, json; print(json.dumps(boto3.client('sts').get_caller_identity()['Account']))"
    script = f'set -e; exports=$({" ".join(COMMAND)} env); eval "$exports"; {sys.executable} -c "{ask}"'
    environment = {**os.environ, "AWS_PROFILE": "work", "AWS_SESSION_TOKEN": "real"}
    done = subprocess.run(["sh", "-c", script], env=environment, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == process.find().account
    assert "Starting the sandbox" in done.stderr


def test_a_failure_is_told_on_stderr(home, capsys, monkeypatch):
    monkeypatch.setenv("SANDBOX_IDLE_SECONDS", "soon")
    assert main(["start"]) == 1
    assert "SANDBOX_IDLE_SECONDS" in capsys.readouterr().err
    monkeypatch.delenv("SANDBOX_IDLE_SECONDS")


def test_importing_process_stays_light():
    script = "import sys, helpers.sandbox.process; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    heavy = {"boto3", "botocore", "starlette", "uvicorn", "moto", "xllamacpp", "filelock", "platformdirs"}
    assert not heavy & set(done.stdout.split())
