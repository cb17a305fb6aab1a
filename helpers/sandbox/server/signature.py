"""Signature Version 4, from the receiving side: is this request signed with the sandbox's one random key?

The canonical request is botocore's own, so what boto3 signs is what is checked here.
"""

import hmac
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import NoReturn

from botocore.auth import SIGV4_TIMESTAMP, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.compat import HTTPHeaders
from botocore.credentials import Credentials

from ..aws.service import AwsError

SKEW = timedelta(minutes=15)
_AUTHORIZATION = re.compile(
    r"AWS4-HMAC-SHA256\s+Credential=([A-Za-z0-9_-]+)/(\d{8})/([a-z0-9-]+)/([a-z0-9-]+)/aws4_request\s*,\s*"
    r"SignedHeaders=([a-z0-9;_.-]+)\s*,\s*Signature=([0-9a-f]{64})"
)
_NOT_OURS = "The security token included in the request is invalid."
_MISMATCH = (
    "The request signature we calculated does not match the signature you provided. Check your AWS Secret "
    "Access Key and signing method. Consult the service documentation for details."
)
# The same mishap as query services and S3 name it (XML), and as services with JSON answers do.
_JSON_CODES = {
    "MissingAuthenticationToken": "MissingAuthenticationTokenException",
    "IncompleteSignature": "IncompleteSignatureException",
    "InvalidClientTokenId": "UnrecognizedClientException",
    "SignatureDoesNotMatch": "InvalidSignatureException",
}
_S3_CODES = {"InvalidClientTokenId": "InvalidAccessKeyId", "MissingAuthenticationToken": "AccessDenied"}


@dataclass(frozen=True)
class Signable:
    """What a signature covers: method, raw path and query, headers (names in lower case), body's SHA-256."""

    method: str
    path: str
    query: str
    headers: tuple[tuple[str, str], ...]
    body_sha256: str

    def header(self, name: str) -> str:
        """The first value of a header, "" if there is none."""
        return next((value for key, value in self.headers if key == name), "")

    @property
    def family(self) -> str:
        """How the service that is called names and writes its errors: "s3", "query" (both XML) or "json"."""
        if "/s3/aws4_request" in self.header("authorization") or self.presigned:
            return "s3"
        form = self.header("content-type").startswith("application/x-www-form-urlencoded")
        return "query" if form else "json"

    @property
    def presigned(self) -> bool:
        """Whether the signature is in the query (only S3 does that, in version 4 or 2)."""
        return "X-Amz-Signature=" in self.query or "AWSAccessKeyId=" in self.query


@dataclass(frozen=True)
class Scope:
    """The region and the service (its signing name) that a request is signed for."""

    region: str
    service: str


@dataclass(frozen=True)
class Claim:
    """What a request says of its signer, checked as far as that goes without its body."""

    credentials: Credentials
    scope: Scope
    day: str
    signed_headers: tuple[str, ...]
    signature: str
    moment: datetime

    def verify(self, request: Signable) -> Scope:
        """The scope, if the signature is that of the whole request. Raises AwsError."""
        _check_body(request)
        signer = _Receiver(self.credentials, self.scope.service, self.scope.region)
        expected = signer.expected(request, self.signed_headers, self.moment)
        same_day = self.moment.strftime("%Y%m%d") == self.day
        if not (hmac.compare_digest(self.signature, expected) and same_day and "host" in self.signed_headers):
            _refuse(request, "SignatureDoesNotMatch", _MISMATCH)
        return self.scope


def claim(request: Signable, credentials: Credentials, now: datetime | None = None) -> Claim:
    """The claim of a request that names the key of `credentials`, at most 15 minutes from `now`.

    Needs no body, so that nobody's is read who does not know the key. Raises AwsError, always with HTTP 403,
    under the code that the service called would use.
    """
    match = _AUTHORIZATION.fullmatch(request.header("authorization"))
    if match is None:
        _refuse_unsigned(request)
    key, day, region, service, names, signature = match.groups()
    if not hmac.compare_digest(key, credentials.access_key):
        _refuse(request, "InvalidClientTokenId", _NOT_OURS)
    if request.header("x-amz-security-token"):  # the sandbox's keys come without: it is another account's
        _refuse(request, "InvalidClientTokenId", _NOT_OURS)
    moment = _moment(request)
    _check_time(request, moment, now or datetime.now(UTC))
    return Claim(credentials, Scope(region, service), day, tuple(names.split(";")), signature, moment)


