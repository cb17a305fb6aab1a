from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from urllib.parse import quote

import pytest
from botocore.auth import S3SigV4Auth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.sandbox.aws.caller import Caller
from helpers.sandbox.aws.service import AwsError
from helpers.sandbox.server.keys import Key
from helpers.sandbox.server.signature import Scope, Signable, claim

KEY = Credentials("AKIASANDBOXAAAAAAAAA", "a-secret")
HOST = "127.0.0.1:1234"


def signed(
    method="POST",
    path="/",
    query="",
    body=b"{}",
    *,
    service="sagemaker",
    region="us-east-1",
    key=KEY,
    headers=(("content-type", "application/x-amz-json-1.1"),),
):
    """A request as botocore signs it and as the server sees it."""
    url = f"http://{HOST}{path}" + (f"?{query}" if query else "")
    request = AWSRequest(method, url, headers=dict(headers), data=body)
    signer = S3SigV4Auth if service == "s3" else SigV4Auth
    signer(key, service, region).add_auth(request)
    sent = [("host", HOST), *((name.lower(), value) for name, value in request.headers.items())]
    return Signable(method, path, query, tuple(sent), sha256(body).hexdigest())


def with_header(request, name, value):
    others = (pair for pair in request.headers if pair[0] != name)
    return replace(request, headers=(*others, (name, value)))


def verify(request, key, now=None):
    return claim(request, known(key), now).verify(request)


def known(key, expires=None):
    """A lookup that knows this key alone."""
    keys = {key.access_key: Key(key, Caller(), expires)}
    return keys.get


def refused(request, now=None):
    with pytest.raises(AwsError) as error:
        verify(request, KEY, now)
    assert error.value.status in (400, 403)
    return error.value


@pytest.mark.parametrize(
    ("given", "named", "scope"),
    [
        ((), {}, Scope("us-east-1", "sagemaker")),
        (
            (),
            {"region": "eu-central-1", "service": "aws-marketplace"},
            Scope("eu-central-1", "aws-marketplace"),
        ),
        (
            ("GET", "/schedules", "b=2&a=1&a=0", b""),
            {"service": "scheduler"},
            Scope("us-east-1", "scheduler"),
        ),
        (("PUT", "/b/a%20b/%C3%BC%2B//x", "", b"x"), {"service": "s3"}, Scope("us-east-1", "s3")),
        (("GET", "/b/a%252Fb/../c", "versions=", b""), {"service": "s3"}, Scope("us-east-1", "s3")),
        (("POST", "/endpoints/a%20b/invocations"), {}, Scope("us-east-1", "sagemaker")),
        ((), {"headers": (("x-amz-thing", "  a   b "), ("date", "x"))}, Scope("us-east-1", "sagemaker")),
    ],
)
def test_what_botocore_signs_is_accepted(given, named, scope):
    # signed here, not above: a signature is good for 15 minutes, and the tests before this one take longer
    assert verify(signed(*given, **named), KEY) == scope


def test_headers_that_are_not_signed_do_not_matter():
    verify(with_header(signed(), "user-agent", "whatever"), KEY)


@pytest.mark.parametrize(
    "change",
    [
        {"method": "PUT"},
        {"path": "/x"},
        {"query": "a=1"},
        {"body_sha256": sha256(b"{ }").hexdigest()},
    ],
)
def test_a_changed_request_is_refused(change):
    error = refused(replace(signed(), **change))
    assert error.code == "InvalidSignatureException"
    assert error.message.startswith(
        "The request signature we calculated does not match the signature you provided."
    )


@pytest.mark.parametrize("name", ["host", "content-type", "x-amz-date"])
def test_a_changed_signed_header_is_refused(name):
    changed = "20260101T000000Z" if name == "x-amz-date" else "127.0.0.1:9"
    refused(with_header(signed(), name, changed))


@pytest.mark.parametrize("name", ["host", "content-type"])
def test_a_signed_header_that_is_gone_is_refused(name):
    request = signed()
    refused(replace(request, headers=tuple(pair for pair in request.headers if pair[0] != name)))


