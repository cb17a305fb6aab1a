"""What a hostile program on this machine could do to a sandbox: bounded attacks, on 127.0.0.1 only.

`tests/benchmarks/abuse.py` does all of it at full size, `test_abuse.py` a little of it.
"""

import json
import random
import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from helpers.sandbox import process

ENDPOINT = "e"
_STEP = 0.25
_PATH = f"/endpoints/{ENDPOINT}/invocations"


def memory_mb(pid: int) -> float:
    """The process's resident memory. Linux only."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * 4096 / 1e6


@dataclass
class Watch:
    """The sandbox's memory (MB) and how long small requests take (seconds, by kind), while attacks run."""

    address: process.Address
    asks: dict[str, Callable[[], object]]
    before: float = 0.0
    peak: float = 0.0
    slowest: dict[str, float] = field(default_factory=dict)
    failed: list[str] = field(default_factory=list)

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Measure around an attack; the slowest requests count from here on."""
        self.slowest, done = dict.fromkeys(self.asks, 0.0), threading.Event()
        watchers = [threading.Thread(target=self._weigh, args=(done,))]
        watchers += [threading.Thread(target=self._time, args=(kind, done)) for kind in self.asks]
        for each in watchers:
            each.start()
        try:
            yield
        finally:
            done.set()
            for each in watchers:
                each.join()

    def _weigh(self, done: threading.Event) -> None:
        while not done.wait(0.02):
            self.peak = max(self.peak, memory_mb(self.address.pid))

    def _time(self, kind: str, done: threading.Event) -> None:
        while True:
            started = time.monotonic()
            try:
                self.asks[kind]()
            except Exception as error:  # whatever it is, it is what the benchmark tells
                self.failed.append(f"{kind}: {error!r}"[:200])
            self.slowest[kind] = max(self.slowest[kind], time.monotonic() - started)
            if done.wait(_STEP):
                return


class Attacker:
    """A program that can reach the port; it knows the key's id, and its secret too where it says so."""

    def __init__(self, address: process.Address, seed: int = 1) -> None:
        self._address = address
        self._chance = random.Random(seed)

    def prompts(self, count: int, size: int) -> None:
        """Prompts of `size` bytes, well signed; every second client leaves when it has sent its own."""
        body = json.dumps({"prompt": "word " * (size // 5)}).encode()

        def one(number: int) -> None:
            with self._connect() as link:
                self._send(link, self._head("POST", _PATH, body), body)
                if number % 2 == 0:
                    self._read(link)

        with ThreadPoolExecutor(count) as pool:
            list(pool.map(one, range(count)))

    def unfinished(self, count: int, size: int, seconds: float) -> None:
        """Bodies that lack their last byte: half of them by a stranger, half by who knows the key's id."""
        block = b"x" * (1 << 20)

        def one(number: int) -> None:
            key = self._address.access_key_id if number % 2 else "AKIAOTHER"
            deadline = time.monotonic() + seconds
            with self._connect() as link:
                link.settimeout(seconds)
                self._send(link, self._head("PUT", "/b/k", b"", "s3", length=size, key=key))
                for _ in range((size - 1) // len(block)):
                    if not self._send(link, block):
                        return
                self._send(link, block[: (size - 1) % len(block)])
                time.sleep(max(0.0, deadline - time.monotonic()))

        with ThreadPoolExecutor(count) as pool:
            list(pool.map(one, range(count)))

    def long_paths(self, count: int, size: int) -> None:
        """Requests without a signature, with control characters in long paths."""
        target = "/" + "%0a" + "a" * size
        head = f"GET {target} HTTP/1.1\r\nHost: 127.0.0.1:{self._address.port}\r\nConnection: close\r\n\r\n"

        def one(_: int) -> None:
            with self._connect() as link:
                self._send(link, head.encode())
                self._read(link)

        with ThreadPoolExecutor(8) as pool:
            list(pool.map(one, range(count)))

    def idle(self, count: int, seconds: float) -> None:
        """Connections that say nothing."""
        with ExitStack() as links:
            for _ in range(count):
                with suppress(OSError):
                    links.enter_context(self._connect())
            time.sleep(seconds)

    def half_requests_at(self, doors: list[tuple[int, object]], count: int, seconds: float) -> None:
        """Half requests at every other listener of the sandbox's process."""
        with ExitStack() as links:
            for family, place in doors * count:
                with suppress(OSError):
                    link = links.enter_context(socket.socket(family))
                    link.connect(place)
                    link.sendall(b"POST /tokenize HTTP/1.1\r\nContent-Length: 100\r\n\r\n")
            time.sleep(seconds)

    def streams(self, count: int) -> None:
        """Streams, well signed, each left after a random while."""
        body = json.dumps({"prompt": "Tell me a long story.", "max_tokens": 500, "stream": True}).encode()

        def one(left_after: float) -> None:
            with self._connect() as link:
                self._send(link, self._head("POST", f"{_PATH}-response-stream", body), body)
                time.sleep(left_after)

        with ThreadPoolExecutor(64) as pool:
            list(pool.map(one, [self._chance.uniform(0, 2) for _ in range(count)]))

    def _connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self._address.port or 0), timeout=60)

    def _send(self, link: socket.socket, *parts: bytes) -> bool:
        """Whether it could be sent: a sandbox that defends itself hangs up."""
        try:
            for part in parts:
                link.sendall(part)
        except OSError:
            return False
        return True

    def _read(self, link: socket.socket) -> None:
        with suppress(OSError):
            while link.recv(65536):
                pass

    def _head(
        self,
        method: str,
        path: str,
        body: bytes,
        service: str = "sagemaker",
        *,
        length: int = 0,
        key: str = "",
    ) -> bytes:
        address = self._address
        request = AWSRequest(method, address.url + path, {"Content-Type": "application/json"}, body)
        credentials = Credentials(key or address.access_key_id, address.secret_access_key)
        SigV4Auth(credentials, service, "us-east-1").add_auth(request)
        fields = {"Host": f"127.0.0.1:{address.port}", **request.headers}
        fields |= {"Content-Length": str(length or len(body)), "Connection": "close"}
        lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in fields.items())]
        return "\r\n".join([*lines, "", ""]).encode()


def other_doors(address: process.Address) -> list[tuple[int, object]]:
    """Where else the sandbox's process listens, as (family, address), and can be reached. Linux only."""
    own = set()
    for link in Path(f"/proc/{address.pid}/fd").iterdir():
        with suppress(OSError):
            own.add(str(link.readlink()))
    doors: list[tuple[int, object]] = []
    for line in Path(f"/proc/{address.pid}/net/tcp").read_text().splitlines()[1:]:
        fields = line.split()
        port = int(fields[1].rpartition(":")[2], 16)
        if fields[3] == "0A" and f"socket:[{fields[9]}]" in own and port != address.port:
            doors.append((socket.AF_INET, ("127.0.0.1", port)))
    for line in Path(f"/proc/{address.pid}/net/unix").read_text().splitlines()[1:]:
        fields = line.split()
        if len(fields) > 7 and f"socket:[{fields[6]}]" in own and Path(fields[7]).exists():
            doors.append((socket.AF_UNIX, fields[7]))
    return doors
