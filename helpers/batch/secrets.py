"""The removal of secrets from what a batch writes: output notebooks, logs, its report."""

import json
import os
import re
from pathlib import Path

SECRETS = ("AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_BEARER_TOKEN_BEDROCK")
SECRET_VALUE = re.compile(r"\b(AKIA|ASIA)[A-Z0-9]{16}\b")
HIDDEN = "[removed]"


def clean(output: Path) -> None:
    """Remove secrets from a file: access keys, and AWS secrets that the environment holds."""
    if not output.exists():
        return
    text = output.read_bytes().decode("utf-8", "surrogateescape")  # a log may hold other bytes
    if (cleaned := without_secrets(text)) != text:
        output.write_bytes(cleaned.encode("utf-8", "surrogateescape"))


def without_secrets(text: str) -> str:
    """Return the text with secrets replaced, also where they are escaped as in a notebook's JSON."""
    for value in (os.environ.get(name, "") for name in SECRETS):
        if len(value) >= 8:
            text = re.sub(f"{re.escape(value)}|{re.escape(json.dumps(value)[1:-1])}", HIDDEN, text)
    return SECRET_VALUE.sub(HIDDEN, text)
