"""The service before streams that the test writes: who leaves stops the model, and all is told in words."""

import asyncio
import json
import logging
import random
import threading
from http.client import HTTPConnection
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import Request

from helpers import errors
from helpers.connect.session import connect
from helpers.errors import BadInput, NotConnected
from helpers.generate.client import Client
from helpers.production.app.__main__ import _parser, _service, main
from helpers.production.app.events import _event
from helpers.production.app.generation import Timeouts
from helpers.production.app.limits import Limits
from helpers.production.app.prompt import MOST_BYTES
from helpers.production.app.service import Service, address

from .serving import JSON, SECONDS, Endpoint, all_ended, ask, events, in_process, message, serving

MANY = Limits(at_once=1000, a_minute=1000, in_all=1000)


def service(endpoint: Endpoint, **more: Any) -> Service:
    return Service(endpoint.client, {}, **{"limits": MANY, "local": True, **more})


def test_the_pieces_come_as_they_are_written_and_then_the_end() -> None:
    hostile = ("<b>", "\n\n", "event: end", "\r\ndata: {}", "\u2028", "é😀")
    with serving(service(Endpoint(*hostile))) as port:
        answer = ask(port)
        assert answer.status == 200
        assert answer.headers["Content-Type"] == "text/event-stream"
        *texts, end = events(answer)
    assert [(name, data["text"]) for name, data in texts] == [("text", each) for each in hostile]
    assert end == ("end", {"finish_reason": "COMPLETE", "seconds": 1.0})


@given(st.text())
def test_any_piece_is_one_event(piece: str) -> None:
    name, data, *rest = _event(piece)["body"].decode("ascii").split("\n")
    assert (name, rest) == ("event: text", ["", ""])
    assert json.loads(data.removeprefix("data: ")) == {"text": piece}


def leave(port: int, draw: random.Random) -> None:
    """Ask, and go: at once, with half a request sent, after the headers, or after some events."""
    body = json.dumps({"prompt": "Write:"}).encode()
    connection = HTTPConnection("127.0.0.1", port, timeout=SECONDS)
    connection.putrequest("POST", "/generate")
    for name, value in {**JSON, "Content-Length": str(len(body))}.items():
        connection.putheader(name, value)
    connection.endheaders()
    connection.send(body[: draw.choice([5, len(body), len(body), len(body)])])
    if draw.random() < 0.7 and draw.random() < 0.9:
        connection.sock.settimeout(0.2)  # half a request has no answer
        try:
            answer = connection.getresponse()
            for _ in range(draw.randint(0, 20)):
                answer.readline()
        except TimeoutError:
            pass
    connection.close()


def test_200_readers_who_leave_at_any_moment_leave_nothing_running() -> None:
    endpoint = Endpoint("Once", endless=True)
    asked = service(endpoint)
    with serving(asked) as port:
        readers = [
            threading.Thread(target=leave, args=(port, random.Random(number))) for number in range(200)
        ]
        for each in readers:
            each.start()
        for each in readers:
            each.join(SECONDS)
        # the last to be asked is answered, so all before it were heard
        last = ask(port)
        last.readline()
        last.close()
        until_nothing_runs(asked)
    all_ended()
    assert len(endpoint.streams) > 100
    assert endpoint.computing == 0
    assert all(each.stopped for each in endpoint.streams)
    assert asked.usage.running == 0


def until_nothing_runs(asked: Service) -> None:
    """Ask for the health until it says that nothing runs."""
    for _ in range(10_000):
        if not asked.usage.running:
            return
        threading.Event().wait(0.005)
    raise AssertionError(f"{asked.usage.running} generations run on")


def test_a_request_on_its_way_is_stopped_once_it_is_open() -> None:
    endpoint = Endpoint("Once", endless=True)
    endpoint.may_open.clear()

    async def leaves() -> Any:
        await asyncio.to_thread(endpoint.opening.wait, SECONDS)
        return {"type": "http.disconnect"}

    async def nothing(message: Any) -> None:
        raise AssertionError(message)

    asyncio.run(in_process(service(endpoint), leaves, nothing))
    assert endpoint.streams == []  # the reader is gone, and the endpoint has not answered yet
    endpoint.may_open.set()
    all_ended()
    assert [each.stopped for each in endpoint.streams] == [True]


def test_the_service_ends_with_answers_on_their_way() -> None:
    endpoint = Endpoint("Once", endless=True)
    with serving(service(endpoint)) as port:
        answer = ask(port)
        assert next(events(answer))[0] == "text"
        answer.close()
    all_ended()
    assert endpoint.computing == 0


@pytest.mark.parametrize(
    ("pieces", "timeouts", "said"),
    [
        ((), Timeouts(silence=0.05), "the model wrote nothing for 0.05 s"),
        (("Once",), Timeouts(silence=9, whole=0.2), "the text was not complete after 0.2 s"),
    ],
)
def test_what_takes_too_long_is_given_up(pieces: tuple[str, ...], timeouts: Timeouts, said: str) -> None:
    endpoint = Endpoint(*pieces, endless=bool(pieces))
    endpoint.may_open = threading.Event()
    if pieces:
        endpoint.may_open.set()
    with serving(service(endpoint, timeouts=timeouts)) as port:
        answer = ask(port)
        if pieces:
            *_, (name, data) = events(answer)
            told = f"{name}: {data['message']}"
        else:
            assert answer.status == 504
            told = message(answer)
        endpoint.may_open.set()
    all_ended()
    assert said in told
    assert endpoint.streams[0].stopped


def test_a_reader_who_does_not_read_is_left() -> None:
    endpoint = Endpoint("Once", endless=True)

    async def stays(*_: Any) -> Any:
        await asyncio.Event().wait()

    asyncio.run(in_process(service(endpoint, timeouts=Timeouts(unread=0.05)), stays, stays))
    all_ended()
    assert endpoint.streams[0].stopped


