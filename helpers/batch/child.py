"""One run of a batch, in a process of its own: `python -m helpers.batch.child` reads what to run.

SIGTERM is an exit, so that papermill stops the kernel on its way out. The end of its input says that the
batch is gone, however it died: nobody is left to keep what comes out.
"""

import json
import os
import signal
import sys
import threading

import papermill  # type: ignore[import-untyped]


def main() -> None:
    """Execute the notebook of the one order, a line of JSON with papermill's arguments."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    order = json.loads(sys.stdin.buffer.readline())
    threading.Thread(target=_end_with_the_batch, daemon=True).start()
    papermill.execute_notebook(**order)


def _end_with_the_batch() -> None:
    os.read(sys.stdin.fileno(), 1)
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    main()
