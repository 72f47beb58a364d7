"""The recordings that everybody transcribes: 2 to 11 s of English, 16 kHz mono WAV."""

import wave
from dataclasses import dataclass
from pathlib import Path

import av

RATE_HZ = 16_000
SHORTEST_SECONDS, LONGEST_SECONDS = 2.0, 11.05

# Sentences of samples/jfk.flac, cut in its pauses.
JFK_CUTS = [
    (0.0, 11.0, "and so my fellow americans ask not what your country can do for you "
                "ask what you can do for your country"),
    (0.0, 2.9, "and so my fellow americans"),
    (2.9, 7.9, "ask not what your country can do for you"),
    (7.9, 11.0, "ask what you can do for your country"),
    (0.0, 7.9, "and so my fellow americans ask not what your country can do for you"),
    (2.9, 11.0, "ask not what your country can do for you "
                "ask what you can do for your country"),
]


@dataclass(frozen=True)
class Clip:
    """A recording and what is said in it."""

    name: str
    path: Path
    seconds: float
    words: str

    def content(self) -> bytes:
        return self.path.read_bytes()


def clips(root: Path, folder: Path) -> list[Clip]:
    """The English recordings beside the project, else cuts of its own sample; shortest first.

    `folder` takes files that have to be written.
    """
    found = _beside(root.parent / "shared" / "audio") or _cut(root / "samples" / "jfk.flac", folder)
    return sorted(found, key=lambda clip: clip.seconds)


def _beside(folder: Path) -> list[Clip]:
    table = folder / "refs.tsv"
    if not table.exists():
        return []
    found = []
    for line in table.read_text(encoding="utf-8").splitlines():
        name, language, words = line.split("\t")[:3]
        path = folder / name
        if language != "en" or not path.exists():
            continue
        with wave.open(str(path)) as recording:
            seconds = recording.getnframes() / recording.getframerate()
            # The contenders' decoders and resamplers are not what is compared.
            fits = (recording.getframerate(), recording.getnchannels(),
                    recording.getsampwidth()) == (RATE_HZ, 1, 2)
        if fits and SHORTEST_SECONDS <= seconds <= LONGEST_SECONDS:
            found.append(Clip(path.stem, path, seconds, words))
    return found


def _cut(recording: Path, folder: Path) -> list[Clip]:
    folder.mkdir(parents=True, exist_ok=True)
    samples = _decode(recording)
    made = []
    for start, end, words in JFK_CUTS:
        path = folder / f"{recording.stem}-{start:.1f}-{end:.1f}.wav"
        part = samples[2 * int(start * RATE_HZ):2 * int(end * RATE_HZ)]
        with wave.open(str(path), "wb") as out:
            out.setnchannels(1)
            out.setsampwidth(2)
            out.setframerate(RATE_HZ)
            out.writeframes(part)
        made.append(Clip(path.stem, path, len(part) / 2 / RATE_HZ, words))
    return made


def _decode(recording: Path) -> bytes:
    """16-bit little-endian samples at RATE_HZ."""
    resampler = av.AudioResampler(format="s16", layout="mono", rate=RATE_HZ)
    with av.open(str(recording)) as container:
        frames = [part for frame in container.decode(audio=0) for part in resampler.resample(frame)]
    frames += resampler.resample(None)
    return b"".join(frame.to_ndarray().astype("<i2").tobytes() for frame in frames)
