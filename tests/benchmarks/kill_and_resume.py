"""Sweeps killed with SIGKILL at random moments, then resumed: what is lost, asked twice, doubled.

Each run is a process of its own that asks a fake endpoint in this one over loopback. It is killed at a moment
drawn from the time a whole run takes, and finished by another process. A request that was under way when the
kill came had not been received, or not yet been written: it has to be asked again, and is counted apart.
"""

import json
import multiprocessing
import random
import socketserver
import statistics
import sys
import tempfile
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from multiprocessing.process import BaseProcess
from pathlib import Path
from socket import create_connection
from typing import Any

sys.path.append(str(Path(__file__).parents[1] / "helpers"))

from fake_client import FakeClient

from helpers.records.journal import read
from helpers.tune import sweep

RUNS = 200
CONCURRENCY = 4
PROMPTS = {"post": "Write a post:", "mail": "Write a mail:"}
SETTINGS: dict[str, Any] = {"temperature": [n / 4 for n in range(12)], "max_tokens": (2, 4, 9)}
Key = tuple[str, float]


class Endpoint(socketserver.ThreadingTCPServer):
    """Lets a stream begin after 1 to 5 ms, and remembers which life of which run asked for what."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Asked)
        self.asked: defaultdict[tuple[int, int], Counter[Key]] = defaultdict(Counter)
        self.begun: defaultdict[tuple[int, int], set[Key]] = defaultdict(set)
        threading.Thread(target=self.serve_forever, daemon=True).start()


class Asked(socketserver.StreamRequestHandler):
    """One request."""

    def handle(self) -> None:
        """Count it, wait, answer."""
        line = self.rfile.readline()
        if not line.endswith(b"\n"):
            return  # the asker was killed before it had asked
        run, life, prompt, temperature = json.loads(line)
        assert isinstance(self.server, Endpoint)
        self.server.asked[run, life][prompt, temperature] += 1
        time.sleep(random.uniform(0.001, 0.005))
        try:
            self.wfile.write(b"done\n")
        except OSError:
            return  # the asker was killed
        self.server.begun[run, life].add((prompt, temperature))


def live(port: int, run: int, life: int, file: str, begun: Any) -> None:
    """One life of a run: from its start, or from where the last one was killed."""

    def send(key: tuple[Any, ...]) -> None:
        with create_connection(("127.0.0.1", port)) as connection:
            connection.sendall(json.dumps([run, life, key[0], key[1]]).encode() + b"\n")
            if connection.recv(5) == b"":
                raise ConnectionError("the endpoint hung up")

    client = FakeClient(before=send, between=lambda: time.sleep(0.0005))
    plan = sweep.plan(client, PROMPTS, **SETTINGS)
    begun.set()
    sweep.run(client, plan, file, concurrency=CONCURRENCY, progress=False)


def lines(file: Path) -> list[bytes]:
    """The whole lines of answers in a run's file."""
    return file.read_bytes().split(b"\n")[1:-1] if file.exists() else []


def keys(answers: list[bytes]) -> list[Key]:
    """What these lines answer."""
    return [(PROMPTS[each["prompt_id"]], each["temperature"]) for each in map(json.loads, answers)]


def timed(start: Callable[[int, int, Path], BaseProcess], file: Path) -> float:
    """Seconds of a whole run, from where a kill may come."""
    process, started = start(0, 1, file), time.perf_counter()
    process.join()
    return time.perf_counter() - started


def main() -> int:
    """Print the figures; 1 if anything was lost, asked twice or doubled."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["helpers.tune.sweep", "pandas"])
    endpoint, draw, total = Endpoint(), random.Random(5), Counter[str]()
    port = endpoint.server_address[1]

    def start(run: int, life: int, file: Path) -> BaseProcess:
        begun = context.Event()
        process = context.Process(target=live, args=(port, run, life, str(file), begun))
        process.start()
        begun.wait()
        return process

    with tempfile.TemporaryDirectory() as folder:
        whole = Path(folder, "whole.jsonl")
        start(0, 0, whole).join()  # the first life pays for the imports
        duration = statistics.median(timed(start, Path(folder, f"timed-{n}.jsonl")) for n in range(5))
        expected = sweep.load(whole).drop(columns="latency_seconds")
        began = time.perf_counter()
        run = 0
        while total["killed"] < RUNS:
            run += 1
            file = Path(folder, f"{run}.jsonl")
            process = start(run, 1, file)
            time.sleep(draw.uniform(0, duration))
            process.kill()
            process.join()
            if process.exitcode == 0:
                total["over before the kill"] += 1
                continue
            total["killed"] += 1
            torn = file.exists() and not file.read_bytes().endswith(b"\n")
            kept = lines(file)
            start(run, 2, file).join()
            after, again = lines(file), endpoint.asked[run, 2]
            total["torn"] += torn
            total["on disk"] += len(kept)
            total["lost"] += sum(one != other for one, other in zip(kept, after[: len(kept)], strict=True))
            total["asked twice"] += sum(again[key] for key in keys(kept))
            total["asked twice"] += sum(times - 1 for times in endpoint.asked[run, 1].values())
            total["doubled"] += len(after) - len(set(keys(after)))
            under_way = [key for key in endpoint.asked[run, 1] if key not in set(keys(kept))]
            total["in stream"] += len(endpoint.begun[run, 1] - set(keys(kept)))
            total["again"] += sum(again[key] for key in under_way)
            total["most again"] = max(total["most again"], len(under_way))
            read(file)
            table = sweep.load(file).drop(columns="latency_seconds")
            total["different"] += not table.equals(expected)
    endpoint.shutdown()
    seconds = time.perf_counter() - began
    print(
        f"runs killed and resumed         {total['killed']:6}    in {seconds:.0f} s; a whole run takes ",
        end="",
    )
    print(f"{1000 * duration:.0f} ms; {total['over before the kill']} more were over before the kill")
    print(f"answers on disk at the kills    {total['on disk']:6}    {total['torn']} kills left half a line")
    bad = ("lost", "asked twice", "doubled", "different")
    for name in bad:
        label = "tables unlike a whole run's" if name == "different" else f"answers {name}"
        print(f"{label:<32}{total[name]:6}    (must be 0)")
    print(
        f"under way at a kill, asked again{total['again']:6}    at most {total['most again']} a kill, ",
        end="",
    )
    print(f"{CONCURRENCY} are under way at a time; never received or not yet written")
    print(f"of these, streams that had begun {total['in stream']:6}")
    return int(any(total[name] for name in bad))


if __name__ == "__main__":
    sys.exit(main())
