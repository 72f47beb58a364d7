"""A child process of the benchmark: started on given cores, ended by its pid."""

import http.client
import os
import socket
import subprocess
import time
from pathlib import Path

START_LIMIT_SECONDS = 60.0
# The services go on answering for 5 s after they are told to end.
END_LIMIT_SECONDS = 15.0

# Nothing else of the caller's environment reaches a contender: settings would change it.
INHERITED = ["PATH", "HOME", "LANG", "TMPDIR", "XDG_DATA_HOME", "LD_LIBRARY_PATH"]


class Failure(Exception):
    """A contender could not start or answer."""


class Process:
    """A child that runs on the given cores and is ended by its pid; its pipes carry bytes."""

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
                    env=environment | (settings or {}), cwd=folder,
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


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return free.getsockname()[1]


class HttpProcess(Process):
    """A server on the loopback interface; it is ready once `health` answers 200."""

    def __init__(self, name: str, port: int, health: str, command: list, cores: set[int],
                 log: Path, folder: Path, settings=None):
        super().__init__(command, cores, log, folder, settings)
        self.name, self.port = name, port
        try:
            self._wait_until_healthy(health)
        except BaseException:
            self.close()
            raise

    def _wait_until_healthy(self, health: str) -> None:
        deadline = time.monotonic() + START_LIMIT_SECONDS
        while time.monotonic() < deadline and self.child.poll() is None:
            try:
                self.get(health)
                return
            except OSError:
                time.sleep(0.05)
        raise self.failure(f"{self.name} did not start:")

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

    def metric(self, name: str) -> float:
        """The sum over all label sets of a series at /metrics."""
        return sum(
            float(line.rsplit(" ", 1)[1]) for line in self.get("/metrics").splitlines()
            if line.startswith((f"{name} ", f"{name}{{"))
        )


def program_version(binary: Path) -> str:
    answer = subprocess.run([binary, "--version"], capture_output=True, text=True, check=True)
    return answer.stdout.split()[-1]
