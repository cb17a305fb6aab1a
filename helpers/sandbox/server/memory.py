"""Returning freed memory to the operating system."""

import ctypes
import sys


def trim_memory() -> None:
    """Let glibc return freed pages (malloc_trim); do nothing with another C library.

    glibc keeps freed pages that lie between used ones, separately for every few threads: tens of megabytes
    stay after many requests at once, although nothing leaks.
    """
    if sys.platform == "linux" and (trim := getattr(ctypes.CDLL(None), "malloc_trim", None)):
        trim(ctypes.c_size_t(0))
