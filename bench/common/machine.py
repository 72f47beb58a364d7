"""What the machine is, and who uses its cores."""

import os
import platform
import time
from pathlib import Path

TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")


def cpu_name() -> str:
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.machine()


def cores_for_contenders(count: int) -> set[int]:
    """`count` of the cores that this process may use, on as many physical cores as possible:
    two hardware threads of one core are not two cores."""
    allowed = sorted(os.sched_getaffinity(0))
    if len(allowed) < count:
        raise SystemExit(f"the comparison needs {count} cores; {len(allowed)} may be used here")
    chosen: list[int] = []
    seen: set[str] = set()
    for core in allowed:
        file = Path(f"/sys/devices/system/cpu/cpu{core}/topology/thread_siblings_list")
        siblings = file.read_text(encoding="utf-8").strip() if file.exists() else str(core)
        if siblings not in seen:
            seen.add(siblings)
            chosen.append(core)
    chosen += [core for core in allowed if core not in chosen]
    return set(chosen[:count])


def cpu_seconds(pid: int) -> float:
    """CPU time of a process so far, all its threads together."""
    # The command name, in brackets, may hold anything; what follows it may not.
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS_PER_SECOND


def memory_bytes(pid: int) -> dict[str, int]:
    """What a process holds in memory now, and the most that it held so far."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines()
    fields = dict(line.split(":", 1) for line in status)
    return {
        "resident": int(fields["VmRSS"].split()[0]) * 1024,
        "peak": int(fields["VmHWM"].split()[0]) * 1024,
    }


def idle_cores(pids: list[int], seconds: float) -> list[float]:
    """Cores that each of these processes uses while nobody asks for anything."""
    started = time.perf_counter()
    before = [cpu_seconds(pid) for pid in pids]
    time.sleep(seconds)
    wall = time.perf_counter() - started
    return [(cpu_seconds(pid) - then) / wall for pid, then in zip(pids, before)]


def busy_seconds() -> float:
    """CPU time of everything on the machine so far, time that the hypervisor took included."""
    first = Path("/proc/stat").read_text(encoding="utf-8").splitlines()[0].split()
    user, nice, system, _idle, _iowait, irq, softirq, steal = map(int, first[1:9])
    return (user + nice + system + irq + softirq + steal) / TICKS_PER_SECOND


class CpuMeter:
    """CPU time from its making to `read`: of one process, of the others, of everybody else."""

    def __init__(self, active: int, idle: list[int]):
        self.active, self.idle = active, idle
        self.started = time.perf_counter()
        self.before = self._now()

    def _now(self) -> tuple[float, float, float, float]:
        idle = sum(cpu_seconds(pid) for pid in self.idle)
        return cpu_seconds(self.active), idle, cpu_seconds(os.getpid()), busy_seconds()

    def read(self) -> dict[str, float]:
        """Seconds of wall clock, and of CPU time by who used it."""
        wall = time.perf_counter() - self.started
        active, idle, own, busy = (now - then for now, then in zip(self._now(), self.before))
        foreign = max(0.0, busy - active - idle - own)
        return {"wall": wall, "active": active, "idle": idle, "foreign": foreign}


def wait_until_idle(pids: list[int], limit_seconds: float = 3.0) -> None:
    """Waits until these processes compute nothing: thread pools spin on after their work."""
    deadline = time.monotonic() + limit_seconds
    before = sum(map(cpu_seconds, pids))
    while time.monotonic() < deadline:
        time.sleep(0.15)
        now = sum(map(cpu_seconds, pids))
        # One tick may be bookkeeping.
        if now - before <= 1 / TICKS_PER_SECOND:
            return
        before = now
