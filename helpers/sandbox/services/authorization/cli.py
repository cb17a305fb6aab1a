"""The commands `python -m helpers.sandbox policy ...`: show, set and clear the caller's policy."""

import argparse
import sys
from pathlib import Path
from typing import Any

from helpers.sandbox.address import Address

from . import client
from .policy import EVERYTHING


def add_commands(parser: argparse.ArgumentParser) -> None:
    """Add the commands below `policy`."""
    parser.set_defaults(policy_command="show")
    commands = parser.add_subparsers(metavar="command")
    commands.add_parser("show", help="say what you may do, and what you needed (the same as no command)")
    setting = commands.add_parser("set", help="you may do what a policy allows, and nothing else")
    setting.add_argument("file", type=Path, help="an IAM policy in JSON, such as data/iam-policy.json")
    setting.set_defaults(policy_command="set")
    clearing = commands.add_parser("clear", help="you may do everything again")
    clearing.set_defaults(policy_command="clear")


def run(address: Address, arguments: argparse.Namespace) -> int:
    """Run the parsed command on the sandbox at `address`; return 0 if it worked, 2 for a bad file."""
    if arguments.policy_command == "clear":
        told = client.clear(address)
    elif arguments.policy_command == "show":
        told = client.show(address)
    else:
        try:
            told = client.set(address, arguments.file.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError) as error:
            print(f"The policy was not set: {error}", file=sys.stderr)
            return 2
    print(_described(told))
    return 0


def _described(told: dict[str, Any]) -> str:
    """Return the policy, and the actions that it has allowed since it was set, each with its statement."""
    free = told["policy"] == EVERYTHING
    lines = ["You may do everything."] if free else [str(told["policy"] or "You have no policy.").strip()]
    lines += ["Needed so far:" if told["used"] else "Nothing was needed so far."]
    lines += [f"  {action}  {', '.join(sids)}".rstrip() for action, sids in sorted(told["used"].items())]
    return "\n".join(lines)
