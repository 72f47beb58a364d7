"""piper-tts as its users call it, behind the protocol of pcm_lines.py.

    piper_library_worker.py VOICE.onnx THREADS SESSIONS CALLERS

CALLERS texts at once, on SESSIONS loaded voices that compute with THREADS threads each.
"""

import itertools
import sys
from importlib.metadata import version

import piper_threads
from pcm_lines import say, serve

PACKAGES = ["piper-tts", "onnxruntime", "numpy"]


def main() -> None:
    path, threads, sessions, callers = sys.argv[1], *map(int, sys.argv[2:])
    piper_threads.limit(threads)
    from piper import PiperVoice  # pylint: disable=import-outside-toplevel

    voices = itertools.cycle([PiperVoice.load(path) for _ in range(sessions)])

    def speak(text: str, chunk) -> int:
        voice = next(voices)
        # Each chunk is a sentence, computed as it is asked for.
        for made in voice.synthesize(text):
            chunk(made.audio_int16_bytes)
        return voice.config.sample_rate

    say({"ready": {name: version(name) for name in PACKAGES}})
    serve(speak, callers)


if __name__ == "__main__":
    main()
