"""Compares the service with whisper.cpp's defaults and with faster-whisper.

Run it by ./scripts/bench-asr, which builds and fetches what it needs.
"""

import argparse
import json
import os
import platform
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

import clips as recordings
import machine
import report
import summary
from contenders import FASTER_WHISPER, SERVICE, WHISPER_CPP, Failure, Service, Worker
from measure import Bench, overhead
from weights import MODEL, faster_whisper_folder
from wer import words

ROOT = Path(__file__).resolve().parents[2]
THREADS = 2


def arguments() -> argparse.Namespace:
    release = ROOT / "target" / "release"
    parser = argparse.ArgumentParser(prog="scripts/bench-asr", description=__doc__)
    parser.add_argument("--rounds", type=int, help="how often each takes its turns (7)")
    parser.add_argument("--quick", action="store_true", help="2 rounds of less: to try it out")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all measurements")
    parser.add_argument("--binaries", type=Path, default=release, metavar="DIR",
                        help="where cargo put the programs (target/release)")
    chosen = parser.parse_args()
    chosen.rounds = chosen.rounds or (2 if chosen.quick else 7)
    chosen.passes = 1 if chosen.quick else 3
    chosen.overhead_requests = 5 if chosen.quick else 30
    chosen.binaries = chosen.binaries.resolve()
    return chosen


def say(what: str) -> None:
    print(f"== {what}", file=sys.stderr, flush=True)


def start(options: argparse.Namespace, stack: ExitStack, folder: Path) -> dict[str, object]:
    """All contenders, by name; faster-whisper in both of its ways."""
    cores = machine.cores_for_contenders(THREADS)
    command = [options.binaries / "voice-stack-models", "path", MODEL]
    installed = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    model = Path(installed.stdout.strip()).resolve()
    peer = faster_whisper_folder(ROOT)
    script = Path(__file__).with_name("faster_whisper_worker.py")

    def keep(contender):
        stack.callback(contender.close)
        return contender

    def faster_whisper(workers: int, threads: int) -> Worker:
        return keep(Worker(FASTER_WHISPER, f"{workers} x {threads} threads",
                           [sys.executable, script, peer, threads, workers], cores, folder))

    return {
        WHISPER_CPP: keep(Worker(
            WHISPER_CPP, "1 after the other",
            [options.binaries / "examples" / "whisper_defaults", model, THREADS], cores, folder)),
        FASTER_WHISPER: faster_whisper(1, THREADS),
        "faster-whisper, 2 workers": faster_whisper(THREADS, 1),
        SERVICE: keep(Service(
            options.binaries / "voice-stack-asr", model.parent, MODEL, cores, folder)),
    }


def better_setup(bench: Bench, candidates: list, options: argparse.Namespace) -> dict:
    """Requests a second of faster-whisper in each of its ways, and the contender that won."""
    figures: dict[str, list[float]] = {it.setup: [] for it in candidates}
    for _ in range(1 if options.quick else 2):
        for candidate in candidates:
            turn = bench.throughput(candidate, options.passes)
            figures[candidate.setup].append(turn.figure)
    medians = {setup: statistics.median(values) for setup, values in figures.items()}
    best = max(candidates, key=lambda it: medians[it.setup])
    return {"figures": medians, "best": best}


def run(options: argparse.Namespace, stack: ExitStack, folder: Path) -> dict:
    clips = recordings.clips(ROOT, folder / "clips")
    say(f"starting the contenders, {THREADS} threads each")
    started = start(options, stack, folder)
    everyone = list(started.values())
    say("warm-up")
    warm_up = Bench(everyone, clips[:4])
    for contender in everyone:
        warm_up.throughput(contender, 1)

    say("which way of faster-whisper serves 4 clients best")
    single, parallel = started[FASTER_WHISPER], started["faster-whisper, 2 workers"]
    tried = better_setup(Bench(everyone, clips), [single, parallel], options)
    busy = {**started, FASTER_WHISPER: tried["best"]}
    if tried["best"] is single:
        parallel.close()
        everyone.remove(parallel)

    bench = Bench(everyone, clips)
    names = report.NAMES
    for number in range(1, options.rounds + 1):
        waits = [bench.latency(started[name]).figure for name in names]
        rates = [bench.throughput(busy[name], options.passes).figure for name in names]
        say(f"round {number} of {options.rounds}: "
            + " / ".join(f"{wait * 1000:.0f}" for wait in waits) + " ms, "
            + " / ".join(f"{rate:.2f}" for rate in rates) + " requests/s")

    say("overhead of a request")
    machine.wait_until_idle([it.pid for it in everyone])
    extra = overhead(started[SERVICE], clips[-1], options.overhead_requests)
    return collect(options, bench, started, busy, tried["figures"], extra)


def collect(options, bench: Bench, started, busy, tried: dict, extra: dict) -> dict:
    """Everything that the report and --json show."""
    results = {
        name: {
            "latency": summary.of_kind(bench, name, "latency"),
            "throughput": summary.of_kind(bench, name, "throughput"),
            "wer": summary.wer(bench, name),
        } for name in report.NAMES
    }
    versions = started[SERVICE].versions | started[WHISPER_CPP].versions
    build = versions.pop("build")
    return {
        "machine": {
            "cpu": machine.cpu_name(),
            "cores": os.cpu_count(),
            "cores_used": THREADS,
            "system": f"{platform.system()} {platform.release()}",
        },
        "versions": versions | started[FASTER_WHISPER].versions
        | {"Python": platform.python_version()},
        "whisper_cpp_build": build,
        "rounds": options.rounds,
        "clips": [{"name": clip.name, "seconds": clip.seconds,
                   "words": len(words(clip.words))} for clip in bench.clips],
        "setups": {name: busy[name].setup for name in report.NAMES},
        "faster_whisper_setups": tried,
        "results": results,
        "overhead": extra,
        "verdicts": summary.verdicts(results, extra),
        "disturbance": summary.disturbance(bench),
        "turns": [{
            "contender": turn.name, "kind": turn.kind, "seconds": turn.seconds,
            "requests": turn.requests, "cpu_seconds": turn.cpu, "latencies": turn.latencies,
            "texts": sorted({f"{clip.name}: {heard}" for clip, heard in turn.texts}),
        } for turn in bench.turns],
    }


def main() -> None:
    options = arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    folder = Path(tempfile.mkdtemp(prefix="bench-asr-"))
    try:
        with ExitStack() as stack:
            data = run(options, stack, folder)
    except Failure as cause:
        raise SystemExit(f"bench-asr: {cause}") from cause
    except KeyboardInterrupt:
        raise SystemExit(128 + signal.SIGINT) from None
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    if options.json:
        options.json.write_text(json.dumps(data, indent=2) + "\n", encoding="utf-8")
    print()
    print(report.text(data), end="")


if __name__ == "__main__":
    main()
