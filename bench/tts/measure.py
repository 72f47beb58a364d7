"""The measurements. Only one contender computes at a time, and they take turns in each round,
so that whatever slows the machine down for a while slows down all of them."""

import statistics
from dataclasses import dataclass

from contenders import Service
from speech import Speech
from texts import LONG, SHORT, Text
from turns import by_clients, metered

BUSY = "4 clients"
# Other forms of the service's answers; the contenders are compared by their WAV.
OTHER_FORMATS = ["pcm", "mp3"]
OTHER_LENGTHS = [SHORT, LONG]


def alone(sentences: int, form: str = "wav") -> str:
    """One client with texts of one length."""
    return f"1 client, {sentences}, {form}"


@dataclass
class Turn:
    """What one contender did in one round, with texts of one length."""

    name: str
    kind: str
    seconds: float
    spoken: list[Speech]
    cpu: dict[str, float]
    inference_seconds: float | None = None

    @property
    def first(self) -> float:
        """Mean seconds to the first audio."""
        return statistics.fmean(it.first_seconds for it in self.spoken)

    @property
    def per_text(self) -> float:
        """Mean seconds that a text took; with several clients, that one more would take."""
        return self.seconds / len(self.spoken)

    @property
    def audio(self) -> float:
        """Mean seconds of audio made of a text."""
        return statistics.fmean(it.audio_seconds for it in self.spoken)

    @property
    def rtf(self) -> float:
        """Seconds a second of the audio that was made."""
        return self.per_text / self.audio


class Bench:
    """Contenders and what they did."""

    def __init__(self, contenders: list):
        self.contenders = contenders
        self.turns: list[Turn] = []

    def one_by_one(self, contender, kind: str, texts: list[Text], **named) -> Turn:
        """One client, one text after the other."""

        def work() -> tuple[list[Speech], float]:
            spoken = [contender.speak(text, **named) for text in texts]
            return spoken, sum(it.total_seconds for it in spoken)

        return self._turn(contender, kind, work)

    def four_at_once(self, contender, texts: list[Text]) -> Turn:
        """Four clients that each take the next text as they get free."""
        return self._turn(contender, BUSY, lambda: by_clients(texts, contender.speak))

    def _turn(self, contender, kind: str, work) -> Turn:
        before = contender.computed_seconds() if isinstance(contender, Service) else None
        (spoken, seconds), cpu = metered(contender, self.contenders, work)
        turn = Turn(contender.name, kind, seconds, spoken, cpu)
        if before is not None:
            turn.inference_seconds = contender.computed_seconds() - before
        self.turns.append(turn)
        return turn

    def of(self, name: str, kind: str) -> list[Turn]:
        return [turn for turn in self.turns if (turn.name, turn.kind) == (name, kind)]


def cache_hits(service: Service, texts: list[Text], repeats: int) -> dict[str, dict[str, float]]:
    """Seconds to the first audio of texts that the service has spoken before, by length.

    Speech of the same text differs each time that it is made: the same bytes are a hit.
    """
    found = {}
    for text in texts:
        made, miss = service.samples(text)
        waits = []
        for _ in range(repeats):
            kept, first = service.samples(text)
            if kept != made:
                raise service.failure(f"made again instead of kept: {text.text}")
            waits.append(first)
        waits.sort()
        found[str(text.sentences)] = {
            "miss_seconds": miss,
            "median_seconds": statistics.median(waits),
            "p95_seconds": waits[int(0.95 * (len(waits) - 1))],
            "max_seconds": waits[-1],
            "requests": repeats,
            "bytes": len(made),
        }
    return found
