"""What the reports have in common: figures with their range, columns, verdicts, warnings."""

import statistics

# More than this of one core makes the figures doubtful.
MOST_STRANGERS_CORES = 0.1
MOST_IDLE_CORES = 0.02
FEWEST_ROUNDS = 5


def spread(values: list[float]) -> dict[str, float]:
    return {"median": statistics.median(values), "min": min(values), "max": max(values)}


def line(label: str, cells: list[str], width: int = 24) -> str:
    return (f"{label:30}" + "".join(f"{cell:>{width}}" for cell in cells)).rstrip()


def milliseconds(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms"


def ratio(value: dict[str, float]) -> str:
    return f"{value['median']:.2f}x ({value['min']:.2f}-{value['max']:.2f})"


def machine_line(machine: dict) -> str:
    return (f"machine   {machine['cpu']}, {machine['cores_used']} of {machine['cores']} cores, "
            f"{machine['system']}")


def targets(verdicts: list[dict], widths: tuple[int, int, int] = (24, 36, 26)) -> str:
    """One line a target: what it is, what was asked, what was measured, the verdict."""
    target, asked, got = widths
    lines = ["targets"]
    for it in verdicts:
        verdict = "met" if it["met"] else "NOT met"
        lines.append(f"  {it['target']:{target}}{it['asked']:{asked}}{it['got']:{got}}{verdict}")
    return "\n".join(lines)


def warnings(disturbance: dict[str, float], rounds: int) -> str:
    lines = []
    if disturbance["strangers_cores"] > MOST_STRANGERS_CORES:
        lines.append(
            f"warning: other processes used {disturbance['strangers_cores']:.2f} cores meanwhile "
            f"(worst turn {disturbance['strangers_cores_worst_turn']:.2f}): "
            "run this on a quiet machine"
        )
    if disturbance["idle_contenders_cores"] > MOST_IDLE_CORES:
        lines.append("warning: contenders that had no turn used "
                     f"{disturbance['idle_contenders_cores']:.2f} cores")
    if rounds < FEWEST_ROUNDS:
        lines.append("warning: so few rounds are for trying this out, not for judging")
    return "\n".join(lines)
