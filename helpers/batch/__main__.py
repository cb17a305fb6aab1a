"""`python -m helpers.batch TABLE`: the command line."""

import argparse
import signal
import sys
from collections.abc import Iterable

from ..errors import TutorialError
from .runner import TIMEOUT, batch
from .table import read_table


def main(arguments: Iterable[str] | None = None) -> int:
    """Run the command line; return 0 if every run is done, 1 if not, 2 if refused, 130 if interrupted."""
    parser = argparse.ArgumentParser(prog="python -m helpers.batch", description=__doc__)
    parser.add_argument("table", help="a .csv or .json file, one row a run (see data/batch.csv)")
    parser.add_argument("--out", default="build/batch", help="the folder for what comes out (%(default)s)")
    parser.add_argument("--jobs", type=int, default=2, help="runs at a time (%(default)s)")
    parser.add_argument("--timeout", type=float, default=TIMEOUT, help="seconds a run (%(default)g)")
    given = parser.parse_args(None if arguments is None else list(arguments))
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # schedulers end jobs by it
    try:
        outcomes = batch(read_table(given.table), given.out, jobs=given.jobs, timeout=given.timeout)
    except TutorialError as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("Interrupted: the same command goes on with what is not done.", file=sys.stderr)
        return 130
    except OSError as error:  # e.g. a full disk: state.jsonl has what had ended
        print(
            f"The batch ended early: {error}. The same command goes on with what is not done.",
            file=sys.stderr,
        )
        return 1
    print(f"Read {given.out}/summary.html, or {given.out}/summary.csv")
    return 0 if all(each.status == "done" for each in outcomes) else 1


if __name__ == "__main__":
    sys.exit(main())
