"""Streams and functions that tests hold in their hands, and a playground over them."""

import threading
import time

from helpers import catalog
from helpers.generate.types import Generation, Response
from helpers.playground.widget import Playground

LIMITS = catalog.model("cohere-medium").limits
SOON = 10  # seconds that a noisy machine may take


def response(text, tokens=3, reason="COMPLETE"):
    return Response((Generation(text, reason),), response_tokens=tokens)


class FakeStream:
    """Gives its pieces one by one, each when it is allowed to."""

    def __init__(self, pieces, *, gate=None, error=None):
        self.pieces, self.gate, self.error = pieces, gate, error
        self.closed = threading.Event()
        self.response = None

    def __iter__(self):
        for piece in self.pieces:
            if self.gate is not None:
                while not self.gate.acquire(timeout=0.01):
                    if self.closed.is_set():
                        return
            yield piece
        if self.error is not None:
            raise self.error
        self.response = response("".join(self.pieces), len(self.pieces))

    def close(self):
        self.closed.set()


class Writer:
    """A function that streams, and remembers what reached it."""

    def __init__(self, *streams):
        self.streams, self.calls = list(streams), []

    def __call__(self, prompt, *, temperature, max_tokens):
        self.calls.append({"prompt": prompt, "temperature": temperature, "max_tokens": max_tokens})
        return self.streams.pop(0) if self.streams else FakeStream(["one", " two", " three"])


def made(function, **changed):
    settings = {"prompt": "Write:", "temperature": 0.9, "max_tokens": 100, "interactive": True}
    return Playground(function, LIMITS, **(settings | changed))


def eventually(condition):
    end = time.monotonic() + SOON
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.005)
