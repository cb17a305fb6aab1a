"""Keys that STS gives out: for whom, for how long, and that no part of one is good with another's."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from botocore.credentials import Credentials
from hypothesis import given
from hypothesis import strategies as st

from helpers.sandbox.address import Address
from helpers.sandbox.aws.caller import Caller
from helpers.sandbox.aws.service import AwsError, Context
from helpers.sandbox.server.keys import Keys
from helpers.sandbox.server.signature import claim
from helpers.sandbox.services.sts import Sts
from helpers.sandbox.settings import ACCOUNT, ROLE_ARN

from ..server.test_signature import signed

TEAM = f"arn:aws:iam::{ACCOUNT}:role/team"
OWN = Context("us-east-1", ACCOUNT)
HOUR = 3600


def an_address(number: int = 1) -> Address:
    key = f"AKIASANDBOX{number:09}"
    return Address("http://127.0.0.1:1234", key, f"secret-{number}", 1, ACCOUNT, ROLE_ARN, "m")


class Team:
    """A role that trusts everybody, for sessions of up to two hours."""

    def may_assume(self, arn, principal, keys):
        return arn == TEAM

    def longest_session(self, arn):
        return 2 * HOUR


class Given(Keys):
    """The sandbox's keys, of which the last one given out is kept."""

    def issue(self, caller, seconds):
        self.last = super().issue(caller, seconds)
        return self.last


@pytest.fixture
def keys():
    return Given(an_address())


def called(keys, operation, caller=None, **params):
    Sts(keys, Team()).call(operation, params, OWN if caller is None else replace(OWN, caller=caller))
    return keys.last


def assumed(keys, caller=None, **params):
    return called(keys, "AssumeRole", caller, RoleArn=TEAM, RoleSessionName="ada", **params)


def test_a_session_token_is_for_keys_that_do_not_expire(keys):
    own = called(keys, "GetSessionToken")
    for caller in (own.caller, assumed(keys).caller):
        with pytest.raises(AwsError, match="Cannot call GetSessionToken with session credentials") as error:
            called(keys, "GetSessionToken", caller)
        assert (error.value.code, error.value.status) == ("AccessDenied", 403)


def test_a_role_is_assumed_for_as_long_as_it_allows(keys):
    left = assumed(keys, DurationSeconds=2 * HOUR).expires - datetime.now(UTC)
    assert timedelta(hours=1.9) < left <= timedelta(hours=2)
    with pytest.raises(AwsError, match="exceeds the MaxSessionDuration set for this role") as error:
        assumed(keys, DurationSeconds=2 * HOUR + 1)
    assert error.value.code == "ValidationError"


def test_a_role_that_a_session_assumes_lasts_an_hour_at_most(keys):
    for caller in (called(keys, "GetSessionToken").caller, assumed(keys).caller):
        chained = assumed(keys, caller, DurationSeconds=HOUR)
        assert chained.expires <= datetime.now(UTC) + timedelta(hours=1)
        with pytest.raises(AwsError, match="the 1 hour session limit for roles assumed by role chaining"):
            assumed(keys, caller, DurationSeconds=HOUR + 1)


@pytest.mark.parametrize(
    ("operation", "params", "named"),
    [
        ("AssumeRole", {"Policy": "{}"}, "Policy"),
        ("AssumeRole", {"Tags": [{"Key": "k", "Value": "v"}]}, "Tags"),
        ("AssumeRole", {"SerialNumber": "arn:aws:iam::123456789012:mfa/ada"}, "SerialNumber"),
        ("GetSessionToken", {"SerialNumber": "arn:aws:iam::123456789012:mfa/ada"}, "SerialNumber"),
        ("GetSessionToken", {"TokenCode": "123456"}, "TokenCode"),
    ],
)
def test_what_would_be_left_out_is_refused(keys, operation, params, named):
    named_role = {"RoleArn": TEAM, "RoleSessionName": "ada"} if operation == "AssumeRole" else {}
    with pytest.raises(AwsError, match=f"does not practise {named} in {operation}"):
        called(keys, operation, **named_role, **params)


PARTS = st.integers(0, 3)


@given(PARTS, PARTS, PARTS, st.sampled_from(["sagemaker", "sts", "s3"]))
def test_each_part_of_a_key_is_good_with_its_own_alone(key_id, secret, token, service):
    keys = Keys(an_address())
    caller = Caller(TEAM, "ada")
    issued = [
        Credentials(an_address().access_key_id, an_address().secret_access_key),
        *(keys.issue(caller, 900).credentials for _ in range(3)),
    ]
    mixed = Credentials(issued[key_id].access_key, issued[secret].secret_key, issued[token].token)
    request = signed(key=mixed, service=service)
    if key_id == secret == token:
        claim(request, keys.find).verify(request)
    else:
        with pytest.raises(AwsError) as error:
            claim(request, keys.find).verify(request)
        assert error.value.status == 403


def test_keys_of_another_sandbox_are_not_believed_and_it_is_said_what_to_do():
    other = Keys(an_address(2)).issue(Caller(TEAM, "ada"), 900).credentials
    own_of_other = Credentials(an_address(2).access_key_id, an_address(2).secret_access_key)
    for stranger in (other, own_of_other, Credentials("AKIAIOSFODNN7EXAMPLE", "s")):
        request = signed(key=stranger)
        with pytest.raises(AwsError, match=r"python -m helpers\.sandbox env") as error:
            claim(request, Keys(an_address()).find)
        assert error.value.code == "UnrecognizedClientException"
        assert error.value.message.startswith("The security token included in the request is invalid.")


def test_a_session_that_ended_is_refused_as_long_as_it_is_known():
    keys = Keys(an_address())
    ended = keys.issue(Caller(TEAM, "ada"), -1)
    others = [keys.issue(Caller(TEAM, "ada"), 900) for _ in range(999)]
    request = signed(key=ended.credentials)
    with pytest.raises(AwsError) as error:
        claim(request, keys.find)
    assert error.value.code == "ExpiredTokenException"
    keys.issue(Caller(TEAM, "ada"), 900)  # the thousand-and-first: what ended makes room, not what lives
    assert keys.find(ended.credentials.access_key) is None
    assert all(keys.find(each.credentials.access_key) for each in others)
