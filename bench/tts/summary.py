"""What the turns amount to: medians, ratios round by round, and whether the targets are met."""

import statistics

from columns import spread
from contenders import LIBRARY, NAMES, PEERS, SERVER, SERVICE
from measure import BUSY, OTHER_FORMATS, OTHER_LENGTHS, Bench, Turn, alone
from texts import LENGTHS, LONG, MIDDLE, SHORT

MOST_OF_SHORT = 1.3
MOST_OF_SERVER = 1 / 5
MOST_CACHE_HIT_SECONDS = 0.005

# Kinds of turns that are compared with the peers', and their titles.
COMPARED = {
    alone(MIDDLE): f"RTF, {MIDDLE} sentences",
    alone(LONG): f"RTF, {LONG} sentences",
    BUSY: "throughput, 4 clients",
}


def contender(bench: Bench, name: str) -> dict:
    """All of one contender's figures, by kind of turn."""
    return {kind: of_kind(bench, name, kind) for kind in [*map(alone, LENGTHS), BUSY]}


def of_kind(bench: Bench, name: str, kind: str) -> dict:
    turns, yardstick = bench.of(name, kind), bench.of(LIBRARY, kind)
    texts = sum(len(turn.spoken) for turn in turns)
    sentences = turns[0].spoken[0].text.sentences
    summary = {
        "first_seconds": spread([turn.first for turn in turns]),
        "seconds_per_text": spread([turn.per_text for turn in turns]),
        "audio_seconds_per_text": spread([turn.audio for turn in turns]),
        "rtf_own_audio": spread([turn.rtf for turn in turns]),
        # By the audio that the library makes of the same texts: silence that a contender
        # leaves out or puts in counts for nothing.
        "rtf_by_text": spread([
            turn.per_text / other.audio for turn, other in zip(turns, yardstick)
        ]),
        "sentences_per_second": spread([sentences / turn.per_text for turn in turns]),
        "audio_seconds_per_second": spread([1 / turn.rtf for turn in turns]),
        "cpu_seconds_per_text": sum(turn.cpu["active"] for turn in turns) / texts,
        "cores_used": sum(turn.cpu["active"] for turn in turns)
        / sum(turn.cpu["wall"] for turn in turns),
    }
    if turns[0].inference_seconds is not None:
        summary["inference_seconds_per_text"] = (
            sum(turn.inference_seconds for turn in turns) / texts
        )
    return summary


def against_peers(bench: Bench) -> dict:
    """How many times as fast the service is as each peer in the same round; above 1 is faster."""
    return {
        kind: {
            peer: {
                "by_text": _ratio(bench, peer, kind, lambda turn: turn.per_text),
                "by_audio": _ratio(bench, peer, kind, lambda turn: turn.rtf),
            } for peer in PEERS
        } for kind in COMPARED
    }


def _ratio(bench: Bench, peer: str, kind: str, cost) -> dict[str, float]:
    pairs = zip(bench.of(peer, kind), bench.of(SERVICE, kind))
    return spread([cost(other) / cost(own) for other, own in pairs])


def first_audio(bench: Bench) -> dict:
    """First audio of the long texts against that of short ones, and against Piper's server."""

    def pairs(one: list[Turn], other: list[Turn]) -> dict[str, float]:
        return spread([it.first / its.first for it, its in zip(one, other)])

    longs = {name: bench.of(name, alone(LONG)) for name in NAMES}
    return {
        "long_to_short": {
            name: pairs(longs[name], bench.of(name, alone(SHORT))) for name in NAMES
        },
        "long_to_server": pairs(longs[SERVICE], longs[SERVER]),
    }


def formats(bench: Bench) -> dict:
    """Median seconds to the first audio and to the end, of the service's forms of answers."""
    found = {}
    for form in ["wav", *OTHER_FORMATS]:
        for sentences in OTHER_LENGTHS:
            turns = bench.of(SERVICE, alone(sentences, form))
            found.setdefault(form, {})[str(sentences)] = {
                "first_seconds": statistics.median(turn.first for turn in turns),
                "seconds_per_text": statistics.median(turn.per_text for turn in turns),
            }
    return found


def verdicts(first: dict, peers: dict, hits: dict) -> list[dict]:
    """One a target: what was measured, what was asked for, whether that is met."""

    def times(value: dict[str, float]) -> str:
        return f"{value['median']:.2f}x ({value['min']:.2f}-{value['max']:.2f})"

    own, server = first["long_to_short"][SERVICE], first["long_to_server"]
    found = [{
        "target": f"first audio, {LONG} sentences",
        "asked": f"<= {MOST_OF_SHORT:g}x that of a short text",
        "got": times(own),
        "met": own["median"] <= MOST_OF_SHORT,
    }, {
        "target": f"first audio, {LONG} sentences",
        "asked": f"<= 1/{1 / MOST_OF_SERVER:g} of {SERVER}'s",
        "got": f"1/{1 / server['median']:.1f} (1/{1 / server['min']:.1f}"
               f"-1/{1 / server['max']:.1f})",
        "met": server["median"] <= MOST_OF_SERVER,
    }]
    for kind, title in COMPARED.items():
        closest = min(PEERS, key=lambda peer: peers[kind][peer]["by_text"]["median"])
        by_text = peers[kind][closest]["by_text"]
        by_audio = min(peers[kind][peer]["by_audio"]["median"] for peer in PEERS)
        found.append({
            "target": title,
            "asked": "ahead of every peer",
            "got": f"{times(by_text)} {closest}; least by audio {by_audio:.2f}x",
            "met": by_text["median"] > 1,
        })
    worst = max(hits.values(), key=lambda it: it["p95_seconds"])
    found.append({
        "target": "first audio, cache hit",
        "asked": f"< {MOST_CACHE_HIT_SECONDS * 1000:g} ms, 95 of 100",
        "got": f"{worst['p95_seconds'] * 1000:.2f} ms (median "
               f"{worst['median_seconds'] * 1000:.2f}, most {worst['max_seconds'] * 1000:.2f})",
        "met": worst["p95_seconds"] < MOST_CACHE_HIT_SECONDS,
    })
    return found
