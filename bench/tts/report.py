"""The report, as plain text in columns."""

import columns
from columns import machine_line, milliseconds, ratio, targets, warnings
from contenders import NAMES, PEERS, SERVICE
from measure import BUSY, alone
from summary import COMPARED
from texts import LENGTHS, LONG, MIDDLE

WIDTH = 22
MIB = 1 << 20


def line(label: str, cells: list[str]) -> str:
    return columns.line(label, cells, WIDTH)


def text(data: dict) -> str:
    """The whole report."""
    parts = [head(data), first_audio(data), whole_texts(data), throughput(data), resources(data),
             own(data), warnings(data["disturbance"], data["rounds"]),
             targets(data["verdicts"], (28, 36, 62))]
    return "\n\n".join(part for part in parts if part) + "\n"


def head(data: dict) -> str:
    versions = ", ".join(f"{name} {version}" for name, version in data["versions"].items())
    return "\n".join([
        machine_line(data["machine"]),
        f"versions  {versions} (sherpa-onnx carries an ONNX Runtime of its own)",
        f"voice     {data['voice']}, {data['machine']['cores_used']} threads each",
        f"texts     of {', '.join(map(str, LENGTHS))} sentences, "
        f"{data['words_per_sentence']:.1f} words a sentence, none twice; "
        "answers are WAV or samples; the service's cache is off",
        f"rounds    {data['rounds']}, taking turns; medians over rounds (min-max); "
        "ratios within a round",
    ])


def timed(value: dict[str, float]) -> str:
    median, low, high = value["median"], value["min"], value["max"]
    if median < 10:
        return f"{median * 1000:.0f} ms ({low * 1000:.0f}-{high * 1000:.0f})"
    return f"{median:.1f} s ({low:.1f}-{high:.1f})"


def figures(data: dict, kind: str, key: str, show) -> list[str]:
    return [show(data["results"][name][kind][key]) for name in NAMES]


def first_audio(data: dict) -> str:
    lines = [line("first audio, 1 client", NAMES)]
    for sentences in LENGTHS:
        label = f"  {sentences} sentence" + "s" * (sentences > 1)
        lines.append(line(label, figures(data, alone(sentences), "first_seconds", timed)))
    grown = data["first_audio"]["long_to_short"]
    lines.append(line(f"  {LONG} sentences / 1", [ratio(grown[name]) for name in NAMES]))
    return "\n".join(lines)


def whole_texts(data: dict) -> str:
    lines = [line("whole texts, 1 client", NAMES)]
    for sentences in [MIDDLE, LONG]:
        kind = alone(sentences)
        lines += [
            line(f"  {sentences} sentences", figures(data, kind, "seconds_per_text", timed)),
            line("    audio made", figures(
                data, kind, "audio_seconds_per_text", lambda it: f"{it['median']:.2f} s")),
            line("    RTF, by text", figures(
                data, kind, "rtf_by_text", lambda it: f"{it['median']:.4f}")),
            line("    RTF, by audio made", figures(
                data, kind, "rtf_own_audio", lambda it: f"{it['median']:.4f}")),
            *ahead(data, kind),
            line("    CPU a text", figures(data, kind, "cpu_seconds_per_text", milliseconds)),
        ]
    lines.append("  by text: over the audio that the library makes of these texts, so that "
                 "silence left out or put in is no speed")
    return "\n".join(lines)


def ahead(data: dict, kind: str) -> list[str]:
    """How far the service is ahead of each peer."""
    peers = data["against_peers"][kind]
    return [
        line(f"    service is ahead, by {what}", [
            ratio(peers[peer][f"by_{what}"]) for peer in PEERS
        ]) for what in ["text", "audio"]
    ]


def throughput(data: dict) -> str:
    def shown(key: str, show) -> list[str]:
        return figures(data, BUSY, key, show)

    tried = "; ".join(
        f"{name}: " + ", ".join(f"{setup} {rate:.2f}" for setup, rate in rates.items())
        for name, rates in data["tried_setups"].items()
    )
    return "\n".join([
        line("throughput, 4 clients", NAMES),
        line("  set up as", [data["setups"][name] for name in NAMES]),
        line("  sentences/s", shown("sentences_per_second", lambda it: f"{it['median']:.2f}")),
        line("  audio s/s", shown("audio_seconds_per_second", lambda it: f"{it['median']:.1f}")),
        *ahead(data, BUSY),
        line("  first audio", shown("first_seconds", timed)),
        line("  CPU a text", shown("cpu_seconds_per_text", milliseconds)),
        line("  cores used", shown("cores_used", lambda it: f"{it:.2f}")),
        f"  texts of {MIDDLE} sentences; the libraries run in the best of their ways (sentences/s: "
        f"{tried})",
    ])


def resources(data: dict) -> str:
    def memory(key: str) -> list[str]:
        return [f"{data['memory'][name][key] / MIB:.0f} MiB" for name in NAMES]

    return "\n".join([
        line("afterwards", NAMES),
        line("  RSS", memory("resident")),
        line("  RSS, peak", memory("peak")),
        line("  RSS, after 4 clients", memory("resident_busy")),
        line("  RSS, peak with 4 clients", memory("peak_busy")),
        line("  idle CPU", [f"{data['idle_cores'][name] * 100:.1f} %" for name in NAMES]),
    ])


def own(data: dict) -> str:
    lines = [line("this service", [f"first audio, {it}" for it in ["1", LONG]]
                  + [f"whole text, {LONG}"])]
    for form, found in data["formats"].items():
        cells = [milliseconds(it["first_seconds"]) for it in found.values()]
        cells.append(milliseconds(found[str(LONG)]["seconds_per_text"]))
        lines.append(line(f"  {form}", cells))
    for sentences, it in data["cache_hits"].items():
        lines.append(
            f"  cache hit, text of {sentences} ({it['bytes'] / 1000:.0f} kB), "
            f"{it['requests']} requests: first audio after {it['median_seconds'] * 1000:.2f} ms "
            f"(95 of 100 within {it['p95_seconds'] * 1000:.2f}, "
            f"most {it['max_seconds'] * 1000:.2f}; {milliseconds(it['miss_seconds'])} when made)"
        )
    for kind, title in COMPARED.items():
        result = data["results"][SERVICE][kind]
        lines.append(
            f"  {title}: {milliseconds(result['seconds_per_text']['median'])} a text, of its "
            f"{milliseconds(result['cpu_seconds_per_text'])} CPU; inference by its own account "
            f"{milliseconds(result['inference_seconds_per_text'])}"
        )
    return "\n".join(lines)