def test_another_accounts_session_token_is_refused():
    stale = Credentials(KEY.access_key, KEY.secret_key, "a-token-from-the-environment")
    assert "security token included in the request is invalid" in refused(signed(key=stale)).message


SESSION = Credentials("ASIASANDBOXAAAAAAAAA", "a-secret", "a-token")


def test_a_sessions_token_is_a_part_of_its_key():
    verify(signed(key=SESSION), SESSION)
    for token in (None, "another-token"):
        wrong = Credentials(SESSION.access_key, SESSION.secret_key, token)
        with pytest.raises(AwsError, match="security token included in the request is invalid"):
            verify(signed(key=wrong), SESSION)


@pytest.mark.parametrize(
    ("service", "headers", "code"),
    [
        ("sagemaker", (("content-type", "application/x-amz-json-1.1"),), "ExpiredTokenException"),
        ("scheduler", (("content-type", "application/json"),), "ExpiredTokenException"),
        ("sts", (("content-type", "application/x-www-form-urlencoded"),), "ExpiredToken"),
        ("s3", (), "ExpiredToken"),
    ],
)
def test_a_session_ends(service, headers, code):
    now = datetime.now(UTC)
    request = signed(service=service, headers=headers, key=SESSION)
    claim(request, known(SESSION, now + timedelta(seconds=1)), now).verify(request)
    with pytest.raises(AwsError, match="expired") as error:
        claim(request, known(SESSION, now - timedelta(seconds=1)), now)
    assert error.value.code == code


def test_the_signature_must_cover_the_host():
    request = signed()
    dropped = request.header("authorization").replace("content-type;host;", "content-type;")
    assert refused(with_header(request, "authorization", dropped)).code == "InvalidSignatureException"


@pytest.mark.parametrize(
    ("service", "content_type", "mismatch", "stranger", "nothing"),
    [
        (
            "sagemaker",
            "application/x-amz-json-1.1",
            "InvalidSignatureException",
            "UnrecognizedClientException",
            "MissingAuthenticationTokenException",
        ),
        (
            "sts",
            "application/x-www-form-urlencoded; charset=utf-8",
            "SignatureDoesNotMatch",
            "InvalidClientTokenId",
            "MissingAuthenticationToken",
        ),
        ("s3", "", "SignatureDoesNotMatch", "InvalidAccessKeyId", "MissingAuthenticationTokenException"),
    ],
)
def test_each_family_has_its_own_words(service, content_type, mismatch, stranger, nothing):
    headers = (("content-type", content_type),) if content_type else ()
    wrong = Credentials(KEY.access_key, "another secret")
    assert refused(signed(service=service, headers=headers, key=wrong)).code == mismatch
    wrong = Credentials("AKIASANDBOXBBBBBBBBB", KEY.secret_key)
    assert refused(signed(service=service, headers=headers, key=wrong)).code == stranger
    assert refused(with_header(signed(service=service, headers=headers), "authorization", "")).code == nothing


@pytest.mark.parametrize("minutes", [-16, 16])
def test_a_clock_that_is_more_than_15_minutes_off(minutes):
    now = datetime.now(UTC) + timedelta(minutes=minutes)
    error = refused(signed(), now)
    assert error.code == "InvalidSignatureException"
    assert error.message.startswith("Signature expired" if minutes > 0 else "Signature not yet current")
    assert refused(signed(service="s3"), now).code == "RequestTimeTooSkewed"


@pytest.mark.parametrize("minutes", [-14, 14])
def test_a_clock_that_is_less_than_15_minutes_off(minutes):
    verify(signed(), KEY, datetime.now(UTC) + timedelta(minutes=minutes))


@pytest.mark.parametrize(
    ("authorization", "code"),
    [
        ("Basic YTpi", "IncompleteSignatureException"),
        ("AWS4-HMAC-SHA256 Credential=x", "IncompleteSignatureException"),
        ("AWS AKIA:sig", "IncompleteSignatureException"),
    ],
)
def test_other_authorizations(authorization, code):
    assert refused(with_header(signed(), "authorization", authorization)).code == code


@pytest.mark.parametrize("stamp", ["", "yesterday"])
def test_a_request_without_a_date(stamp):
    assert refused(with_header(signed(), "x-amz-date", stamp)).code == "IncompleteSignatureException"


