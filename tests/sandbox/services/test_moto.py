"""The services that moto answers, through the sandbox's port."""

import io
import json
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection

import pytest
from botocore.auth import S3SigV4Auth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.exceptions import ClientError

from helpers import catalog
from helpers.sandbox import app
from helpers.sandbox.settings import ACCOUNT, ROLE_NAME

from .. import deployed


def test_who_am_i(aws, sandbox):
    assert aws("sts").get_caller_identity()["Account"] == ACCOUNT == sandbox.account
    assert aws("sts", "eu-west-1").get_caller_identity()["Account"] == ACCOUNT


def test_the_execution_role_exists_and_trusts_sagemaker(aws, sandbox):
    role = aws("iam").get_role(RoleName=ROLE_NAME)["Role"]
    assert role["Arn"] == sandbox.role_arn
    principal = role["AssumeRolePolicyDocument"]["Statement"][0]["Principal"]
    assert principal == {"Service": "sagemaker.amazonaws.com"}


def test_a_role_counts_when_iam_has_it_and_it_trusts_sagemaker(aws, sandbox):
    iam, sagemaker, name = aws("iam"), aws("sagemaker"), "a-role-of-my-own"
    model = catalog.model("cohere-medium")
    package = {"ModelPackageName": model.package_arn("us-east-1")}

    def trust(service):
        principal = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
        return json.dumps({"Version": "2012-10-17", "Statement": [principal]})

    def create():
        sagemaker.create_model(
            ModelName="m", PrimaryContainer=package, ExecutionRoleArn=role, EnableNetworkIsolation=True
        )

    with deployed.subscribed(model.id, "us-east-1"):
        role = f"arn:aws:iam::{ACCOUNT}:role/{name}"
        with pytest.raises(ClientError, match=f"Could not assume role {role}"):
            create()
        iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust("ec2.amazonaws.com"))
        with pytest.raises(ClientError, match="Could not assume role"):
            create()
        both = trust(["ec2.amazonaws.com", "sagemaker.amazonaws.com"])
        iam.update_assume_role_policy(RoleName=name, PolicyDocument=both)
        create()
        sagemaker.delete_model(ModelName="m")


@pytest.fixture(scope="module")
def bucket(aws):
    aws("s3").create_bucket(Bucket="a-bucket")
    return "a-bucket"


@pytest.mark.parametrize("key", ["plain", "a b/ü+x", "a%2Fb", "x//y", "../up", "ends/", "q?a=1&b=2#c"])
def test_s3_keeps_any_key_and_its_bytes(aws, bucket, key):
    s3, data = aws("s3"), bytes(range(256))
    s3.put_object(Bucket=bucket, Key=key, Body=data, Metadata={"with_underscore": "1"})
    answer = s3.get_object(Bucket=bucket, Key=key)
    assert answer["Body"].read() == data
    assert key in [each["Key"] for each in s3.list_objects_v2(Bucket=bucket)["Contents"]]


def test_s3_takes_streams_and_parts(aws, bucket):
    data = b"0123456789" * 1_000_000  # over the size at which boto3 uploads in parts
    aws("s3").upload_fileobj(io.BytesIO(data), bucket, "large")
    assert aws("s3").get_object(Bucket=bucket, Key="large")["Body"].read() == data


def test_s3_errors_are_s3s(aws, bucket):
    with pytest.raises(ClientError) as error:
        aws("s3").get_object(Bucket=bucket, Key="nothing")
    assert error.value.response["Error"]["Code"] == "NoSuchKey"


def test_metrics(aws):
    cloudwatch, now = aws("cloudwatch"), datetime.now(UTC)
    for value in (1.0, 2.0):
        data = [{"MetricName": "Invocations", "Value": value, "Timestamp": now}]
        cloudwatch.put_metric_data(Namespace="AWS/SageMaker", MetricData=data)
    window = {"StartTime": now - timedelta(minutes=5), "EndTime": now + timedelta(minutes=5)}
    metric = {"Namespace": "AWS/SageMaker", "MetricName": "Invocations"}
    query = {"Id": "m", "MetricStat": {"Metric": metric, "Period": 600, "Stat": "Sum"}}
    result = cloudwatch.get_metric_data(MetricDataQueries=[query], **window)["MetricDataResults"][0]
    assert sum(result["Values"]) == 3.0
    points = cloudwatch.get_metric_statistics(**metric, **window, Period=600, Statistics=["Sum"])[
        "Datapoints"
    ]
    assert sum(point["Sum"] for point in points) == 3.0


def test_logs(aws):
    logs, group = aws("logs"), "/aws/sagemaker/Endpoints/e"
    logs.create_log_group(logGroupName=group)
    logs.create_log_stream(logGroupName=group, logStreamName="s")
    event = {"timestamp": int(datetime.now(UTC).timestamp() * 1000), "message": "größe"}
    logs.put_log_events(logGroupName=group, logStreamName="s", logEvents=[event])
    events = logs.get_log_events(logGroupName=group, logStreamName="s")["events"]
    assert [each["message"] for each in events] == ["größe"]


