"""Verification of AWS Signature Version 4 against the keys that the sandbox knows.

botocore builds the canonical request, so exactly what boto3 signs is verified.
"""

import hmac
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import NoReturn

from botocore.auth import SIGV4_TIMESTAMP, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.compat import HTTPHeaders

from ..aws.service import AwsError
from .keys import Key

SKEW = timedelta(minutes=15)
_AUTHORIZATION = re.compile(
    r"AWS4-HMAC-SHA256\s+Credential=([A-Za-z0-9_-]+)/(\d{8})/([a-z0-9-]+)/([a-z0-9-]+)/aws4_request\s*,\s*"
    r"SignedHeaders=([a-z0-9;_.-]+)\s*,\s*Signature=([0-9a-f]{64})"
)
_UNKNOWN_KEY = (  # AWS's words; the rest is ours
    "The security token included in the request is invalid. This sandbox knows the keys of its own start "
    'alone: eval "$(python -m helpers.sandbox env)" exports them.'
)
_EXPIRED = "The security token included in the request is expired"
_S3_EXPIRED = "The provided token has expired."
_MISMATCH = (
    "The request signature we calculated does not match the signature you provided. Check your AWS Secret "
    "Access Key and signing method. Consult the service documentation for details."
)
# An error's code in query services -> its code in services that answer in JSON; below, in S3.
_JSON_CODES = {
    "MissingAuthenticationToken": "MissingAuthenticationTokenException",
    "IncompleteSignature": "IncompleteSignatureException",
    "InvalidClientTokenId": "UnrecognizedClientException",
    "ExpiredToken": "ExpiredTokenException",
    "SignatureDoesNotMatch": "InvalidSignatureException",
}
_S3_CODES = {"InvalidClientTokenId": "InvalidAccessKeyId", "MissingAuthenticationToken": "AccessDenied"}


@dataclass(frozen=True)
class Signable:
    """What a signature covers: method, raw path and query, headers (lower-case names), the body's SHA-256."""

    method: str
    path: str
    query: str
    headers: tuple[tuple[str, str], ...]
    body_sha256: str

    def header(self, name: str) -> str:
        """Return the first value of a header; "" if it is missing."""
        return next((value for key, value in self.headers if key == name), "")

    @property
    def family(self) -> str:
        """The error format of the called service: "s3", "query" (both XML) or "json"."""
        if "/s3/aws4_request" in self.header("authorization") or self.presigned:
            return "s3"
        form = self.header("content-type").startswith("application/x-www-form-urlencoded")
        return "query" if form else "json"

    @property
    def presigned(self) -> bool:
        """Whether the query holds the signature, of version 4 or 2; only S3 allows that."""
        return "X-Amz-Signature=" in self.query or "AWSAccessKeyId=" in self.query


@dataclass(frozen=True)
class Scope:
    """The region and the service (its signing name) that a request is signed for."""

    region: str
    service: str


@dataclass(frozen=True)
class Claim:
    """A request's statement of who signed it; key, time and form are checked, the signature is not yet."""

    key: Key
    scope: Scope
    day: str
    signed_headers: tuple[str, ...]
    signature: str
    moment: datetime

    def verify(self, request: Signable) -> Scope:
        """Return the scope if the signature matches the whole request. Raises AwsError."""
        _check_body(request)
        signer = _Verifier(self.key.credentials, self.scope.service, self.scope.region)
        expected = signer.expected(request, self.signed_headers, self.moment)
        same_day = self.moment.strftime("%Y%m%d") == self.day
        if not (hmac.compare_digest(self.signature, expected) and same_day and "host" in self.signed_headers):
            _refuse(request, "SignatureDoesNotMatch", _MISMATCH)
        return self.scope


def claim(request: Signable, find: Callable[[str], Key | None], now: datetime | None = None) -> Claim:
    """Return the claim of a request that names a key which `find` knows, signed within 15 minutes of `now`.

    It needs no body, so the body of a client that does not know the key is never read. Raises AwsError with
    HTTP 403 and the code that the called service would use.
    """
    match = _AUTHORIZATION.fullmatch(request.header("authorization"))
    if match is None:
        _refuse_unsigned(request)
    key_id, day, region, service, names, signature = match.groups()
    now = now or datetime.now(UTC)
    key = find(key_id)
    token = request.header("x-amz-security-token")
    if key is None or not hmac.compare_digest(token.encode(), (key.credentials.token or "").encode()):
        _refuse(request, "InvalidClientTokenId", _UNKNOWN_KEY)
    if key.expires is not None and now > key.expires:
        _refuse(request, "ExpiredToken", _S3_EXPIRED if request.family == "s3" else _EXPIRED)
    moment = _moment(request)
    _check_time(request, moment, now)
    return Claim(key, Scope(region, service), day, tuple(names.split(";")), signature, moment)


class _Verifier(SigV4Auth):  # type: ignore[misc]  # botocore.auth has no stubs
    """botocore's signer, applied to the headers that the client signed."""

    def expected(self, request: Signable, names: tuple[str, ...], moment: datetime) -> str:
        headers = HTTPHeaders()
        for name, value in request.headers:
            if name in names:
                headers[name] = value  # adds a value, as email.message does
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
        # S3 signs the path as it is sent; every other service percent-encodes it once more.
        return path if self._service_name == "s3" else str(super()._normalize_url_path(path))


def _moment(request: Signable) -> datetime:
    stamp, date = request.header("x-amz-date"), request.header("date")
    try:
        if stamp:
            return datetime.strptime(stamp, SIGV4_TIMESTAMP).replace(tzinfo=UTC)
        parsed = parsedate_to_datetime(date)
        # "-0000" gives a naive UTC time; conversion to UTC overflows in the last hours of 9999
        return parsed.astimezone(UTC) if parsed.tzinfo else parsed.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        message = "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header."
        _refuse(request, "IncompleteSignature", message)


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
    """Raise AwsError if the client states a hash (S3) and the body has another; a body may be unsigned."""
    stated = request.header("x-amz-content-sha256")
    if stated and not stated.startswith(("UNSIGNED-PAYLOAD", "STREAMING-")) and stated != request.body_sha256:
        message = "The provided 'x-amz-content-sha256' header does not match what was computed."
        raise AwsError("XAmzContentSHA256Mismatch", message)


def _refuse_unsigned(request: Signable) -> NoReturn:
    if request.presigned:
        message = "The sandbox does not practise presigned URLs; sign the request in its headers."
        _refuse(request, "AccessDenied", message)
    if request.header("authorization"):
        # wording (not established)
        message = "The Authorization header is not a Signature Version 4 (AWS4-HMAC-SHA256)."
        _refuse(request, "IncompleteSignature", message)
    _refuse(request, "MissingAuthenticationToken", "Missing Authentication Token")


def _refuse(request: Signable, code: str, message: str) -> NoReturn:
    codes = {"json": _JSON_CODES, "s3": _S3_CODES}.get(request.family, {})
    raise AwsError(codes.get(code, code), message, 403)
