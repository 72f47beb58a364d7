"""Compares the service with whisper.cpp's defaults and with faster-whisper.

Run it by ./scripts/bench-asr, which builds and fetches what it needs.
"""

import argparse
import platform
import statistics
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

import clips as recordings
import driver
import machine
import report
import summary
from contenders import FASTER_WHISPER, SERVICE, WHISPER_CPP, Library, Service
from driver import ROOT, THREADS, say
from measure import Bench, overhead
from turns import disturbance
from weights import MODEL, faster_whisper_folder
from wer import words

NAME = "bench-asr"
ROUNDS = 7


def arguments() -> argparse.Namespace:
    chosen = driver.parsed(driver.arguments(NAME, __doc__, ROUNDS), ROUNDS)
    chosen.passes = 1 if chosen.quick else 3
    chosen.overhead_requests = 5 if chosen.quick else 30
    return chosen


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

    def faster_whisper(workers: int, threads: int) -> Library:
        return keep(Library(FASTER_WHISPER, f"{workers} x {threads} threads",
                            [sys.executable, script, peer, threads, workers], cores, folder))

    return {
        WHISPER_CPP: keep(Library(
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
        "machine": driver.machine_facts(),
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
        "disturbance": disturbance([turn.cpu for turn in bench.turns]),
        "turns": [{
            "contender": turn.name, "kind": turn.kind, "seconds": turn.seconds,
            "requests": turn.requests, "cpu_seconds": turn.cpu, "latencies": turn.latencies,
            "texts": sorted({f"{clip.name}: {heard}" for clip, heard in turn.texts}),
        } for turn in bench.turns],
    }


if __name__ == "__main__":
    driver.main(NAME, arguments(), run, report.text)
