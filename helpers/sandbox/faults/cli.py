"""The commands `python -m helpers.sandbox faults ...`: show, set and clear faults."""

import argparse
import sys

from ..address import Address
from . import client
from .table import FAULTS, NOT_SET, BadFault, Fault, Parameter, Setting


def add_commands(parser: argparse.ArgumentParser) -> None:
    """Add the commands below `faults`, made from the table."""
    parser.set_defaults(fault_command="show")
    commands = parser.add_subparsers(metavar="command")
    commands.add_parser("show", help="say what is set (the same as no command)")
    setting = commands.add_parser("set", help="let something go wrong", description="Let something go wrong.")
    names = setting.add_subparsers(dest="fault", required=True, metavar="fault")
    for fault in FAULTS.values():
        _add_fault(
            names.add_parser(fault.name, help=_plain(fault.help), description=_plain(fault.help)), fault
        )
    setting.set_defaults(fault_command="set")
    clearing = commands.add_parser("clear", help="let it work again", description="Let it work again.")
    clearing.add_argument("fault", nargs="?", choices=list(FAULTS), help="only this one")
    clearing.set_defaults(fault_command="clear")


def run(address: Address, arguments: argparse.Namespace) -> int:
    """Run the parsed command on the sandbox at `address`; return 0 if it worked, 2 for a bad value."""
    try:
        for line in described(_done(address, arguments)):
            print(line)
    except BadFault as error:
        print(error, file=sys.stderr)
        return 2
    return 0


def described(settings: list[Setting]) -> list[str]:
    """Return one line for each fault that is set."""
    return [str(setting) for setting in settings] or ["Nothing is set to go wrong."]


def _done(address: Address, arguments: argparse.Namespace) -> list[Setting]:
    if arguments.fault_command == "set":
        names = [parameter.name for parameter in FAULTS[arguments.fault].parameters]
        given = {name: value for name in names if (value := getattr(arguments, name)) is not None}
        return client.set(address, arguments.fault, **given)
    if arguments.fault_command == "clear":
        return client.clear(address, arguments.fault)
    return client.show(address)


def _add_fault(parser: argparse.ArgumentParser, fault: Fault) -> None:
    for parameter in fault.parameters:
        parser.add_argument(
            f"--{parameter.name.replace('_', '-')}",
            required=parameter.required,
            metavar="VALUE",
            help=_plain(_help(parameter)),
        )


def _help(parameter: Parameter) -> str:
    return (
        parameter.help if parameter.default in (None, NOT_SET) else f"{parameter.help} [{parameter.default}]"
    )


def _plain(text: str) -> str:
    return text.replace("%", "%%")
