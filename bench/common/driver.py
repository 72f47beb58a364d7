"""How a benchmark runs from its command line to its report."""

import argparse
import json
import os
import platform
import shutil
import signal
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Callable

import machine
from process import Failure

ROOT = Path(__file__).resolve().parents[2]
THREADS = 2


def arguments(name: str, description: str, rounds: int) -> argparse.ArgumentParser:
    """The options that all benchmarks have."""
    release = ROOT / "target" / "release"
    parser = argparse.ArgumentParser(prog=f"scripts/{name}", description=description)
    parser.add_argument("--rounds", type=int, help=f"how often each takes its turns ({rounds})")
    parser.add_argument("--quick", action="store_true", help="2 rounds of less: to try it out")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all measurements")
    parser.add_argument("--binaries", type=Path, default=release, metavar="DIR",
                        help="where cargo put the programs (target/release)")
    return parser


def parsed(parser: argparse.ArgumentParser, rounds: int) -> argparse.Namespace:
    chosen = parser.parse_args()
    chosen.rounds = chosen.rounds or (2 if chosen.quick else rounds)
    chosen.binaries = chosen.binaries.resolve()
    return chosen


def say(what: str) -> None:
    print(f"== {what}", file=sys.stderr, flush=True)


def machine_facts() -> dict:
    return {
        "cpu": machine.cpu_name(),
        "cores": os.cpu_count(),
        "cores_used": THREADS,
        "system": f"{platform.system()} {platform.release()}",
    }


def main(name: str, options: argparse.Namespace,
         run: Callable[[argparse.Namespace, ExitStack, Path], dict],
         report: Callable[[dict], str]) -> None:
    """Runs the benchmark in a folder of its own; whatever happens, its processes are ended."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    folder = Path(tempfile.mkdtemp(prefix=f"{name}-"))
    try:
        with ExitStack() as stack:
            data = run(options, stack, folder)
    except Failure as cause:
        raise SystemExit(f"{name}: {cause}") from cause
    except KeyboardInterrupt:
        raise SystemExit(128 + signal.SIGINT) from None
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    if options.json:
        options.json.write_text(json.dumps(data, indent=2) + "\n", encoding="utf-8")
    print()
    print(report(data), end="")
