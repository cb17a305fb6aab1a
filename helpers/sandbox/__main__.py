"""The practice AWS: `python -m helpers.sandbox start | status | env | faults | policy | capacity | stop`."""

import argparse
import os
import sys

from . import faults, process, shell
from .faults import cli
from .services.authorization import cli as policy_cli
from .services.runtime import cli as capacity_cli

REGION = "us-east-1"


def main(arguments: list[str] | None = None) -> int:
    """Run one command; return 0 if it worked, 1 if no sandbox runs or it could not be started or stopped."""
    parser = argparse.ArgumentParser(prog="python -m helpers.sandbox", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True, metavar="command")
    for name, (_, text) in _COMMANDS.items():
        added = commands.add_parser(name, help=text, description=text)
        if name == "faults":
            cli.add_commands(added)
        if name == "policy":
            policy_cli.add_commands(added)
        if name == "capacity":
            capacity_cli.add_options(added)
        if name == "env":
            added.add_argument("--undo", action="store_true", help="print what takes it back")
    parsed = parser.parse_args(arguments)
    command, _ = _COMMANDS[parsed.command]
    try:
        return command(parsed)
    except process.SandboxError as error:
        print(error, file=sys.stderr)
        return 1


def _start(_: argparse.Namespace) -> int:
    print(_described(process.start(on_progress=_inform)))
    return 0


def _status(_: argparse.Namespace) -> int:
    address = process.find()
    if address is None:
        print("No sandbox is running.")
        return 1
    print("\n".join([_described(address), *cli.described(faults.show(address))]))
    return 0


def _env(parsed: argparse.Namespace) -> int:
    saved_names = os.environ.get(shell.SAVED_NAMES, "")
    if parsed.undo:
        return _undo(saved_names)
    address = process.start(on_progress=_inform)
    to_save = shell.names_to_save(os.environ, saved_names)
    exports = shell.settings(address.url, address.access_key_id, address.secret_access_key, REGION)
    print(shell.script(exports, to_save, saved_names))
    _inform("Once evaluated, this terminal's AWS tools talk to the sandbox only.")
    if to_save:
        _inform(f"Put aside, and kept by the terminal: {', '.join(to_save)}.")
    _inform('To take it back: eval "$(python -m helpers.sandbox env --undo)"')
    return 0


def _undo(saved_names: str) -> int:
    if not saved_names:
        _inform("There is nothing to take back: env was not evaluated in this terminal.")
        return 1
    print(shell.undo_script(saved_names))
    _inform("Once evaluated, this terminal has its former settings again.")
    return 0


def _faults(parsed: argparse.Namespace) -> int:
    return cli.run(_running(), parsed)


def _policy(parsed: argparse.Namespace) -> int:
    return policy_cli.run(_running(), parsed)


def _capacity(parsed: argparse.Namespace) -> int:
    return capacity_cli.run(_running(), parsed)


def _running() -> process.Address:
    address = process.find()
    if address is None:
        raise process.SandboxError("No sandbox is running: python -m helpers.sandbox start")
    return address


def _stop(_: argparse.Namespace) -> int:
    print("The sandbox has ended; its state went with it." if process.stop() else "No sandbox was running.")
    return 0


def _serve(_: argparse.Namespace) -> int:
    from .serve import serve

    serve()
    return 0


_COMMANDS = {
    "start": (_start, "start the sandbox if it does not run yet"),
    "status": (_status, "say whether a sandbox runs, and where"),
    "env": (_env, 'start it and print its address and keys: eval "$(python -m helpers.sandbox env)"'),
    "faults": (_faults, "let things go wrong on purpose, or say what is set to"),
    "policy": (_policy, "choose what you may do, by an IAM policy, or say what you may and what you needed"),
    "capacity": (_capacity, "choose how much an instance bears and how long AWS's minutes last, or say it"),
    "stop": (_stop, "end it; it forgets everything"),
    "serve": (_serve, "be the sandbox, in this process (what start runs)"),
}


def _inform(message: str) -> None:
    print(message, file=sys.stderr, flush=True)


def _described(address: process.Address) -> str:
    return f"The sandbox runs at {address.url} (process {address.pid}); {address.model_name} writes its text."


if __name__ == "__main__":
    sys.exit(main())
