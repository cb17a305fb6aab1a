"""The policies of data/account.yaml: `python -m tests.account_template` writes the reader's into it anew."""

import json
import re
from typing import Any

from helpers.catalog.data import DATA
from helpers.connect.roles import DEADLINE_ROLE
from helpers.deploy.deletion import policy
from helpers.sandbox.settings import ACCOUNT

TEMPLATE, POLICY = DATA / "account.yaml", DATA / "iam-policy.json"
PLACE = re.compile(r"(?<=      PolicyDocument:\n)        \{.*?(?=\n\n)", re.S)

# of the deadline's role; a test compares it with the template's
DEADLINE_POLICY = policy(f"arn:aws:iam::{ACCOUNT}:role/{DEADLINE_ROLE}")


def with_policy(template: str) -> str:
    """The template's text with data/iam-policy.json in its place: JSON is YAML."""
    document: Any = json.loads(POLICY.read_text(encoding="utf-8"))
    lines = json.dumps(document, indent=2).splitlines()
    text, count = PLACE.subn("\n".join(f"        {line}" for line in lines), template)
    assert count == 1
    return text


if __name__ == "__main__":
    TEMPLATE.write_text(with_policy(TEMPLATE.read_text(encoding="utf-8")), encoding="utf-8")
