"""The contenders: faster-whisper and whisper.cpp behind pipes, the service behind HTTP."""

import http.client
import json
import threading
import time
import uuid
from pathlib import Path

from clips import Clip
from process import HttpProcess, free_port, program_version
from worker import ANSWER_LIMIT_SECONDS, Worker

WHISPER_CPP, FASTER_WHISPER, SERVICE = "whisper.cpp", "faster-whisper", "this service"

# A connection that nobody used for longer may have been closed by the other side.
CONNECTION_LIMIT_SECONDS = 5.0


class Library(Worker):
    """A library in a process of its own; see whisper_defaults.rs for the protocol."""

    def transcribe(self, clip: Clip) -> str:
        with self.ask({"path": str(clip.path)}) as part:
            answer, _ = part()
        return answer["text"]


class Service(HttpProcess):
    """The service itself, asked over HTTP on connections that are kept, one a thread."""

    def __init__(self, binary: Path, models: Path, model: str, cores: set[int], folder: Path):
        port = free_port()
        # A folder without a .env file; its other settings are its defaults.
        super().__init__(
            SERVICE, port, "/health", [binary], cores, folder / "service.log", folder, {
                "ASR_PORT": str(port), "ASR_MODEL": model, "MODELS_DIR": str(models),
                "MAX_CONCURRENT_REQUESTS": "2", "LOG_FORMAT": "json",
                # The others compute on the CPU too.
                "ASR_DEVICE": "cpu",
            })
        self.setup = "2 at once"
        self.kept = threading.local()
        self.prepared: dict[Clip, tuple[bytes, dict[str, str]]] = {}
        self.versions = {"voice-stack-asr": program_version(binary)}

    def prepare(self, clip: Clip) -> tuple[bytes, dict[str, str]]:
        """The request's body and headers; made once, since making them is the client's cost."""
        if clip not in self.prepared:
            boundary = uuid.uuid4().hex
            parts = [(f'name="{name}"', value.encode()) for name, value in
                     [("language", "en"), ("response_format", "json")]]
            parts.append((f'name="file"; filename="{clip.path.name}"\r\nContent-Type: audio/wav',
                          clip.content()))
            body = b"".join(
                f"--{boundary}\r\nContent-Disposition: form-data; {head}\r\n\r\n".encode()
                + content + b"\r\n" for head, content in parts
            ) + f"--{boundary}--\r\n".encode()
            self.prepared[clip] = body, {
                "Content-Type": f"multipart/form-data; boundary={boundary}"
            }
        return self.prepared[clip]

    def transcribe(self, clip: Clip) -> str:
        body, headers = self.prepare(clip)
        if time.monotonic() - getattr(self.kept, "used", 0.0) > CONNECTION_LIMIT_SECONDS:
            self.kept.connection = http.client.HTTPConnection(
                "127.0.0.1", self.port, timeout=ANSWER_LIMIT_SECONDS
            )
        self.kept.connection.request("POST", "/v1/audio/transcriptions", body, headers)
        answer = self.kept.connection.getresponse()
        content = answer.read().decode()
        self.kept.used = time.monotonic()
        if answer.status != 200:
            raise self.failure(f"{clip.name} was answered {answer.status}: {content}")
        return json.loads(content)["text"]

    def inference(self) -> tuple[float, int]:
        """Seconds of computing so far by the service's own account, and in how many requests."""
        name = "voice_inference_seconds"
        return self.metric(f"{name}_sum"), int(self.metric(f"{name}_count"))

    def logged_inferences(self) -> list[dict]:
        """What the service logged of each inference, in order."""
        lines = self.log.read_text(encoding="utf-8", errors="replace").splitlines()
        return [json.loads(line) for line in lines if '"inference finished"' in line]
