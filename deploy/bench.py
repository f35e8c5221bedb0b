"""The benchmark: what a page costs at 10,000 and 100,000 records, on both databases.

    python deploy/bench.py [SIZE ...]

Costs are CPU time per request in one process under production settings, that of the
database server included: median and 95th percentile, in milliseconds and as multiples
of a bare view of the same round, which mean the same on any machine. Then what the
exports (`bench_exports.py`) and loading content (`bench_sync.py`) take, and what visitors
get from a server (`bench_serving.py`, which can be run alone, and quicker). Prints,
asserts nothing.
"""

import os
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.postgresql import find_binaries, postgresql  # noqa: E402 - the project's folder must be on the path first

SIZES = (10_000, 100_000)


def run(script: str, url: str, *arguments: str) -> None:
    """A part of the benchmark in a process and on a database of its own."""
    production = {"DEBUG": "0", "HTTPS": "0", "SECRET_KEY": "of-the-benchmark-and-nothing-else-0000"}
    production["PAGE_CACHE_MEGABYTES"] = "0"  # what it costs to make a page, not to keep it
    command = [sys.executable, "-W", "ignore", str(ROOT / "deploy" / script), *arguments]
    subprocess.run(command, env=os.environ | production | {"DATABASE_URL": url}, check=True)


def main(sizes: list[int]) -> None:
    for size in sizes:
        with TemporaryDirectory() as folder:
            run("bench_pages.py", f"sqlite:///{folder}/bench.sqlite3", str(size))
        if binaries := find_binaries():
            with postgresql(binaries, memory="1GB") as url:  # where the entries of 100,000 records find room
                run("bench_pages.py", url, str(size))
        else:
            print("PostgreSQL is not installed: not measured.")
    subprocess.run([sys.executable, str(ROOT / "deploy" / "bench_exports.py"), *map(str, sizes)], check=True)
    subprocess.run([sys.executable, str(ROOT / "deploy" / "bench_sync.py"), *map(str, sizes)], check=True)
    serving = ["content", "100", *map(str, sizes)]
    subprocess.run([sys.executable, "-W", "ignore", str(ROOT / "deploy" / "bench_serving.py"), *serving], check=True)


if __name__ == "__main__":
    main([int(size) for size in sys.argv[1:]] or list(SIZES))
