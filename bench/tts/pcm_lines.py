"""What the workers in this folder share: requests in, audio out, over their pipes.

See bench/common/worker.py. An answer is a line and audio (16-bit little-endian) a chunk, then
`done` with the rate. `at` is when a chunk was there, on the clock that all processes share:
carrying it over is no time of the library.
"""

import json
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Callable

import numpy as np

_out = threading.Lock()


def say(line: dict, content: bytes = b"") -> None:
    if content:
        line = line | {"bytes": len(content)}
    with _out:
        sys.stdout.buffer.write(json.dumps(line).encode() + b"\n" + content)
        sys.stdout.buffer.flush()


def pcm(samples: np.ndarray) -> bytes:
    """-1 to 1 as 16-bit samples."""
    return (np.clip(samples, -1.0, 1.0) * 32767).astype("<i2").tobytes()


def serve(speak: Callable[[str, Callable[[bytes], None]], int], callers: int) -> None:
    """Answers requests until the end of input, so many at once; `speak(text, chunk)` hands
    over audio as it comes and returns its rate in Hz."""

    def answer(request: dict) -> None:
        number = request["id"]
        try:
            rate = speak(
                request["text"],
                lambda audio: say({"id": number, "at": time.perf_counter()}, audio),
            )
            say({"id": number, "at": time.perf_counter(), "done": rate})
        except Exception as cause:  # pylint: disable=broad-except
            say({"id": number, "error": repr(cause)})

    with ThreadPoolExecutor(callers) as pool:
        for line in sys.stdin:
            pool.submit(answer, json.loads(line))
