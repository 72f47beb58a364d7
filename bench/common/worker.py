"""A child process that answers over its pipes.

A request is one line of JSON with an `id`. An answer is one or more lines of JSON with that
`id`; a line with `bytes` is followed by so many bytes. Before all of them comes one line with
`ready`: the versions of what computes.
"""

import json
import queue
import threading
from contextlib import contextmanager
from pathlib import Path
from typing import Callable, Iterator

from process import START_LIMIT_SECONDS, Process

ANSWER_LIMIT_SECONDS = 120.0


class Worker(Process):
    """A contender that is a library, in a process of its own."""

    def __init__(self, name: str, setup: str, command: list, cores: set[int], folder: Path):
        super().__init__(
            command, cores, folder / f"{name} {setup}.log".replace(" ", "-"), folder,
            # No library may reach for a model hub.
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
            content = self.child.stdout.read(answer["bytes"]) if "bytes" in answer else b""
            if "ready" in answer:
                self.started.put(answer["ready"])
            else:
                self.answers[answer["id"]].put((answer, content))
        self.started.put(None)
        with self.lock:
            for waiting in self.answers.values():
                waiting.put(({"error": "it ended"}, b""))

    @contextmanager
    def ask(self, request: dict) -> Iterator[Callable[[], tuple[dict, bytes]]]:
        """Sends a request; what it hands out waits for the next part of the answer."""
        arrived: queue.SimpleQueue = queue.SimpleQueue()
        with self.lock:
            self.last_id += 1
            number = self.last_id
            self.answers[number] = arrived
            self.child.stdin.write(json.dumps({"id": number} | request).encode() + b"\n")
            self.child.stdin.flush()

        def part() -> tuple[dict, bytes]:
            try:
                answer, content = arrived.get(timeout=ANSWER_LIMIT_SECONDS)
            except queue.Empty:
                answer, content = {"error": "no answer in time"}, b""
            if "error" in answer:
                raise self.failure(f"{self.name}: {request}: {answer['error']}")
            return answer, content

        try:
            yield part
        finally:
            with self.lock:
                del self.answers[number]
