"""Which roles are AWS's own."""

from helpers.connect.roles import is_reserved


def test_roles_of_identity_center_are_reserved() -> None:
    reserved = "arn:aws:iam::111122223333:role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_Admin_0a1b"
    assert is_reserved(reserved)
    assert not is_reserved("arn:aws:iam::111122223333:role/service-role/AmazonSageMaker-ExecutionRole")
