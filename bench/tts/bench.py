"""Compares the service with piper-tts, as a library and behind its server, and sherpa-onnx.

Run it by ./scripts/bench-tts, which builds and fetches what it needs.
"""

import argparse
import importlib.util
import platform
import statistics
import subprocess
from contextlib import ExitStack
from pathlib import Path

import driver
import machine
import report
import summary
from contenders import LIBRARY, NAMES, SERVER, SERVICE, SHERPA, Library, PiperServer, Service
from driver import THREADS, say
from measure import OTHER_FORMATS, OTHER_LENGTHS, Bench, alone, cache_hits
from sherpa_voice import convert
from texts import LENGTHS, LONG, MIDDLE, SHORT, Author
from turns import disturbance

NAME = "bench-tts"
ROUNDS = 7
VOICE = "en_US-joe-medium"
CACHE_MB = 64
IDLE_SECONDS = 2.0

# Threads of an engine, engines, texts at once. The first is for one client; which of them
# serves four best is tried out.
LIBRARY_SETUPS = [(THREADS, 1, 1), (THREADS, 1, 4), (1, THREADS, THREADS)]
SHERPA_SETUPS = [(THREADS, 1, 1), (1, THREADS, THREADS)]


def arguments() -> argparse.Namespace:
    parser = driver.arguments(NAME, __doc__, ROUNDS)
    chosen = driver.parsed(parser, ROUNDS)
    # Texts of each length in a round, texts for four clients, requests for each cached text.
    chosen.texts = {SHORT: 2, MIDDLE: 1, LONG: 1} if chosen.quick else {SHORT: 6, MIDDLE: 4, LONG: 2}
    chosen.openings = 1 if chosen.quick else 2
    chosen.busy_texts = 8 if chosen.quick else 24
    chosen.hits = 30 if chosen.quick else 200
    return chosen


def installed(binaries: Path) -> Path:
    """The voice's file, where the service finds it."""
    command = [binaries / "voice-stack-models", "path", VOICE]
    found = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    return Path(found.stdout.strip()).resolve()


def title(setup: tuple[int, int, int]) -> str:
    threads, engines, callers = setup
    return f"{callers} at once, {engines} x {threads}"


class Starter:
    """Starts contenders, which end with the stack."""

    def __init__(self, options: argparse.Namespace, stack: ExitStack, folder: Path):
        self.stack, self.folder = stack, folder
        self.binary = options.binaries / "voice-stack-tts"
        self.cores = machine.cores_for_contenders(THREADS)
        self.voice = installed(options.binaries)
        self.sherpa_files = convert(self.voice, folder / "sherpa-onnx")
        # Piper's own data for everybody who can be told.
        piper = importlib.util.find_spec("piper").submodule_search_locations[0]
        self.espeak_data = Path(piper) / "espeak-ng-data"

    def _keep(self, contender):
        self.stack.callback(contender.close)
        return contender

    def library(self, setup: tuple[int, int, int]) -> Library:
        return self._keep(Library(LIBRARY, title(setup), "piper_library_worker.py",
                                  [self.voice, *setup], self.cores, self.folder))

    def sherpa(self, setup: tuple[int, int, int]) -> Library:
        threads, _, callers = setup
        return self._keep(Library(SHERPA, title(setup), "sherpa_worker.py",
                                  [*self.sherpa_files, self.espeak_data, threads, callers],
                                  self.cores, self.folder))

    def server(self) -> PiperServer:
        return self._keep(PiperServer(self.voice, THREADS, self.cores, self.folder))

    def service(self, cache_mb: int = 0) -> Service:
        # MODELS_DIR/voices/NAME.onnx
        return self._keep(Service(self.binary, self.voice.parents[1], VOICE, self.cores,
                                  self.folder, cache_mb))


def best_for_four(start, single: Library, setups: list, author: Author,
                  options: argparse.Namespace) -> tuple[Library, dict[str, float]]:
    """The way of a library that serves four clients best, and sentences a second of each."""
    candidates = [single] + [start(setup) for setup in setups[1:]]
    bench = Bench(candidates)
    rates: dict[str, list[float]] = {it.setup: [] for it in candidates}
    for round_ in range(2 if options.quick else 3):
        openings = author.openings(options.openings)
        texts = author.texts(MIDDLE, options.busy_texts, openings)
        for candidate in candidates:
            turn = bench.four_at_once(candidate, texts)
            # The first round is their warm-up.
            if round_:
                rates[candidate.setup].append(MIDDLE / turn.per_text)
    medians = {setup: statistics.median(values) for setup, values in rates.items()}
    best = max(candidates, key=lambda it: medians[it.setup])
    for candidate in candidates:
        if candidate not in (single, best):
            candidate.close()
    return best, medians