@pytest.mark.parametrize("query", ["X-Amz-Signature=0&X-Amz-Date=1", "AWSAccessKeyId=x&Signature=y"])
def test_presigned_urls_are_refused_in_so_many_words(query):
    error = refused(Signable("GET", "/b/k", query, (("host", HOST),), sha256().hexdigest()))
    assert error.code == "AccessDenied"
    assert "presigned" in error.message


def test_a_stated_hash_of_the_body_must_be_true():
    request = replace(signed("PUT", "/b/k", "", b"x", service="s3"), body_sha256=sha256(b"y").hexdigest())
    assert refused(request).code == "XAmzContentSHA256Mismatch"


@pytest.mark.parametrize("stated", ["UNSIGNED-PAYLOAD", "STREAMING-UNSIGNED-PAYLOAD-TRAILER"])
def test_s3_may_leave_the_body_unsigned(stated):
    class Unsigned(S3SigV4Auth):
        def payload(self, request):
            return stated

    request = AWSRequest("PUT", f"http://{HOST}/b/k", data=b"x")
    Unsigned(KEY, "s3", "us-east-1").add_auth(request)
    headers = (("host", HOST), *((name.lower(), value) for name, value in request.headers.items()))
    verify(Signable("PUT", "/b/k", "", headers, sha256(b"anything").hexdigest()), KEY)


texts = st.text(max_size=12)


@settings(max_examples=200)
@given(
    st.sampled_from(["s3", "sagemaker"]),
    st.lists(texts, max_size=4),
    st.dictionaries(texts, texts, max_size=3),
)
def test_any_path_and_query(service, steps, parameters):
    path = "/" + "/".join(quote(step, safe="~") for step in steps)
    query = "&".join(f"{quote(key, safe='')}={quote(value, safe='')}" for key, value in parameters.items())
    verify(signed("POST", path, query, service=service), KEY)


@settings(max_examples=200)
@given(
    st.text(alphabet=st.characters(min_codepoint=33, max_codepoint=126), max_size=30),
    st.text(alphabet=st.characters(min_codepoint=32, max_codepoint=255), max_size=120),
)
def test_anything_else_is_refused(path, authorization):
    request = Signable("GET", "/" + path, "", (("host", HOST), ("authorization", authorization)), "")
    refused(request)


@pytest.mark.parametrize(
    "date",
    [
        "Fri, 31 Dec 9999 23:59:59 -2359",
        "Mon, 01 Jan 0001 00:00:00 +2359",
        "Fri, 31 Dec 9999 23:59:59 -0000",
        "Tue, 24 Nov 2026 10:00:00 +999999999",
        "Tue, 24 Nov 2026 10:00:00 -99999999999999999999",
        "Tue, 24 Nov 99999999999 10:00:00 GMT",
        "99991231T235959Z",
        "00010101T000000Z",
        "",
    ],
)
@pytest.mark.parametrize("name", ["date", "x-amz-date"])
def test_an_absurd_date_is_the_requests_fault(name, date):
    request = signed()
    kept = (pair for pair in request.headers if pair[0] not in ("date", "x-amz-date"))
    refused(replace(request, headers=(*kept, (name, date))))


@settings(max_examples=300)
@given(
    st.from_regex(r"[A-Z][a-z]{2}, \d{1,3} [A-Z][a-z]{2} \d{1,6} \d{1,3}:\d{2}:\d{2} [+-]?\w{0,9}")
    | st.text()
)
def test_any_date_is_the_requests_fault(date):
    request = signed()
    kept = (pair for pair in request.headers if pair[0] not in ("date", "x-amz-date"))
    refused(replace(request, headers=(*kept, ("date", date))))


def test_who_does_not_know_the_key_is_refused_before_the_body():
    strangers = replace(signed(key=Credentials("AKIAOTHER", "x")), body_sha256="")
    with pytest.raises(AwsError, match="security token"):
        claim(strangers, known(KEY))
    assert claim(replace(signed(), body_sha256=""), known(KEY)).scope == Scope("us-east-1", "sagemaker")
