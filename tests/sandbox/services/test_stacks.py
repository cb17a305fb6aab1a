"""What CloudFormation makes and deletes needs the caller's permission, or that of the stack's role."""

import json

import pytest
from botocore.exceptions import ClientError

from helpers.sandbox.services.authorization.policy import Permission
from helpers.sandbox.services.stacks.permissions import KINDS, needed
from helpers.sandbox.settings import ACCOUNT

from .test_identities import allow, assumed, denied, document, role

__all__ = ["assumed", "role"]
ARN = f"arn:aws:iam::{ACCOUNT}:role"
CLOUDFORMATION = {"Service": "cloudformation.amazonaws.com"}
TRUST = {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}


def deny(*actions):
    return {**allow(*actions), "Effect": "Deny"}


def template(**roles):
    """A template of roles, in their order: logical id -> more properties."""

    def made(name, more):
        properties = {"RoleName": name, "AssumeRolePolicyDocument": json.loads(document(TRUST)), **more}
        return {"Type": "AWS::IAM::Role", "Properties": properties}

    return json.dumps({"Resources": {name: made(name, more) for name, more in roles.items()}})


def names(iam):
    return {each["RoleName"] for each in iam.list_roles()["Roles"]}


def status(api, name):
    return api.describe_stacks(StackName=name)["Stacks"][0]["StackStatus"]


def events(api, name):
    """(what, status, reason) of each event of the stack, from the first to the last."""
    found = api.describe_stack_events(StackName=name)["StackEvents"]
    found = sorted(found, key=lambda each: each["Timestamp"])
    return [(e["LogicalResourceId"], e["ResourceStatus"], e.get("ResourceStatusReason", "")) for e in found]


def test_what_the_caller_may_not_make_fails_and_what_was_made_is_taken_back(aws, role, assumed):
    only_first = {**deny("iam:CreateRole"), "Resource": f"{ARN}/Second"}
    api = assumed(role("maker", allow("*"), only_first))("cloudformation")
    api.create_stack(StackName="half", TemplateBody=template(First={}, Second={}))
    assert status(api, "half") == "ROLLBACK_COMPLETE"
    assert not names(aws("iam")) & {"First", "Second"}
    told = events(api, "half")
    assert [each[:2] for each in told] == [
        ("half", "CREATE_IN_PROGRESS"),
        ("Second", "CREATE_FAILED"),
        ("half", "ROLLBACK_IN_PROGRESS"),
        ("half", "ROLLBACK_COMPLETE"),
    ]
    who = f"User: arn:aws:sts::{ACCOUNT}:assumed-role/maker/ada is not authorized to perform: "
    why = f"iam:CreateRole on resource: {ARN}/Second with an explicit deny in an identity-based policy"
    assert told[1][2].startswith(f'Resource handler returned message: "{who}{why} (Service: Iam, ')
    assert told[1][2].endswith("HandlerErrorCode: AccessDenied)")
    assert "failed to create: [Second]" in told[2][2]
    assert "Outputs" not in api.describe_stacks(StackName="half")["Stacks"][0]
    api.delete_stack(StackName="half")
    assert "half" not in str(api.describe_stacks()["Stacks"])


@pytest.mark.parametrize(
    ("properties", "action"),
    [
        ({"Policies": [{"PolicyName": "p", "PolicyDocument": {}}]}, "iam:PutRolePolicy"),
        ({"Tags": [{"Key": "k", "Value": "v"}]}, "iam:TagRole"),
    ],
)
def test_what_a_role_has_needs_a_permission_of_its_own(aws, role, assumed, properties, action):
    name = action.partition(":")[2]
    api = assumed(role(f"no-{name}", allow("*"), deny(action)))("cloudformation")
    api.create_stack(StackName=name, TemplateBody=template(Tidy=properties))
    assert status(api, name) == "ROLLBACK_COMPLETE"
    assert f"perform: {action} on resource: {ARN}/Tidy" in str(events(api, name))
    assert "Tidy" not in names(aws("iam"))


def test_a_change_set_needs_them_too(aws, role, assumed):
    api = assumed(role("changer", allow("cloudformation:*")))("cloudformation")
    named = {"StackName": "changes", "ChangeSetName": "c"}
    api.create_change_set(**named, ChangeSetType="CREATE", TemplateBody=template(Changed={}))
    api.execute_change_set(**named)
    assert status(api, "changes") == "ROLLBACK_COMPLETE"
    assert "no identity-based policy allows the iam:CreateRole action" in str(events(api, "changes"))
    assert "Changed" not in names(aws("iam"))
    with pytest.raises(ClientError, match="was executed"):
        aws("cloudformation").execute_change_set(**named)


