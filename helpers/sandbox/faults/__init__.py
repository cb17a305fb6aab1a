"""Making things go wrong on purpose: `set`, `show` and `clear` for a running sandbox.

    from helpers.sandbox import faults, process
    faults.set(process.find(), "no-capacity", next=1)

The same from a terminal: `python -m helpers.sandbox faults set no-capacity --next 1`. The names and their
parameters are in `table.FAULTS`; `switch.Faults` answers where the sandbox asks.
"""

from .client import clear, set, show
from .switch import Faults
from .table import FAULTS, BadFault, Setting

__all__ = ["FAULTS", "BadFault", "Faults", "Setting", "clear", "set", "show"]
