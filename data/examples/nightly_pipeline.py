"""A SageMaker pipeline of notebook jobs: deploy, run 04_tune for each row of a table, delete.

`python data/examples/nightly_pipeline.py TABLE --role ARN --image URI --s3 s3://bucket/prefix ... > my.json`
uploads the notebooks below that prefix and prints the definition. It creates nothing else and starts nothing.
`aws sagemaker create-pipeline --pipeline-name nightly --role-arn ARN --pipeline-definition file://my.json
--parallelism-configuration MaxParallelExecutionSteps=2` does: every row is a job, two of them at a time.
EventBridge Scheduler starts it every night, in the time zone that you tell it.

The role runs the jobs: it trusts sagemaker.amazonaws.com, has the permissions of data/iam-policy.json, and
reads and writes below the prefix. The image is yours, in ECR of the same region: one of SageMaker's for
notebook jobs with this clone installed (`pip install -r requirements.txt && pip install -e .`).
A notebook job passes parameters as text: each row's are written into its copy of the notebook.

A pipeline does not go on after a step that failed. The deletion is not reached then, and what deletes the
endpoint is its deadline, `delete_after_hours`, which AWS keeps. Start a new execution then, which asks for
every row again: one that is retried would not deploy again. Leave a night time to end before the next: both
have the same endpoint, which the first to end deletes.
"""

import argparse
import os
import re
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import papermill

from helpers.batch.results import orders
from helpers.connect.session import connect

NOTEBOOKS = Path(__file__).resolve().parents[2] / "notebooks"
SECONDS = 3 * 60 * 60  # of one job


def definition(
    table: str,
    session: Any,
    common: dict[str, Any],
    deploy: dict[str, Any],
    *,
    name: str = "nightly",
    **job: Any,
) -> str:
    """Return the pipeline's definition in JSON, after uploading its notebooks with a session of the SDK.

    `common` are parameters of all notebooks, `deploy` those of 02_deploy alone, `job` arguments of every
    NotebookJobStep: `role`, `image_uri`, `s3_root_uri` and `kernel_name` at least.
    """
    # Importing it makes a client, which needs a region.
    os.environ.setdefault("AWS_DEFAULT_REGION", session.boto_region_name)
    from sagemaker.mlops.workflow.pipeline import Pipeline

    with TemporaryDirectory() as folder:
        rows = orders(table, folder, common)
        begin = step("deploy", NOTEBOOKS / "02_deploy.ipynb", {**common, **deploy}, folder, job)
        end = step("clean-up", NOTEBOOKS / "06_clean_up.ipynb", common, folder, job)
        tune = []
        for row in rows:
            title = re.sub("[^A-Za-z0-9]+", "-", f"tune-{Path(row['output_nb']).stem}").strip("-")
            parameters = {**row["parameters"], "runs_folder": "runs"}  # in the job's own folder
            tune.append(step(title, row["input_nb"], parameters, folder, job))
            tune[-1].add_depends_on([begin])
        end.add_depends_on(tune)
        return str(Pipeline(name=name, steps=[begin, *tune, end], sagemaker_session=session).definition())


def step(
    title: str, notebook: str | Path, parameters: dict[str, Any], folder: str, job: dict[str, Any]
) -> Any:
    """Return the step that runs a notebook with these parameters."""
    from sagemaker.mlops.workflow.notebook_job_step import NotebookJobStep

    prepared = str(Path(folder) / f"{title}.ipynb")
    papermill.execute_notebook(str(notebook), prepared, parameters, prepare_only=True, progress_bar=False)
    return NotebookJobStep(
        name=title,
        notebook_job_name=title,
        input_notebook=prepared,
        max_runtime_in_seconds=SECONDS,
        environment_variables={},  # the SDK adds its own, to a dictionary that it would share
        **job,
    )


def main() -> None:
    """Print the definition for an AWS account."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("table", help="as helpers.batch takes it")
    parser.add_argument("--role", dest="role", required=True)
    parser.add_argument("--image", dest="image_uri", required=True)
    parser.add_argument("--s3", dest="s3_root_uri", required=True)
    parser.add_argument("--kernel", dest="kernel_name", default="python3")
    parser.add_argument("--region", default="us-east-1")
    parser.add_argument("--model-id", default="command-r-08-2024")
    parser.add_argument("--endpoint-name", default="nightly")
    parser.add_argument("--max-usd-per-hour", type=float, required=True, help="what you agree to pay")
    parser.add_argument("--software-usd-per-hour", type=float, help="the listing's, if it can't be read")
    parser.add_argument("--delete-after-hours", type=float, default=8)
    given = vars(parser.parse_args())
    table, cost = given.pop("table"), ("max_usd_per_hour", "software_usd_per_hour", "delete_after_hours")
    deploy = {each: given.pop(each) for each in cost}
    common = {"runtime": "aws", **{each: given.pop(each) for each in ("region", "model_id", "endpoint_name")}}
    os.environ.setdefault("AWS_DEFAULT_REGION", common["region"])
    from sagemaker.core.helper.session_helper import Session

    session = Session(boto_session=connect("aws", common["region"]).boto3)
    print(definition(table, session, common, deploy, **given))


if __name__ == "__main__":
    main()
