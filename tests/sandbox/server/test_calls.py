"""The operation that permission is asked for is the one that is done."""

import pytest

from helpers.sandbox.aws.service import AwsError
from helpers.sandbox.server.calls import call
from helpers.sandbox.server.signature import Signable

FORM = ("content-type", "application/x-www-form-urlencoded; charset=utf-8")
TARGET = ("x-amz-target", "x.GetRole")


def asked(service, body=b"", query="", *headers):
    return call(service, Signable("POST", "/", query, headers, ""), body)


def test_a_form_names_its_operation():
    named = ("DeleteRole", {"Action": "DeleteRole", "RoleName": "a"})
    assert asked("iam", b"Action=DeleteRole&RoleName=a", "", FORM) == named
    assert asked("iam", b"Action=DeleteRole&RoleName=a") == named, "also one that says no type"
    assert asked("iam", b"", "Action=DeleteRole&RoleName=a") == named


@pytest.mark.parametrize(
    ("body", "query", "headers"),
    [
        (b"Action=DeleteRole&Action=GetRole", "", (FORM,)),
        (b"Action=GetRole", "Action=DeleteRole", (FORM,)),
        (b"Action=DeleteRole&RoleName=a&RoleName=b", "", (FORM,)),
        (b"Action=DeleteRole", "", (FORM, TARGET)),
        (b"%41ction=DeleteRole", "", (TARGET,)),
    ],
)
def test_two_operations_in_one_request_are_refused(body, query, headers):
    with pytest.raises(AwsError, match="twice"):
        asked("iam", body, query, *headers)


def test_texts_in_json_and_objects_of_s3_name_none():
    json = ("content-type", "application/x-amz-json-1.1")
    assert asked("logs", b'{"a": "&Action=b&Action=c"}', "", json, TARGET)[0] == "GetRole"
    assert asked("s3", b"&Action=b&Action=c") is None
