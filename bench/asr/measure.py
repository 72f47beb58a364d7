"""The measurements. Only one contender computes at a time, and they take turns in each round,
so that whatever slows the machine down for a while slows down all of them."""

import statistics
import time
from dataclasses import dataclass, field

from clips import Clip
from contenders import Service
from turns import by_clients, metered
from wer import errors, words


@dataclass
class Turn:
    """What one contender did in one round."""

    name: str
    kind: str
    seconds: float
    requests: int
    cpu: dict[str, float]
    latencies: dict[str, float] = field(default_factory=dict)
    texts: list[tuple[Clip, str]] = field(default_factory=list)
    inference_seconds: float | None = None

    @property
    def figure(self) -> float:
        """Mean seconds a clip with one client, requests a second with several."""
        if self.kind == "latency":
            return self.seconds / self.requests
        return self.requests / self.seconds


class Bench:
    """Contenders and clips."""

    def __init__(self, contenders: list, clips: list[Clip]):
        self.contenders, self.clips = contenders, clips
        self.turns: list[Turn] = []

    def _turn(self, contender, kind: str, work) -> Turn:
        inference = contender.inference() if isinstance(contender, Service) else None
        turn, cpu = metered(contender, self.contenders, lambda: work(contender))
        turn.cpu = cpu
        if inference:
            turn.inference_seconds = contender.inference()[0] - inference[0]
        turn.name, turn.kind = contender.name, kind
        self.turns.append(turn)
        return turn

    def latency(self, contender) -> Turn:
        """Every clip once, one after the other."""

        def work(contender) -> Turn:
            turn = Turn("", "", 0.0, len(self.clips), {})
            for clip in self.clips:
                started = time.perf_counter()
                text = contender.transcribe(clip)
                turn.latencies[clip.name] = time.perf_counter() - started
                turn.texts.append((clip, text))
            turn.seconds = sum(turn.latencies.values())
            return turn

        return self._turn(contender, "latency", work)

    def throughput(self, contender, passes: int) -> Turn:
        """Every clip `passes` times, by 4 clients that each take the next as they get free."""
        return self._turn(contender, "throughput", lambda it: _batch(it, self.clips * passes))

    def of(self, name: str, kind: str) -> list[Turn]:
        return [turn for turn in self.turns if (turn.name, turn.kind) == (name, kind)]


def _batch(contender, batch: list[Clip]) -> Turn:
    # The last is taken first, so the longest go first: the batch should not end in one
    # client's long clip.
    todo = sorted(batch, key=lambda clip: clip.seconds)
    texts, seconds = by_clients(todo, lambda clip: (clip, contender.transcribe(clip)))
    return Turn("", "", seconds, len(texts), {}, texts=texts)


def word_errors(turns: list[Turn]) -> tuple[int, int]:
    """Errors and words of the reference, over all answers of these turns."""
    answers = [answer for turn in turns for answer in turn.texts]
    return (
        sum(errors(clip.words, heard) for clip, heard in answers),
        sum(len(words(clip.words)) for clip, _ in answers),
    )


def overhead(service: Service, clip: Clip, requests: int) -> dict[str, float]:
    """What a request costs beside inference: the client's wait less the service's own account
    of its computing (which includes voice activity detection, and not the decoding)."""
    service.transcribe(clip)
    logged = len(service.logged_inferences())
    before = service.inference()
    waits = []
    for _ in range(requests):
        started = time.perf_counter()
        service.transcribe(clip)
        waits.append(time.perf_counter() - started)
    after = service.inference()
    if after[1] - before[1] != requests:
        raise service.failure(f"{requests} requests made {after[1] - before[1]} inferences")
    computed = [it["processing_seconds"] for it in service.logged_inferences()[logged:]]
    if len(computed) != requests:
        raise service.failure(f"{requests} requests logged {len(computed)} inferences")
    each = [wait - own for wait, own in zip(waits, computed)]
    return {
        "clip_seconds": clip.seconds,
        "requests": requests,
        "latency_mean_seconds": statistics.fmean(waits),
        "inference_mean_seconds": (after[0] - before[0]) / requests,
        "mean_seconds": statistics.fmean(waits) - (after[0] - before[0]) / requests,
        "median_seconds": statistics.median(each),
        "max_seconds": max(each),
    }