def test_an_update_that_may_not_add_leaves_the_stack_as_it_was(aws, role, assumed):
    adds = {**allow("iam:*"), "Resource": f"{ARN}/Kept"}
    api = assumed(role("updater", allow("cloudformation:*"), adds))("cloudformation")
    api.create_stack(StackName="grows", TemplateBody=template(Kept={}))
    assert status(api, "grows") == "CREATE_COMPLETE"
    api.update_stack(StackName="grows", TemplateBody=template(Kept={}, Added={}))
    assert status(api, "grows") == "UPDATE_ROLLBACK_COMPLETE"
    assert ("Added", "CREATE_FAILED") in [each[:2] for each in events(api, "grows")]
    assert names(aws("iam")) & {"Kept", "Added"} == {"Kept"}
    assert "Added" not in str(api.get_template(StackName="grows")["TemplateBody"])
    whole = aws("cloudformation")
    whole.update_stack(StackName="grows", TemplateBody=template(Kept={}, Added={}))
    assert status(whole, "grows") == "UPDATE_COMPLETE"
    assert names(aws("iam")) >= {"Kept", "Added"}
    with pytest.raises(ClientError, match=r"cannot change AWS::IAM::Role: delete the stack"):
        whole.update_stack(StackName="grows", TemplateBody=template(Kept={}))
    whole.delete_stack(StackName="grows")
    assert not names(aws("iam")) & {"Kept", "Added"}


def test_what_the_caller_may_not_delete_stays(aws, role, assumed):
    whole, api = aws("cloudformation"), assumed(role("sweeper", allow("cloudformation:*")))("cloudformation")
    whole.create_stack(StackName="stays", TemplateBody=template(Stays={}))
    api.delete_stack(StackName="stays")
    assert status(api, "stays") == "DELETE_FAILED"
    assert f"iam:DeleteRole on resource: {ARN}/Stays" in str(events(api, "stays"))
    assert "Stays" in names(aws("iam"))
    whole.delete_stack(StackName="stays")
    assert "Stays" not in names(aws("iam"))


def test_a_stacks_role_makes_what_its_caller_may_not(aws, role, assumed):
    made = role("builder", allow("iam:*"), principal=f"arn:aws:iam::{ACCOUNT}:root")
    trust = {"Effect": "Allow", "Principal": CLOUDFORMATION, "Action": "sts:AssumeRole"}
    asked = {"StackName": "built", "TemplateBody": template(Built={}), "RoleARN": made}
    with pytest.raises(ClientError, match=f"Role {made} is invalid or cannot be assumed"):
        aws("cloudformation").create_stack(**asked)
    aws("iam").update_assume_role_policy(RoleName="builder", PolicyDocument=document(trust))
    weak = assumed(role("weak", allow("cloudformation:*")))("cloudformation")
    for call, params in (
        (weak.create_stack, asked),
        (weak.create_change_set, {**asked, "ChangeSetName": "c", "ChangeSetType": "CREATE"}),
    ):
        assert f"iam:PassRole on resource: {made}" in denied(call, **params)[0]
    to_cloudformation = {"StringEquals": {"iam:PassedToService": "cloudformation.amazonaws.com"}}
    passing = {**allow("iam:PassRole", resource=made), "Condition": to_cloudformation}
    passer = assumed(role("passer", allow("cloudformation:*"), passing))("cloudformation")
    passer.create_stack(**asked)
    assert status(passer, "built") == "CREATE_COMPLETE"
    weak.delete_stack(StackName="built")  # it keeps its role, as on AWS
    assert "Built" not in names(aws("iam"))


def test_the_roles_own_limits_hold_for_an_administrator_too(aws, role):
    made = role("narrow", allow("s3:*"), principal=[f"arn:aws:iam::{ACCOUNT}:root"])
    both = {"Effect": "Allow", "Principal": CLOUDFORMATION, "Action": "sts:AssumeRole"}
    aws("iam").update_assume_role_policy(RoleName="narrow", PolicyDocument=document(both))
    api = aws("cloudformation")
    api.create_stack(StackName="narrow", TemplateBody=template(Wide={}), RoleARN=made)
    assert status(api, "narrow") == "ROLLBACK_COMPLETE"
    assert "assumed-role/narrow/AWSCloudFormation is not authorized" in str(events(api, "narrow"))
    api.delete_stack(StackName="narrow")


