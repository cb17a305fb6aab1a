"""One run of a batch, in a process of its own, `python -m helpers.batch.child`, which reads its order.

SIGTERM exits by an exception, so that papermill stops the kernel on its way out. The end of standard input
means that the batch is gone, however it died, and ends the run as well.
"""

import json
import os
import signal
import sys
import threading

import papermill  # type: ignore[import-untyped]


def main() -> None:
    """Run the notebook that standard input's first line orders: papermill's arguments as JSON."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    order = json.loads(sys.stdin.buffer.readline())
    threading.Thread(target=_end_with_the_batch, daemon=True).start()
    papermill.execute_notebook(**order)


def _end_with_the_batch() -> None:
    os.read(sys.stdin.fileno(), 1)
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    main()