def run(options: argparse.Namespace, stack: ExitStack, folder: Path) -> dict:
    author = Author()
    say(f"starting the contenders, {THREADS} threads each")
    starter = Starter(options, stack, folder)
    started = {
        LIBRARY: starter.library(LIBRARY_SETUPS[0]), SERVER: starter.server(),
        SHERPA: starter.sherpa(SHERPA_SETUPS[0]), SERVICE: starter.service(),
    }
    say("which way of the libraries serves 4 clients best")
    busy, tried = dict(started), {}
    for name, start, setups in [(LIBRARY, starter.library, LIBRARY_SETUPS),
                                (SHERPA, starter.sherpa, SHERPA_SETUPS)]:
        busy[name], tried[name] = best_for_four(start, started[name], setups, author, options)

    bench = Bench(list({it.pid: it for it in [*started.values(), *busy.values()]}.values()))
    say("warm-up")
    warm_up = Bench(bench.contenders)
    for contender in bench.contenders:
        for length in [LONG, SHORT]:
            warm_up.one_by_one(contender, "", author.texts(length, 1, author.openings(1)))
        warm_up.four_at_once(contender, author.texts(MIDDLE, 4, author.openings(1)))

    for number in range(1, options.rounds + 1):
        one_round(bench, started, busy, author, options, number)
    say("idle")
    pids = [started[name].pid for name in NAMES]
    machine.wait_until_idle(pids)
    idle = dict(zip(NAMES, machine.idle_cores(pids, IDLE_SECONDS)))
    memory = {name: memory_of(started[name], busy[name]) for name in NAMES}
    say("cache")
    cached = starter.service(CACHE_MB)
    hits = cache_hits(cached, [author.texts(length, 1, author.openings(1))[0]
                               for length in OTHER_LENGTHS], options.hits)
    return collect(options, bench, started, busy, {
        "tried_setups": tried, "idle_cores": idle, "memory": memory, "cache_hits": hits,
    })


def one_round(bench: Bench, started: dict, busy: dict, author: Author,
              options: argparse.Namespace, number: int) -> None:
    openings = author.openings(options.openings)
    # Nobody always comes after the same one.
    names = NAMES[number % len(NAMES):] + NAMES[:number % len(NAMES)]
    for length in LENGTHS:
        texts = author.texts(length, options.texts[length], openings)
        for name in names:
            bench.one_by_one(started[name], alone(length), texts)
    for form in OTHER_FORMATS:
        for length in OTHER_LENGTHS:
            texts = author.texts(length, len(openings), openings)
            bench.one_by_one(started[SERVICE], alone(length, form), texts, form=form)
    texts = author.texts(MIDDLE, options.busy_texts, openings)
    turns = {name: bench.four_at_once(busy[name], texts) for name in names}
    firsts = [bench.of(name, alone(LONG))[-1].first for name in NAMES]
    say(f"round {number} of {options.rounds}: first audio of {LONG} sentences "
        + " / ".join(f"{first * 1000:.0f}" for first in firsts) + " ms, 4 clients "
        + " / ".join(f"{MIDDLE / turns[name].per_text:.2f}" for name in NAMES) + " sentences/s")


def memory_of(single, busy) -> dict[str, int]:
    alone_, four = machine.memory_bytes(single.pid), machine.memory_bytes(busy.pid)
    return alone_ | {f"{key}_busy": value for key, value in four.items()}


def collect(options, bench: Bench, started: dict, busy: dict, extra: dict) -> dict:
    """Everything that the report and --json show."""
    first = summary.first_audio(bench)
    peers = summary.against_peers(bench)
    texts = {it.text for turn in bench.turns for it in turn.spoken}
    return {
        "machine": driver.machine_facts(),
        "versions": started[SERVICE].versions | started[LIBRARY].versions
        | started[SHERPA].versions | {"Python": platform.python_version()},
        "voice": VOICE,
        "words_per_sentence": sum(it.words for it in texts) / sum(it.sentences for it in texts),
        "rounds": options.rounds,
        "setups": {name: busy[name].setup for name in NAMES},
        "results": {name: summary.contender(bench, name) for name in NAMES},
        "first_audio": first,
        "against_peers": peers,
        "formats": summary.formats(bench),
        **extra,
        "verdicts": summary.verdicts(first, peers, extra["cache_hits"]),
        "disturbance": disturbance([turn.cpu for turn in bench.turns]),
        "turns": [{
            "contender": turn.name, "kind": turn.kind, "seconds": turn.seconds,
            "cpu_seconds": turn.cpu, "inference_seconds": turn.inference_seconds,
            "spoken": [{
                "text": it.text.text, "first_seconds": it.first_seconds,
                "total_seconds": it.total_seconds, "audio_seconds": it.audio_seconds,
            } for it in turn.spoken],
        } for turn in bench.turns],
    }


if __name__ == "__main__":
    driver.main(NAME, arguments(), run, report.text)
