"""The contenders: libraries behind pipes, servers behind HTTP."""

import http.client
import json
import sys
import threading
import time
from pathlib import Path

from process import HttpProcess, free_port, program_version
from speech import Recording, Speech
from texts import Text
from worker import ANSWER_LIMIT_SECONDS, Worker

LIBRARY, SERVER = "piper-tts library", "piper-tts server"
SHERPA, SERVICE = "sherpa-onnx", "this service"
PEERS = [LIBRARY, SERVER, SHERPA]
NAMES = [*PEERS, SERVICE]

HERE = Path(__file__).parent
PCM_RATE_HZ = 24_000
READ_BYTES = 1 << 16
# A connection that nobody used for longer may have been closed by the other side.
CONNECTION_LIMIT_SECONDS = 5.0


class Library(Worker):
    """A library in a process of its own, behind the protocol of pcm_lines.py."""

    def __init__(self, name: str, setup: str, script: str, arguments: list, cores: set[int],
                 folder: Path):
        super().__init__(name, setup, [sys.executable, "-B", HERE / script, *arguments],
                         cores, folder)

    def speak(self, text: Text) -> Speech:
        heard = Recording.headerless()
        first = None
        started = time.perf_counter()
        with self.ask({"text": text.text}) as part:
            while True:
                answer, content = part()
                if "done" in answer:
                    break
                first = first or answer["at"]
                heard.add(content)
        heard.rate = answer["done"]
        heard.check(self.name, text)
        return Speech(text, first - started, answer["at"] - started, heard.seconds)


class HttpSpeaker(HttpProcess):
    """A server that answers a POST of JSON with audio, on connections kept one a thread."""

    def __init__(self, *arguments, **named):
        self.kept = threading.local()
        super().__init__(*arguments, **named)

    def post(self, path: str, request: dict, heard: Recording | None) -> tuple[float, float]:
        """Seconds to the first sample (to the first byte where nothing is `heard`) and to
        the end."""
        body = json.dumps(request).encode()
        if time.monotonic() - getattr(self.kept, "used", 0.0) > CONNECTION_LIMIT_SECONDS:
            self.kept.connection = http.client.HTTPConnection(
                "127.0.0.1", self.port, timeout=ANSWER_LIMIT_SECONDS
            )
        connection, first = self.kept.connection, None
        started = time.perf_counter()
        connection.request("POST", path, body, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        if answer.status != 200:
            raise self.failure(f"{self.name} answered {answer.status}: {answer.read().decode()}")
        while part := answer.read1(READ_BYTES):
            if heard:
                heard.add(part)
            if first is None and (heard is None or heard.begun):
                first = time.perf_counter() - started
        total = time.perf_counter() - started
        # A body of known length does not close itself when it is read in parts.
        answer.close()
        self.kept.used = time.monotonic()
        return first or total, total


class PiperServer(HttpSpeaker):
    """Piper's own HTTP server, which answers with a WAV file."""

    def __init__(self, voice: Path, threads: int, cores: set[int], folder: Path):
        port = free_port()
        command = [sys.executable, "-B", HERE / "piper_server.py", threads,
                   "--model", voice, "--host", "127.0.0.1", "--port", port]
        super().__init__(SERVER, port, "/info", command, cores, folder / "piper-server.log", folder)
        self.setup = "its own"

    def speak(self, text: Text) -> Speech:
        heard = Recording()
        first, total = self.post("/synthesize", {"text": text.text}, heard)
        heard.check(self.name, text)
        return Speech(text, first, total, heard.seconds)


class Service(HttpSpeaker):
    """The service itself; its cache is off unless it has a size."""

    def __init__(self, binary: Path, models: Path, voice: str, cores: set[int], folder: Path,
                 cache_mb: int = 0):
        port = free_port()
        # A folder without a .env file; its other settings are its defaults.
        super().__init__(
            SERVICE, port, "/health/ready", [binary], cores, folder / f"service-{port}.log",
            folder, {
                "TTS_PORT": str(port), "TTS_VOICE": voice, "MODELS_DIR": str(models),
                "TTS_CACHE_SIZE_MB": str(cache_mb), "PRELOAD": "true", "LOG_FORMAT": "json",
                "MAX_CONCURRENT_REQUESTS": "2",
                # The others compute on the CPU too.
                "TTS_DEVICE": "cpu",
            })
        self.setup = "2 at once"
        self.versions = {"voice-stack-tts": program_version(binary)}

    def speak(self, text: Text, form: str = "wav") -> Speech:
        heard = {"wav": Recording(), "pcm": Recording.headerless(PCM_RATE_HZ)}.get(form)
        first, total = self.post(
            "/v1/audio/speech", {"input": text.text, "response_format": form}, heard
        )
        if heard:
            heard.check(self.name, text)
        return Speech(text, first, total, heard.seconds if heard else None)

    def samples(self, text: Text) -> tuple[bytes, float]:
        """All samples of a text, and the seconds to the first of them."""
        heard = Recording()
        first, _ = self.post("/v1/audio/speech",
                             {"input": text.text, "response_format": "wav"}, heard)
        heard.check(self.name, text)
        return bytes(heard.content[heard.start:]), first

    def computed_seconds(self) -> float:
        """Seconds of inference so far, by the service's own account."""
        return self.metric("voice_inference_seconds_sum")
