"""An Airflow DAG: every night deploy, run 04_tune for each row of a table, report, delete whatever happened.

Airflow and this tutorial have an environment each. Airflow's (apache-airflow 3.3, its papermill provider)
finds this file by AIRFLOW__CORE__DAGS_FOLDER=/path/to/clone/data/examples. The notebooks run in the
tutorial's, as a kernel of Airflow's user; no Airflow connection is needed:
`.venv/bin/python -m ipykernel install --user --name cohere-on-sagemaker`

Subscribe to the model by 01_subscribe first. A night by schedule takes the `params` below: change them there.
On AWS, set `runtime`, a `model_id` that is still offered and `max_usd_per_hour`, which is what you agree to
pay, and where the listing's price can't be read, `software_usd_per_hour`. Credentials are those of Airflow's
user (README, "On your own AWS account"). AWS itself deletes the endpoint after `delete_after_hours`, should
Airflow have died by then: let a night take less.

The hour of `schedule` is UTC; `start_date` with a tzinfo makes it another zone's. Nights that were missed are
not made up for, and a night waits for the one before it. A night that was killed goes on when it is started
again: what is done is not asked for twice, and where all is done nothing is deployed.
"""

import logging
import os
from datetime import datetime, timedelta
from pathlib import Path

from airflow.providers.papermill.operators.papermill import PapermillOperator
from airflow.sdk import dag, task

ROOT = Path(__file__).resolve().parents[2]
PYTHON = os.environ.get("TUTORIAL_PYTHON", str(ROOT / ".venv" / "bin" / "python"))
KERNEL = "cohere-on-sagemaker"
ENDPOINT = {name: f"{{{{ params.{name} }}}}" for name in ("runtime", "region", "model_id", "endpoint_name")}
COST = {
    name: f"{{{{ params.{name} }}}}"
    for name in ("max_usd_per_hour", "software_usd_per_hour", "delete_after_hours")
}
NOTHING = "every row is done already: nothing is deployed"
NIGHT = "{{ params.out }}/{{ (dag_run.logical_date or dag_run.run_after) | ds }}"


def notebook(name: str, parameters: dict) -> PapermillOperator:
    """A task that runs one notebook; its output stands beside the rows'."""
    return PapermillOperator(
        task_id=name,
        input_nb=str(ROOT / "notebooks" / f"{name}.ipynb"),
        output_nb=f"{NIGHT}/{name}.ipynb",
        parameters=parameters,
        kernel_name=KERNEL,
        do_xcom_push=False,
    )


@task.external_python(python=PYTHON, expect_airflow=False)
def rows(table: str, out: str, common: dict) -> list:
    """Read the table; a wrong row ends the night before anything is deployed."""
    from helpers.batch.results import orders

    return orders(table, out, common)


@task.short_circuit(ignore_downstream_trigger_rules=False)
def left(orders: list) -> bool:
    """Skip the deployment, which costs, and with it the rows, if there is nothing left to ask."""
    logging.getLogger(__name__).info("%s", f"{len(orders)} rows to go" if orders else NOTHING)
    return bool(orders)


@task.external_python(python=PYTHON, expect_airflow=False, trigger_rule="all_done")
def report(table: str, out: str, common: dict) -> None:
    """Write summary.html and summary.csv; fail if a row is not done, as the night did then."""
    from helpers.batch.results import gather

    missing = [each.name for each in gather(table, out, common) if each.status != "done"]
    if missing:
        raise RuntimeError(f"not done: {', '.join(missing)}; start this night again to go on with them")


@dag(
    schedule="0 3 * * *",
    start_date=datetime(2026, 1, 1),
    catchup=False,
    max_active_runs=1,
    default_args={"execution_timeout": timedelta(hours=3)},  # of one task: what hangs would keep the endpoint
    render_template_as_native_obj=True,  # so that numbers and None reach the notebooks as such
    params={
        "table": str(ROOT / "data" / "batch.csv"),
        "out": str(ROOT / "build" / "nightly"),
        "runtime": "sandbox",
        "region": "us-east-1",
        "model_id": "cohere-medium",
        "endpoint_name": "nightly",
        "max_usd_per_hour": None,
        "software_usd_per_hour": None,
        "delete_after_hours": 8,
    },
)
def nightly():
    """Join the tasks; the teardown runs once the table could be read, be the rest done, failed or stopped."""
    told = {"table": "{{ params.table }}", "out": NIGHT, "common": ENDPOINT}
    table = rows(**told).as_setup()
    deploy = notebook("02_deploy", {**ENDPOINT, **COST})
    tune = PapermillOperator.partial(
        task_id="04_tune", kernel_name=KERNEL, do_xcom_push=False, max_active_tis_per_dagrun=2
    ).expand_kwargs(table)
    delete = notebook("06_clean_up", ENDPOINT).as_teardown(setups=table, on_failure_fail_dagrun=True)
    table >> left(table) >> deploy >> tune >> [report(**told), delete]


nightly()
