"""Faults to practise with: `set`, `show` and `clear` them in a running sandbox.

    from helpers.sandbox import faults, process
    faults.set(process.find(), "no-capacity", next=1)

The same in a terminal: `python -m helpers.sandbox faults set no-capacity --next 1`. `table.FAULTS` has the
names and parameters; the sandbox's parts ask `switch.Faults` whether one strikes.
"""

from .client import clear, set, show
from .switch import Faults
from .table import FAULTS, BadFault, Setting

__all__ = ["FAULTS", "BadFault", "Faults", "Setting", "clear", "set", "show"]