def test_a_schedule_that_will_delete_an_endpoint(aws, deadline_role):
    scheduler = aws("scheduler")
    target = {
        "Arn": "arn:aws:scheduler:::aws-sdk:sagemaker:deleteEndpoint",
        "RoleArn": deadline_role,
        "Input": json.dumps({"EndpointName": "e"}),
    }
    scheduler.create_schedule(
        Name="stop-e",
        ScheduleExpression="at(2099-01-01T00:00:00)",
        FlexibleTimeWindow={"Mode": "OFF"},
        Target=target,
    )
    assert scheduler.get_schedule(Name="stop-e")["Target"]["Input"] == target["Input"]
    assert [each["Name"] for each in scheduler.list_schedules()["Schedules"]] == ["stop-e"]
    scheduler.delete_schedule(Name="stop-e")


def test_the_tagging_api_finds_what_sagemaker_and_others_have_tagged(aws, sandbox):
    tags = [{"Key": "made-by", "Value": "tests"}]
    model, sagemaker, tagging = (
        catalog.model("cohere-medium"),
        aws("sagemaker"),
        aws("resourcegroupstaggingapi"),
    )
    with deployed.subscribed(model.id, "us-east-1"):
        package = {"ModelPackageName": model.package_arn("us-east-1")}
        made = {
            "PrimaryContainer": package,
            "EnableNetworkIsolation": True,
            "ExecutionRoleArn": sandbox.role_arn,
        }
        arn = sagemaker.create_model(ModelName="Tagged", Tags=tags, **made)["ModelArn"]
        sagemaker.create_model(ModelName="untagged", **made)
    aws("s3").create_bucket(Bucket="tagged")
    aws("s3").put_bucket_tagging(Bucket="tagged", Tagging={"TagSet": tags})

    def found(**asked):
        answer = tagging.get_resources(TagFilters=[{"Key": "made-by", "Values": ["tests"]}], **asked)
        return {each["ResourceARN"]: each["Tags"] for each in answer["ResourceTagMappingList"]}

    assert found() == {arn: tags, "arn:aws:s3:::tagged": tags}
    assert found(ResourceTypeFilters=["sagemaker:model"]) == {arn: tags}
    assert found(ResourceTypeFilters=["sagemaker:endpoint"]) == {}
    for name in ("Tagged", "untagged"):
        sagemaker.delete_model(ModelName=name)
    assert list(found()) == ["arn:aws:s3:::tagged"]


def test_moto_reaches_nothing_outside(aws):
    """SNS would POST to any URL that subscribes."""
    sns = aws("sns")
    topic = sns.create_topic(Name="t")["TopicArn"]
    # 192.0.2.0/24 is for documentation (RFC 5737): a connection would hang rather than fail at once
    sns.subscribe(TopicArn=topic, Protocol="http", Endpoint="http://192.0.2.1/")
    with pytest.raises(ClientError) as error:
        sns.publish(TopicArn=topic, Message="m")
    assert "moto" in error.value.response["Error"]["Message"]


def test_moto_stumbles_without_a_server_error(aws):
    cloudwatch = aws("cloudwatch")

    def without_a_start(params, **_):
        asked = json.loads(params["body"])
        del asked["StartTime"]
        params["body"] = json.dumps(asked).encode()

    cloudwatch.meta.events.register("before-call.cloudwatch.GetMetricStatistics", without_a_start)
    now = datetime.now(UTC)
    with pytest.raises(ClientError, match="moto") as error:
        cloudwatch.get_metric_statistics(
            Namespace="n", MetricName="m", StartTime=now, EndTime=now, Period=60, Statistics=["Sum"]
        )
    assert error.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400


def test_a_moto_that_has_changed_inside_takes_nothing_else_along(caplog):
    def gone() -> None:
        raise AttributeError("no such backend")

    app._without_failing(gone)
    assert "not the one that was tested" in caplog.text


@pytest.mark.parametrize("path", ["/moto-api/", "/moto-api/reset", "/%6doto-api/reset", "//moto-api/seed"])
@pytest.mark.parametrize("service", ["s3", "iam"])
def test_motos_own_controls_are_refused(sandbox, service, path):
    request = AWSRequest("POST", sandbox.url + path, data=b"")
    signer = S3SigV4Auth if service == "s3" else SigV4Auth
    signer(Credentials(sandbox.access_key_id, sandbox.secret_access_key), service, "us-east-1").add_auth(
        request
    )
    connection = HTTPConnection("127.0.0.1", sandbox.port, timeout=20)
    connection.request("POST", path, b"", dict(request.headers.items()))
    assert connection.getresponse().status == 403
    connection.close()
