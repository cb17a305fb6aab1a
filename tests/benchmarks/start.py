"""How long importing and connecting take; run it with `make bench`.

Each figure is the median over fresh Python processes, so nothing is warm that would not be for a reader.
"""

import os
import statistics
import subprocess
import sys
import tempfile

CONNECT = """
import time
from helpers.connect.session import connect
started = time.perf_counter()
connect("sandbox")
print(time.perf_counter() - started)
"""
IMPORT = "import time; started = time.perf_counter(); import {}; print(time.perf_counter() - started)"
NOTEBOOK_IMPORTS = (
    "boto3, helpers.connect.session, helpers.deploy.deployment, helpers.generate.client, "
    "helpers.subscribe.marketplace"
)


def python(code: str) -> float:
    """Run code that prints seconds, in a process of its own."""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return float(done.stdout.split()[-1])


def median(code: str, times: int = 7) -> float:
    """The median over some processes, after one that warms the disk's cache."""
    python(code)
    return statistics.median(python(code) for _ in range(times))


def stop() -> None:
    """End this benchmark's sandbox."""
    subprocess.run([sys.executable, "-m", "helpers.sandbox", "stop"], capture_output=True, check=False)


def cold() -> float:
    """One connect with no sandbox running."""
    stop()
    return python(CONNECT)


def main() -> None:
    """Print the figures."""
    with tempfile.TemporaryDirectory() as home:
        os.environ["SANDBOX_HOME"] = home
        boto3, all_imports = median(IMPORT.format("boto3")), median(IMPORT.format(NOTEBOOK_IMPORTS))
        helpers = median(IMPORT.format("boto3, helpers"))
        print(f"import helpers, beyond boto3         {1000 * (helpers - boto3):7.1f} ms   (limit 50)")
        print(f"all that a notebook imports, likewise {1000 * (all_imports - boto3):6.1f} ms")
        cold()  # fetches the weights if need be
        colds = statistics.median(cold() for _ in range(5))
        print(f"connect, sandbox not running         {colds:7.2f} s    (limit 5)")
        print(f"connect, sandbox running             {median(CONNECT):7.3f} s    (limit 0.3)")
        stop()


if __name__ == "__main__":
    main()
