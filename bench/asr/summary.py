"""What the turns amount to: medians, ratios round by round, and whether the targets are met."""

import statistics

from columns import spread
from contenders import FASTER_WHISPER, SERVICE
from measure import Bench, Turn, word_errors

LEAST_RATIO = 2.0
MOST_WER_POINTS = 0.5
MOST_OVERHEAD_SECONDS = 0.005


def ratios(bench: Bench, name: str, kind: str) -> list[float]:
    """How many times as good as faster-whisper in the same round; above 1 is better."""
    pairs = zip(bench.of(name, kind), bench.of(FASTER_WHISPER, kind))
    if kind == "latency":
        return [other.figure / own.figure for own, other in pairs]
    return [own.figure / other.figure for own, other in pairs]


def clip_medians(turns: list[Turn]) -> dict[str, float]:
    """Median latency of each clip."""
    return {
        name: statistics.median(turn.latencies[name] for turn in turns)
        for name in turns[0].latencies
    }


def of_kind(bench: Bench, name: str, kind: str) -> dict:
    turns = bench.of(name, kind)
    requests = sum(turn.requests for turn in turns)
    summary = {
        "figure": spread([turn.figure for turn in turns]),
        "ratio": spread(ratios(bench, name, kind)),
        "cpu_seconds_per_request": sum(turn.cpu["active"] for turn in turns) / requests,
        "cores_used": sum(turn.cpu["active"] for turn in turns)
        / sum(turn.cpu["wall"] for turn in turns),
    }
    if kind == "latency":
        summary["clips"] = clip_medians(turns)
    if turns[0].inference_seconds is not None:
        summary["inference_seconds_per_request"] = (
            sum(turn.inference_seconds for turn in turns) / requests
        )
    return summary


def wer(bench: Bench, name: str) -> dict:
    """Over every answer of the rounds."""
    wrong, words = word_errors(bench.of(name, "latency") + bench.of(name, "throughput"))
    return {"errors": wrong, "words": words, "percent": 100 * wrong / words}


def verdicts(results: dict, overhead: dict) -> list[dict]:
    """One a target: what was measured, what was asked for, whether that is met."""
    found = []
    for kind, what in [("latency", "latency, 1 client"), ("throughput", "throughput, 4 clients")]:
        ratio = results[SERVICE][kind]["ratio"]
        found.append({
            "target": what,
            "asked": f">= {LEAST_RATIO:g}x faster-whisper",
            "got": f"{ratio['median']:.2f}x ({ratio['min']:.2f}-{ratio['max']:.2f})",
            "met": ratio["median"] >= LEAST_RATIO,
        })
    points = results[SERVICE]["wer"]["percent"] - results[FASTER_WHISPER]["wer"]["percent"]
    found.append({
        "target": "WER",
        "asked": f"<= {MOST_WER_POINTS:g} points over faster-whisper",
        "got": f"{points:+.2f} points",
        "met": points <= MOST_WER_POINTS,
    })
    found.append({
        "target": f"overhead, {overhead['clip_seconds']:.0f} s WAV",
        "asked": f"<= {MOST_OVERHEAD_SECONDS * 1000:g} ms",
        "got": f"{overhead['mean_seconds'] * 1000:.2f} ms "
               f"(median {overhead['median_seconds'] * 1000:.2f})",
        "met": overhead["mean_seconds"] <= MOST_OVERHEAD_SECONDS,
    })
    return found
