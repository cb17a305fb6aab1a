"""The command `python -m helpers.sandbox capacity`: show and set the slots and the clock's speed."""

import argparse
import sys

from helpers.sandbox.address import Address

from . import client


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of `capacity`."""
    parser.add_argument("--slots", metavar="N", help="requests that each instance serves at once, 1 to 1000")
    parser.add_argument(
        "--clock-speed",
        metavar="N",
        help="AWS's seconds in one of this machine's, 1 to 600, for metrics, alarms and scaling",
    )


def run(address: Address, arguments: argparse.Namespace) -> int:
    """Run the command on the sandbox at `address`; return 0 if it worked, 2 for a bad value."""
    try:
        print(described(client.capacity(address, arguments.slots, arguments.clock_speed)))
    except ValueError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


def described(capacity: client.Capacity) -> str:
    """Return both in words."""
    at_once = "1 request" if capacity.slots == 1 else f"{capacity.slots} requests"
    return (
        f"Each instance serves {at_once} at once; what takes AWS a minute takes "
        f"{60 / capacity.clock_speed:g} s (metrics, alarms and scaling)."
    )