def test_a_name_that_is_taken_fails_as_a_resource_does(aws, role):
    role("taken")
    api = aws("cloudformation")
    api.create_stack(StackName="taken", TemplateBody=template(taken={}))
    assert status(api, "taken") == "ROLLBACK_COMPLETE"
    assert "taken already exists" in str(events(api, "taken"))
    api.delete_stack(StackName="taken")
    assert "taken" in names(aws("iam")), "it was not the stack's"


def test_every_type_is_made_and_deleted_in_whatever_order(aws):
    """Among them a policy that is attached to a role: moto deletes neither before the other."""
    trust, policy = json.loads(document(TRUST)), json.loads(document(allow("s3:*")))
    resources = {kind.rpartition("::")[2]: {"Type": kind, "Properties": {}} for kind in KINDS}
    resources["Role"]["Properties"] = {"AssumeRolePolicyDocument": trust}
    resources["ManagedPolicy"]["Properties"] = {"PolicyDocument": policy, "Roles": [{"Ref": "Role"}]}
    resources["Policy"]["Properties"] = {**resources["ManagedPolicy"]["Properties"], "PolicyName": "inline"}
    resources["LogGroup"]["Properties"] = {"LogGroupName": "/every"}
    api, iam = aws("cloudformation"), aws("iam")
    api.create_stack(StackName="every", TemplateBody=json.dumps({"Resources": resources}))
    assert status(api, "every") == "CREATE_COMPLETE"
    made = api.describe_stack_resources(StackName="every")["StackResources"]
    name = next(each["PhysicalResourceId"] for each in made if each["ResourceType"] == "AWS::IAM::Role")
    assert len(iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"]) == 1
    assert iam.list_role_policies(RoleName=name)["PolicyNames"] == ["inline"]
    api.delete_stack(StackName="every")
    assert "every" not in str(api.describe_stacks()["Stacks"])
    assert name not in names(iam)
    assert iam.list_policies(Scope="Local")["Policies"] == []
    assert aws("s3").list_buckets()["Buckets"] == aws("sns").list_topics()["Topics"] == []
    assert aws("logs").describe_log_groups(logGroupNamePrefix="/every")["logGroups"] == []
    assert "QueueUrls" not in aws("sqs").list_queues()


@pytest.mark.parametrize("resource", ["AWS::IAM::Role", {"Properties": {}}, None])
def test_a_resource_without_a_type_is_refused(aws, resource):
    with pytest.raises(ClientError, match="must contain a Type member"):
        aws("cloudformation").create_stack(
            StackName="typeless", TemplateBody=json.dumps({"Resources": {"X": resource}})
        )
    assert "typeless" not in str(aws("cloudformation").describe_stacks()["Stacks"])


def test_a_property_that_would_be_left_out_is_refused(aws):
    wide = {"ManagedPolicyArns": ["arn:aws:iam::aws:policy/AdministratorAccess"]}
    with pytest.raises(ClientError, match="does not practise ManagedPolicyArns of Wide"):
        aws("cloudformation").create_stack(StackName="wide", TemplateBody=template(Wide=wide))


class Nobody:
    def role_arn(self, name):
        return f"{ARN}/team/{name}" if name == "known" else None


def test_an_inline_policy_needs_the_permission_on_whom_it_is_for():
    asked = {"Roles": ["known", "other"], "Users": ["ada"]}
    assert list(needed("AWS::IAM::Policy", "n", asked, Nobody())) == [
        Permission("iam:PutRolePolicy", f"{ARN}/team/known"),
        Permission("iam:PutRolePolicy", None),
        Permission("iam:PutUserPolicy", None),
    ]
    (deletion,) = needed("AWS::IAM::ManagedPolicy", "n", {"Path": "/x/"}, Nobody(), deletes=True)
    assert deletion == Permission("iam:DeletePolicy", f"arn:aws:iam::{ACCOUNT}:policy/x/n")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("deletes", [False, True])
def test_no_type_goes_without_a_permission(kind, deletes):
    properties = {"Roles": ["known"]}
    assert all(each.action for each in needed(kind, "n", properties, Nobody(), deletes=deletes))
    assert list(needed(kind, "n", properties, Nobody(), deletes=deletes))
