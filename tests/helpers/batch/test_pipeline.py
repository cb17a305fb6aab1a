"""The pipeline of data/examples, built by the SDK and held against SageMaker's own model of what it takes."""

import importlib.util
import io
import json
import re
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import botocore.session
import jsonschema
import nbformat
import pytest
from botocore.validate import ParamValidator

from helpers.connect.session import connect
from helpers.errors import BadInput

pytestmark = pytest.mark.slow
# AWS's own schema of definitions, unchanged, from the newest commit known (b4012b0 of 2025-04-03) of
# github.com/aws-sagemaker-mlops/sagemaker-model-building-pipeline-definition-JSON-schema, which has no
# licence file; its build script says Copyright Amazon.com, Apache-2.0.
SCHEMA = json.loads(Path(__file__).with_name("pipeline-definition.schema.json").read_text(encoding="utf-8"))
# What the SDK writes and the schema does not know: two fields of the whole definition, and three of a
# training job, which botocore's model of it has.
NEWER = {"PipelineExperimentConfig", "MlflowConfig", "RetryStrategy", "Environment", "ContainerEntrypoint"}
EXAMPLE = Path(__file__).resolve().parents[3] / "data" / "examples" / "nightly_pipeline.py"
TABLE = """name,prompt,max_tokens_values,repetitions
a.1,Name a bird:,"[4, 8]",2
b_2,Name a tree:,"[4, 8]",2
"""
BUCKET, REGION = "nightly", "us-east-1"
JOB = {
    "role": "arn:aws:iam::123456789012:role/jobs",
    "image_uri": f"123456789012.dkr.ecr.{REGION}.amazonaws.com/tutorial:1",
    "s3_root_uri": f"s3://{BUCKET}/jobs",
    "kernel_name": "python3",
}
COMMON = {"runtime": "aws", "region": REGION, "model_id": "command-r-08-2024", "endpoint_name": "nightly"}
COST = {"max_usd_per_hour": 40.0, "delete_after_hours": 6}


@pytest.fixture(scope="module")
def example() -> ModuleType:
    spec = importlib.util.spec_from_file_location(EXAMPLE.stem, EXAMPLE)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def table(tmp_path: Path) -> str:
    (tmp_path / "table.csv").write_text(TABLE, encoding="utf-8")
    return str(tmp_path / "table.csv")


@pytest.fixture
def s3(sandbox: None) -> Any:
    client = connect("sandbox").client("s3")
    client.create_bucket(Bucket=BUCKET)
    return client


def problems(operation: str, request: dict[str, Any]) -> str:
    """What botocore, which has the service's model, finds wrong with a request."""
    model = botocore.session.get_session().get_service_model("sagemaker").operation_model(operation)
    return str(ParamValidator().validate(request, model.input_shape).generate_report())


def resolved(value: Any) -> Any:
    """A value with what the pipeline puts in when it runs, for each function of it."""
    if isinstance(value, dict):
        if set(value) & {"Get", "Std:Join"}:
            return "resolved"
        return {name: resolved(each) for name, each in value.items()}
    return [resolved(each) for each in value] if isinstance(value, list) else value


def without(names: set[str], value: Any) -> Any:
    """A value without the fields of these names, however deep in it."""
    if isinstance(value, dict):
        return {name: without(names, each) for name, each in value.items() if name not in names}
    return [without(names, each) for each in value] if isinstance(value, list) else value


def test_the_definition_is_what_the_service_takes(
    example: ModuleType, table: str, s3: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    from sagemaker.core.helper.session_helper import Session

    text = example.definition(table, Session(boto_session=connect("sandbox").boto3), COMMON, COST, **JOB)
    create = {"PipelineName": "nightly", "PipelineDefinition": text, "RoleArn": JOB["role"]}
    assert problems("CreatePipeline", {**create, "ClientRequestToken": "t" * 32}) == ""
    assert "Missing required parameter" in problems("CreateTrainingJob", {})
    told = json.loads(text)
    schema = jsonschema.Draft7Validator(SCHEMA)
    schema.validate(without(NEWER, resolved(told)))
    for name in NEWER:
        assert not schema.is_valid(without(NEWER - {name}, resolved(told))), f"the schema knows {name}"
    assert told["Version"] == "2020-12-01"
    steps = {each["Name"]: each for each in told["Steps"]}
    after = {name: set(each.get("DependsOn", [])) for name, each in steps.items()}
    tune = {"tune-a-1", "tune-b-2"}
    assert after == {"deploy": set(), "tune-a-1": {"deploy"}, "tune-b-2": {"deploy"}, "clean-up": tune}
    for name, each in steps.items():
        assert re.fullmatch(r"[A-Za-z0-9\-_]{1,64}", name)  # the published schema's StepName
        assert each["Type"] == "Training"  # which a notebook job is
        assert problems("CreateTrainingJob", resolved(each["Arguments"])) == ""
        assert each["Arguments"]["RoleArn"] == JOB["role"]
        assert each["Arguments"]["AlgorithmSpecification"]["TrainingImage"] == JOB["image_uri"]

    given = {name: parameters(s3, each, tmp_path) for name, each in steps.items()}
    assert {name: given["deploy"][name] for name in (*COMMON, *COST)} == {**COMMON, **COST}
    for name, prompt in (("tune-a-1", "Name a bird:"), ("tune-b-2", "Name a tree:")):
        row = {"prompt": prompt, "max_tokens_values": [4, 8], "repetitions": 2, "runs_folder": "runs"}
        assert {key: given[name][key] for key in (*row, *COMMON)} == {**row, **COMMON}
    assert given["clean-up"]["endpoint_name"] == "nightly"


def parameters(s3: Any, step: dict[str, Any], folder: Path) -> dict[str, Any]:
    """The parameters that an uploaded notebook runs with: those in it, and those written in after them."""
    (channel,) = step["Arguments"]["InputDataConfig"]
    place = channel["DataSource"]["S3DataSource"]["S3Uri"].removeprefix(f"s3://{BUCKET}/")
    book = f"{place}/{step['Arguments']['Environment']['SM_INPUT_NOTEBOOK_NAME']}"
    body = s3.get_object(Bucket=BUCKET, Key=book)["Body"].read().decode()
    names: dict[str, Any] = {}
    for cell in nbformat.read(io.StringIO(body), as_version=4).cells:
        if {"parameters", "injected-parameters"} & set(cell.metadata.get("tags", [])):
            exec(cell.source, names)
    return names


def test_a_wrong_row_and_a_missing_role_are_refused_before_anything_is_uploaded(
    example: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "wrong.csv").write_text("name,endpoint_name\na,mine\n", encoding="utf-8")
    session: Any = type("Session", (), {"boto_region_name": REGION})
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    with pytest.raises(BadInput, match="endpoint_name is the same for all rows"):
        example.definition(str(tmp_path / "wrong.csv"), session, COMMON, COST, **JOB)
    monkeypatch.setattr(sys, "argv", [str(EXAMPLE), "table.csv"])
    with pytest.raises(SystemExit):
        example.main()
    assert "--role, --image, --s3, --max-usd-per-hour" in capsys.readouterr().err
