"""faster-whisper as its users call it, behind the protocol of whisper_defaults.rs.

    faster_whisper_worker.py MODEL_FOLDER THREADS WORKERS

Its defaults (temperature fallback, timestamps, no VAD filter) apart from what is compared:
int8 weights and greedy search. WORKERS > 1 computes so many requests at once.
"""

import json
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version

from faster_whisper import WhisperModel

# As many as the clients that the throughput is measured with.
CALLERS = 4
PACKAGES = ["faster-whisper", "ctranslate2", "onnxruntime", "av", "numpy"]

_out = threading.Lock()


def say(line: dict) -> None:
    with _out:
        print(json.dumps(line), flush=True)


def transcribe(model: WhisperModel, request: dict) -> None:
    started = time.perf_counter()
    try:
        segments, _ = model.transcribe(request["path"], language="en", beam_size=1)
        # The segments are computed as they are read.
        text = "".join(segment.text for segment in segments).strip()
        seconds = time.perf_counter() - started
        say({"id": request["id"], "text": text, "seconds": seconds})
    except Exception as cause:  # pylint: disable=broad-except
        say({"id": request["id"], "error": repr(cause)})


def main() -> None:
    folder, threads, workers = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    model = WhisperModel(
        folder, device="cpu", compute_type="int8", cpu_threads=threads, num_workers=workers
    )
    say({"ready": {name: version(name) for name in PACKAGES}})
    with ThreadPoolExecutor(CALLERS) as pool:
        for line in sys.stdin:
            pool.submit(transcribe, model, json.loads(line))


if __name__ == "__main__":
    main()