@pytest.mark.parametrize(
    ("body", "kind", "said"),
    [
        ('{"prompt": "x"}', "text/plain", "application/json"),
        ("", JSON["Content-Type"], "not JSON"),
        ("[" * 9_000, JSON["Content-Type"], "not JSON"),
        ("[]", JSON["Content-Type"], "an object"),
        ('{"prompt": 1}', JSON["Content-Type"], "a text"),
        ("{}", JSON["Content-Type"], "a text"),
        ('{"prompt": " "}', JSON["Content-Type"], "empty"),
        ('{"prompt": "x", "max_tokens": 9999}', JSON["Content-Type"], "nothing else"),
        (json.dumps({"prompt": "x" * MOST_BYTES}), JSON["Content-Type"], "too long"),
    ],
)
def test_a_wrong_request_is_refused_and_asks_for_nothing(body: str, kind: str, said: str) -> None:
    endpoint = Endpoint("Once")
    with serving(service(endpoint)) as port:
        connection = HTTPConnection("127.0.0.1", port, timeout=SECONDS)
        connection.request("POST", "/generate", body, {"Content-Type": kind})
        answer = connection.getresponse()
        assert answer.status == 400
        assert said in message(answer)
    assert endpoint.streams == []


def test_another_host_and_another_sites_frame_are_refused() -> None:
    with serving(service(Endpoint("Once"))) as port:
        assert ask(port, Host="evil.example").status == 400
        headers = ask(port).headers
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
    assert "Access-Control-Allow-Origin" not in headers


def test_a_users_limits_are_told_with_how_long_to_wait() -> None:
    endpoint = Endpoint("Once", endless=True)
    users = {"user": lambda request: request.headers["x-user"]}
    with serving(service(endpoint, limits=Limits(at_once=1, a_minute=2, in_all=9), **users)) as port:
        first = ask(port, **{"X-User": "a"})
        second = ask(port, **{"X-User": "a"})
        assert (second.status, second.headers["Retry-After"]) == (429, "1")
        assert "1 of your texts" in message(second)
        assert ask(port, **{"X-User": "b"}).status == 200
        first.close()
    all_ended()


ACCOUNT = "111122223333"
ENDPOINT_GONE = errors.EndpointNotFound(f"Endpoint e of account {ACCOUNT} not found. Run 02_deploy first.")


@pytest.mark.parametrize("local", [True, False])
@pytest.mark.parametrize(
    ("error", "status"),
    [
        (ENDPOINT_GONE, 503),
        (errors.Throttled(f"AWS says: Rate exceeded ({ACCOUNT})"), 503),
        (errors.ModelRefused(f"refused ({ACCOUNT})", status=400, model_message="no"), 400),
        (errors.ModelFailed(f"logs of {ACCOUNT}", status=500, model_message="no"), 502),
        (RuntimeError(f"a defect, with {ACCOUNT}"), 500),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_stranger_is_told_nothing_of_the_account_and_its_owner_all(
    error: Exception, status: int, local: bool, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING), serving(service(Endpoint(error=error), local=local)) as port:
        answer = ask(port)
        said = message(answer)
    assert answer.status == status
    assert (ACCOUNT in said) == (local and status != 500)
    assert ACCOUNT in caplog.text


def test_a_break_in_the_middle_is_an_event() -> None:
    broken = errors.StreamBroken("broke", partial_text="Once")
    with serving(service(Endpoint("Once", error=broken), local=False)) as port:
        assert list(events(ask(port))) == [
            ("text", {"text": "Once"}),
            ("error", {"message": "The text broke off. Try again."}),
        ]


def test_without_credentials_page_and_health_say_what_to_do() -> None:
    asked = Service(lambda: Client(connect("aws"), "e", model_id="cohere-medium"), {}, local=True)
    with serving(asked) as port:
        refused = ask(port)
        assert refused.status == 503
        assert "No AWS credentials found. Sign in first" in message(refused)
        connection = HTTPConnection("127.0.0.1", port, timeout=SECONDS)
        connection.request("GET", "/health")
        health = connection.getresponse()
        assert health.status == 503
        told = json.loads(health.read())
    assert told["ready"] is False
    assert "Sign in first" in told["message"]
    assert asked.usage.running == 0


def test_without_credentials_the_command_says_what_to_do_before_it_serves(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert _service(_parser().parse_args(["--runtime", "aws"]))
    assert "No AWS credentials found. Sign in first" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--host", "0.0.0.0"], "stays on this machine"),
        (["--runtime", "cloud"], "'sandbox' or 'aws'"),
        (["--endpoint-name", "my endpoint"], "endpoint_name is"),
        (["--setting", "nowhere.json"], "run 04_tune"),
        (["--a-minute", "0"], "1 or more"),
    ],
)
def test_a_wrong_argument_starts_nothing(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 2
    assert said in capsys.readouterr().err


@pytest.mark.parametrize(
    ("host", "user"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:aaaa::1", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:bbbb::2", "2001:db8:1:2::/64"),
        ("testclient", "testclient"),
    ],
)
def test_a_user_of_ipv6_is_a_network(host: str, user: str) -> None:
    assert address(Request({"type": "http", "client": (host, 1)})) == user


def test_a_service_that_can_not_connect_asks_again_only_after_a_while() -> None:
    made = []

    def fails() -> Client:
        made.append(1)
        raise BadInput("region is 'mars'")

    asked = Service(fails, {})
    for _ in range(3):
        with pytest.raises(NotConnected, match="set up wrongly: region is 'mars'"):
            asked._connected()
    assert len(made) == 1
