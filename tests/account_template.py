"""The policies of data/account.yaml: `python -m tests.account_template` writes the reader's into it anew."""

import json
import re
from typing import Any

from helpers.catalog.data import DATA
from helpers.sandbox.settings import ACCOUNT

TEMPLATE, POLICY = DATA / "account.yaml", DATA / "iam-policy.json"
PLACE = re.compile(r"(?<=      PolicyDocument:\n)        \{.*?(?=\n\n)", re.S)

# of the deadline's role, as the template has it; a test compares the two
DEADLINE_POLICY: dict[str, Any] = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Action": "sagemaker:DeleteEndpoint",
            "Resource": f"arn:aws:sagemaker:*:{ACCOUNT}:endpoint/*",
            "Condition": {"StringEquals": {"aws:ResourceTag/made-by": "cohere-on-sagemaker"}},
        },
        {
            "Effect": "Allow",
            "Action": "application-autoscaling:DeregisterScalableTarget",
            "Resource": f"arn:aws:application-autoscaling:*:{ACCOUNT}:scalable-target/*",
        },
    ],
}


def with_policy(template: str) -> str:
    """The template's text with data/iam-policy.json in its place: JSON is YAML."""
    document: Any = json.loads(POLICY.read_text(encoding="utf-8"))
    lines = json.dumps(document, indent=2).splitlines()
    text, count = PLACE.subn("\n".join(f"        {line}" for line in lines), template)
    assert count == 1
    return text


if __name__ == "__main__":
    TEMPLATE.write_text(with_policy(TEMPLATE.read_text(encoding="utf-8")), encoding="utf-8")
