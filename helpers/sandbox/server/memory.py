"""Memory that was freed, given back to the machine."""

import ctypes
import sys


def give_back() -> None:
    """Let the C library return freed pages (glibc's malloc_trim); do nothing where it can't.

    glibc keeps what was freed between pages that are in use, in an arena for each few threads: tens of
    megabytes stay after a rush, although nothing is lost.
    """
    if sys.platform == "linux" and (trim := getattr(ctypes.CDLL(None), "malloc_trim", None)):
        trim(ctypes.c_size_t(0))