class _Receiver(SigV4Auth):  # type: ignore[misc]  # botocore.auth has no stubs
    """botocore's signer, fed with the headers that the other side signed."""

    def expected(self, request: Signable, names: tuple[str, ...], moment: datetime) -> str:
        headers = HTTPHeaders()
        for name, value in request.headers:
            if name in names:
                headers[name] = value  # adds, as email messages do
        url = f"http://sandbox{request.path}" + (f"?{request.query}" if request.query else "")
        received = AWSRequest(request.method, url, headers=headers)
        received.context["timestamp"] = moment.strftime(SIGV4_TIMESTAMP)
        received.context["body_sha256"] = request.body_sha256
        to_sign = self.string_to_sign(received, self.canonical_request(received))
        return str(self.signature(to_sign, received))

    def headers_to_sign(self, request: AWSRequest) -> HTTPHeaders:
        return request.headers

    def payload(self, request: AWSRequest) -> str:
        return str(request.context["body_sha256"])

    def _normalize_url_path(self, path: str) -> str:
        # S3 signs the path as it is sent; every other service encodes it once more.
        return path if self._service_name == "s3" else str(super()._normalize_url_path(path))


def _moment(request: Signable) -> datetime:
    stamp, date = request.header("x-amz-date"), request.header("date")
    try:
        if stamp:
            return datetime.strptime(stamp, SIGV4_TIMESTAMP).replace(tzinfo=UTC)
        told = parsedate_to_datetime(date)
        # "-0000" is UTC as well; the last hours of the year 9999 may lie beyond it in UTC
        return told.astimezone(UTC) if told.tzinfo else told.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        wanted = "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header."
        _refuse(request, "IncompleteSignature", wanted)


def _check_time(request: Signable, moment: datetime, now: datetime) -> None:
    if abs(now - moment) <= SKEW:
        return
    if request.family == "s3":
        message = "The difference between the request time and the current time is too large."
        _refuse(request, "RequestTimeTooSkewed", message)
    sent, ours = moment.strftime(SIGV4_TIMESTAMP), now.strftime(SIGV4_TIMESTAMP)
    if moment < now:
        limit = (now - SKEW).strftime(SIGV4_TIMESTAMP)
        message = f"Signature expired: {sent} is now earlier than {limit} ({ours} - 15 min.)"
    else:
        limit = (now + SKEW).strftime(SIGV4_TIMESTAMP)
        message = f"Signature not yet current: {sent} is still later than {limit} ({ours} + 15 min.)"
    _refuse(request, "SignatureDoesNotMatch", message)


def _check_body(request: Signable) -> None:
    """Where the client states the body's hash (S3), it must be true, unless it says that it is not signed."""
    stated = request.header("x-amz-content-sha256")
    if stated and not stated.startswith(("UNSIGNED-PAYLOAD", "STREAMING-")) and stated != request.body_sha256:
        message = "The provided 'x-amz-content-sha256' header does not match what was computed."
        raise AwsError("XAmzContentSHA256Mismatch", message)


def _refuse_unsigned(request: Signable) -> NoReturn:
    if request.presigned:
        message = "The sandbox does not practise presigned URLs; sign the request in its headers."
        _refuse(request, "AccessDenied", message)
    if request.header("authorization"):
        # wording not established
        message = "The Authorization header is not a Signature Version 4 (AWS4-HMAC-SHA256)."
        _refuse(request, "IncompleteSignature", message)
    _refuse(request, "MissingAuthenticationToken", "Missing Authentication Token")


def _refuse(request: Signable, code: str, message: str) -> NoReturn:
    codes = {"json": _JSON_CODES, "s3": _S3_CODES}.get(request.family, {})
    raise AwsError(codes.get(code, code), message, 403)
