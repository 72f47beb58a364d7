"""sherpa-onnx as its users call it, behind the protocol of pcm_lines.py.

    sherpa_worker.py MODEL.onnx TOKENS.txt ESPEAK_DATA THREADS CALLERS

CALLERS texts at once, each on an engine of its own with THREADS threads. The model is one with
sherpa-onnx's metadata: see sherpa_voice.py.
"""

import queue
import sys
from importlib.metadata import version

import sherpa_onnx
from pcm_lines import pcm, say, serve

PACKAGES = ["sherpa-onnx"]
GO_ON = 1


def engine(model: str, tokens: str, data: str, threads: int) -> sherpa_onnx.OfflineTts:
    vits = sherpa_onnx.OfflineTtsVitsModelConfig(model=model, tokens=tokens, data_dir=data)
    return sherpa_onnx.OfflineTts(sherpa_onnx.OfflineTtsConfig(
        model=sherpa_onnx.OfflineTtsModelConfig(vits=vits, num_threads=threads, provider="cpu"),
        # Its default: audio is handed over after each sentence.
        max_num_sentences=1,
    ))


def main() -> None:
    model, tokens, data = sys.argv[1:4]
    threads, callers = map(int, sys.argv[4:])
    free: queue.SimpleQueue = queue.SimpleQueue()
    for _ in range(callers):
        free.put(engine(model, tokens, data, threads))

    def speak(text: str, chunk) -> int:
        own = free.get()
        try:
            def arrived(samples, _progress) -> int:
                chunk(pcm(samples))
                return GO_ON

            return own.generate(text, callback=arrived).sample_rate
        finally:
            free.put(own)

    say({"ready": {name: version(name) for name in PACKAGES}})
    serve(speak, callers)


if __name__ == "__main__":
    main()
