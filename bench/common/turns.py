"""One contender's turn: alone on the machine, as far as that can be arranged, and metered."""

import threading
import time
from typing import Callable, TypeVar

from machine import CpuMeter, wait_until_idle

CLIENTS = 4

Task = TypeVar("Task")
Answer = TypeVar("Answer")


def metered(active, everyone: list, work: Callable[[], Answer]) -> tuple[Answer, dict[str, float]]:
    """Waits until all contenders are idle, lets one work, and says who used the CPU meanwhile."""
    others = [it.pid for it in everyone if it is not active]
    wait_until_idle(others + [active.pid])
    meter = CpuMeter(active.pid, others)
    answer = work()
    return answer, meter.read()


def by_clients(tasks: list[Task], ask: Callable[[Task], Answer]) -> tuple[list[Answer], float]:
    """Four clients that each take the last task as they get free: answers and seconds."""
    todo = list(tasks)
    answers: list[Answer] = []
    failures: list[BaseException] = []
    lock = threading.Lock()

    def client() -> None:
        try:
            while not failures:
                with lock:
                    if not todo:
                        return
                    task = todo.pop()
                answer = ask(task)
                with lock:
                    answers.append(answer)
        except BaseException as cause:  # pylint: disable=broad-except
            failures.append(cause)

    threads = [threading.Thread(target=client, daemon=True) for _ in range(CLIENTS)]
    started = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seconds = time.perf_counter() - started
    if failures:
        raise failures[0]
    return answers, seconds


def disturbance(meters: list[dict[str, float]]) -> dict[str, float]:
    """Cores that others used while one contender computed: idle contenders, and strangers."""
    wall = sum(meter["wall"] for meter in meters)
    return {
        "idle_contenders_cores": sum(meter["idle"] for meter in meters) / wall,
        "strangers_cores": sum(meter["foreign"] for meter in meters) / wall,
        "strangers_cores_worst_turn": max(meter["foreign"] / meter["wall"] for meter in meters),
    }
