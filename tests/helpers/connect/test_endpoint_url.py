"""A URL that leads to this machine is known, however it is spelt."""

import socket

import pytest

from helpers.connect.endpoint_url import is_loopback, sources


@pytest.mark.parametrize(
    "host",
    [
        *("127.0.0.1", "127.1", "127.8.9.10", "0x7f.1", "0177.0.0.1", "2130706433", "0.0.0.0", "0"),
        *("[::1]", "[::]", "[::ffff:127.0.0.1]", "[0:0:0:0:0:0:0:1]", "[::1%25lo]", "[::FFFF:7f00:1]"),
        *("localhost", "LOCALHOST", "localhost.", "api.localhost", "１２７.0.0.1", "127.0.0.1."),
    ],
)
@pytest.mark.parametrize(
    "form", ["http://{}", "https://{}:4566/path", "http://sagemaker.amazonaws.com@{}", "//{}"]
)
def test_this_machine_in_odd_spellings(host: str, form: str) -> None:
    assert is_loopback(form.format(host))


@pytest.mark.parametrize(
    "url",
    [
        "https://api.sagemaker.us-east-1.amazonaws.com",
        "https://runtime.sagemaker.cn-north-1.amazonaws.com.cn",
        "https://sagemaker.eu-west-1.api.aws",
        "http://192.0.2.1",
        "http://128.0.0.1",
        "http://[2001:db8::1]:80",
        "https://localhost.example.invalid",
        "http://127.0.0.1.example.invalid",
    ],
)
def test_other_machines(url: str) -> None:
    assert not is_loopback(url)


def test_a_name_that_leads_here_is_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """LocalStack's own name does, as may a line in /etc/hosts."""
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", 0))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_: found)
    assert is_loopback("http://localhost.localstack.cloud:4566")
    assert not is_loopback("https://api.sagemaker.us-east-1.amazonaws.com")


def test_what_set_a_url_is_named() -> None:
    environment = {"AWS_ENDPOINT_URL": "http://a", "AWS_ENDPOINT_URL_S3": "http://b", "AWS_PROFILE": "work"}
    assert sources("http://b", environment) == "AWS_ENDPOINT_URL_S3"
    assert "profile 'work'" in sources("http://c", environment)
