"""The processes that are compared: started, asked, ended."""

import http.client
import json
import os
import queue
import socket
import subprocess
import threading
import time
import uuid
from pathlib import Path

from clips import Clip

WHISPER_CPP, FASTER_WHISPER, SERVICE = "whisper.cpp", "faster-whisper", "this service"

START_LIMIT_SECONDS = 60.0
ANSWER_LIMIT_SECONDS = 120.0
# A connection that nobody used for longer may have been closed by the other side.
CONNECTION_LIMIT_SECONDS = 5.0
# The service goes on answering for 5 s after it is told to end.
END_LIMIT_SECONDS = 15.0

# Nothing else of the caller's environment reaches a contender: settings would change it.
INHERITED = ["PATH", "HOME", "LANG", "TMPDIR", "XDG_DATA_HOME", "LD_LIBRARY_PATH"]


class Failure(Exception):
    """A contender could not start or answer."""


class Process:
    """A child that runs on the given cores and is ended by its pid."""

    def __init__(self, command: list, cores: set[int], log: Path, folder: Path, settings=None):
        environment = {name: os.environ[name] for name in INHERITED if name in os.environ}
        # A child inherits the affinity of the thread that starts it.
        own_cores = os.sched_getaffinity(0)
        os.sched_setaffinity(0, cores)
        try:
            with log.open("wb") as errors:
                self.child = subprocess.Popen(
                    [str(part) for part in command],
                    stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors,
                    env=environment | (settings or {}), cwd=folder, text=True,
                    # Ctrl-C is for the driver, which then ends its children.
                    start_new_session=True,
                )
        finally:
            os.sched_setaffinity(0, own_cores)
        self.log = log
        self.pid = self.child.pid

    def failure(self, what: str) -> Failure:
        tail = self.log.read_text(encoding="utf-8", errors="replace")[-2000:]
        return Failure(f"{what}\n{tail}")

    def close(self) -> None:
        if self.child.poll() is not None:
            return
        self.child.stdin.close()
        self.child.terminate()
        try:
            self.child.wait(END_LIMIT_SECONDS)
        except subprocess.TimeoutExpired:
            self.child.kill()
            self.child.wait()


class Worker(Process):
    """A process that answers JSON lines; see whisper_defaults.rs for the protocol."""

    def __init__(self, name: str, setup: str, command: list, cores: set[int], folder: Path):
        super().__init__(
            command, cores, folder / f"{name} {setup}.log".replace(" ", "-"), folder,
            {"HF_HUB_OFFLINE": "1", "PYTHONDONTWRITEBYTECODE": "1"},
        )
        self.name = name
        self.setup = setup
        self.answers: dict[int, queue.SimpleQueue] = {}
        self.last_id = 0
        self.lock = threading.Lock()
        self.started: queue.SimpleQueue = queue.SimpleQueue()
        threading.Thread(target=self._read, daemon=True).start()
        try:
            self.versions = self.started.get(timeout=START_LIMIT_SECONDS)
        except queue.Empty:
            self.versions = None
        if self.versions is None:
            self.close()
            raise self.failure(f"{name} did not start:")

    def _read(self) -> None:
        for line in self.child.stdout:
            answer = json.loads(line)
            if "ready" in answer:
                self.started.put(answer["ready"])
            else:
                self.answers[answer["id"]].put(answer)
        self.started.put(None)
        with self.lock:
            for waiting in self.answers.values():
                waiting.put({"error": "it ended"})

    def transcribe(self, clip: Clip) -> str:
        answer: queue.SimpleQueue = queue.SimpleQueue()
        with self.lock:
            self.last_id += 1
            number = self.last_id
            self.answers[number] = answer
            self.child.stdin.write(json.dumps({"id": number, "path": str(clip.path)}) + "\n")
            self.child.stdin.flush()
        try:
            got = answer.get(timeout=ANSWER_LIMIT_SECONDS)
        except queue.Empty:
            got = {"error": "no answer in time"}
        with self.lock:
            del self.answers[number]
        if "error" in got:
            raise self.failure(f"{self.name}: {clip.name}: {got['error']}")
        return got["text"]


class Service(Process):
    """The service itself, asked over HTTP on connections that are kept, one a thread."""

    def __init__(self, binary: Path, models: Path, model: str, cores: set[int], folder: Path):
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        # A folder without a .env file; its other settings are its defaults.
        super().__init__([binary], cores, folder / "service.log", folder, {
            "ASR_PORT": str(self.port), "ASR_MODEL": model, "MODELS_DIR": str(models),
            "MAX_CONCURRENT_REQUESTS": "2", "LOG_FORMAT": "json",
            # The others compute on the CPU too.
            "ASR_DEVICE": "cpu",
        })
        self.name = SERVICE
        self.setup = "2 at once"
        self.kept = threading.local()
        self.prepared: dict[Clip, tuple[bytes, dict[str, str]]] = {}
        try:
            self._wait_until_healthy()
        except BaseException:
            self.close()
            raise
        version = subprocess.run([binary, "--version"], capture_output=True, text=True, check=True)
        self.versions = {"voice-stack-asr": version.stdout.split()[-1]}

    def _wait_until_healthy(self) -> None:
        deadline = time.monotonic() + START_LIMIT_SECONDS
        while time.monotonic() < deadline and self.child.poll() is None:
            try:
                self.get("/health")
                return
            except OSError:
                time.sleep(0.05)
        raise self.failure("the service did not start:")

    def get(self, path: str) -> str:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            body = answer.read().decode()
        finally:
            connection.close()
        if answer.status != 200:
            raise self.failure(f"{path} answered {answer.status}: {body}")
        return body

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
        totals = {"sum": 0.0, "count": 0.0}
        for line in self.get("/metrics").splitlines():
            for kind in totals:
                if line.startswith(f"voice_inference_seconds_{kind}"):
                    totals[kind] += float(line.rsplit(" ", 1)[1])
        return totals["sum"], int(totals["count"])

    def logged_inferences(self) -> list[dict]:
        """What the service logged of each inference, in order."""
        lines = self.log.read_text(encoding="utf-8", errors="replace").splitlines()
        return [json.loads(line) for line in lines if '"inference finished"' in line]
