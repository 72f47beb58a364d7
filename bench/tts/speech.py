"""An answer of a contender: when its audio came, and whether it can be the whole text."""

import struct
from dataclasses import dataclass, field

import numpy as np

from process import Failure
from texts import Text

BYTES_PER_SAMPLE = 2
# Piper reads these texts at 0.3 s a word: outside of these bounds something else was said.
LEAST_SECONDS_PER_WORD, MOST_SECONDS_PER_WORD = 0.18, 0.6
LEAST_PEAK = 1000


@dataclass
class Speech:
    """Seconds from sending the request to its first audio, to its end, and of audio."""

    text: Text
    first_seconds: float
    total_seconds: float
    # None where the audio is encoded.
    audio_seconds: float | None


@dataclass
class Recording:
    """Mono audio that is being received: headerless, or a WAV file as it is streamed."""

    rate: int | None = None
    content: bytearray = field(default_factory=bytearray)
    # Where the samples begin, once that is known.
    start: int | None = None

    @classmethod
    def headerless(cls, rate: int | None = None) -> "Recording":
        return cls(rate=rate, start=0)

    def add(self, part: bytes) -> None:
        self.content += part
        if self.start is None:
            self._read_header()

    def _read_header(self) -> None:
        """Chunks of a RIFF file up to its samples; whatever their size says, they end last."""
        position = 12
        while position + 8 <= len(self.content):
            name, size = struct.unpack_from("<4sI", self.content, position)
            position += 8
            if name == b"data":
                self.start = position
                return
            if name == b"fmt " and position + 16 <= len(self.content):
                kind, channels, self.rate, _, _, bits = struct.unpack_from(
                    "<HHIIHH", self.content, position)
                if (kind, channels, bits) != (1, 1, 8 * BYTES_PER_SAMPLE):
                    raise Failure(f"format {kind}, {channels} channels, {bits} bits")
            position += size + size % 2

    @property
    def begun(self) -> bool:
        """Whether there is a sample."""
        return self.start is not None and len(self.content) >= self.start + BYTES_PER_SAMPLE

    @property
    def seconds(self) -> float:
        return (len(self.content) - self.start) / BYTES_PER_SAMPLE / self.rate

    def check(self, name: str, text: Text) -> None:
        """Fails if this can't be the text: what says less takes less time."""
        if not self.begun:
            raise Failure(f"{name} answered without audio: {text.text}")
        per_word = self.seconds / text.words
        samples = np.frombuffer(self.content, "<i2", offset=self.start)
        if not LEAST_SECONDS_PER_WORD <= per_word <= MOST_SECONDS_PER_WORD:
            raise Failure(f"{name} spoke {self.seconds:.1f} s for {text.words} words: {text.text}")
        if np.abs(samples.astype(np.int32)).max() < LEAST_PEAK:
            raise Failure(f"{name} answered with silence: {text.text}")
