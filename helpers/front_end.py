"""Is somebody looking at this cell, or does it run unattended (papermill, nbval, a plain script)?"""

import os
import sys


def attended() -> bool:
    """Whether the cell that runs now was sent by a front end in which a person can answer.

    A front end says with every cell whether it can ask its user for input: JupyterLab can; papermill,
    nbconvert and nbval cannot. In the environment, PLAYGROUND_SYNC=1 means unattended, 0 attended.
    """
    setting = os.environ.get("PLAYGROUND_SYNC", "")
    if setting:
        return setting == "0"
    ipython = sys.modules.get("IPython")
    kernel = getattr(ipython.get_ipython(), "kernel", None) if ipython else None
    return bool(getattr(kernel, "_allow_stdin", False))  # ipykernel keeps the request's `allow_stdin` here
