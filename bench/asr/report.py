"""The report, as plain text in columns."""

from columns import line, machine_line, milliseconds, ratio, targets, warnings
from contenders import FASTER_WHISPER, SERVICE, WHISPER_CPP

NAMES = [WHISPER_CPP, FASTER_WHISPER, SERVICE]
TITLES = ["whisper.cpp defaults", "faster-whisper int8", "this service"]


def text(data: dict) -> str:
    """The whole report."""
    parts = [head(data), latency(data), throughput(data), accuracy(data), time_goes(data),
             warnings(data["disturbance"], data["rounds"]), targets(data["verdicts"])]
    return "\n\n".join(part for part in parts if part) + "\n"


def head(data: dict) -> str:
    clips = data["clips"]
    versions = ", ".join(f"{name} {version}" for name, version in data["versions"].items())
    words = sum(it["words"] for it in clips)
    seconds = [it["seconds"] for it in clips]
    return "\n".join([
        machine_line(data["machine"]),
        f"versions  {versions}",
        f"clips     {len(clips)} of {min(seconds):.1f}-{max(seconds):.1f} s, "
        f"{sum(seconds):.1f} s and {words} words in all",
        f"rounds    {data['rounds']}, taking turns; medians over rounds (min-max); "
        "ratios to faster-whisper within a round, above 1 is faster",
        "build     whisper.cpp's defaults run on the service's own build of it, whose blocked "
        "kernels make it faster than a stock build",
    ])


def latency(data: dict) -> str:
    results = [data["results"][name]["latency"] for name in NAMES]
    lines = [line("latency, 1 client", TITLES)]
    for clip in data["clips"]:
        cells = [milliseconds(it["clips"][clip["name"]]) for it in results]
        lines.append(line(f"  {clip['name'][:18]:18} {clip['seconds']:5.1f} s", cells))
    lines.append(line("  mean of a clip", [milliseconds(it["figure"]["median"])
                                           for it in results]))
    lines.append(line("  ratio", [ratio(it["ratio"]) for it in results]))
    return "\n".join(lines)


def throughput(data: dict) -> str:
    results = [data["results"][name]["throughput"] for name in NAMES]
    tried = "; ".join(f"{setup}: {figure:.2f} requests/s"
                      for setup, figure in data["faster_whisper_setups"].items())
    return "\n".join([
        line("throughput, 4 clients", TITLES),
        line("  set up as", [data["setups"][name] for name in NAMES]),
        line("  requests/s", [f"{it['figure']['median']:.2f}" for it in results]),
        line("  ratio", [ratio(it["ratio"]) for it in results]),
        f"  faster-whisper runs in the better of its two ways ({tried})",
    ])


def accuracy(data: dict) -> str:
    results = [data["results"][name]["wer"] for name in NAMES]
    words = sum(it["words"] for it in data["clips"])
    return "\n".join([
        line("word errors", TITLES),
        line("  WER", [f"{it['percent']:.2f} %" for it in results]),
        line("  errors/words, all answers", [f"{it['errors']}/{it['words']}" for it in results]),
        f"  one word, always wrong, is {100 / words:.2f} points",
    ])


def time_goes(data: dict) -> str:
    lines = [line("where the time goes", TITLES)]
    for kind, clients in [("latency", "1 client"), ("throughput", "4 clients")]:
        results = [data["results"][name][kind] for name in NAMES]
        lines.append(line(f"  CPU a request, {clients}", [
            milliseconds(it["cpu_seconds_per_request"]) for it in results]))
        lines.append(line(f"  cores used, {clients}", [
            f"{it['cores_used']:.2f}" for it in results]))
    own, extra = data["results"][SERVICE], data["overhead"]
    single = own["latency"]["inference_seconds_per_request"]
    busy = own["throughput"]["inference_seconds_per_request"]
    slots = busy * own["throughput"]["figure"]["median"]
    lines += [
        f"  this service, 1 client: {milliseconds(single)} of a clip's time is inference "
        "(voice detection, encoder, decoder)",
        f"  this service, 4 clients: {milliseconds(busy)} of inference a request, "
        f"{slots:.2f} running at once on average",
        f"  this service, {extra['clip_seconds']:.0f} s WAV, {extra['requests']} requests: "
        f"{milliseconds(extra['latency_mean_seconds'])} = "
        f"{milliseconds(extra['inference_mean_seconds'])} inference + "
        f"{extra['mean_seconds'] * 1000:.2f} ms HTTP, admission and decoding "
        f"(median {extra['median_seconds'] * 1000:.2f} ms, "
        f"most {extra['max_seconds'] * 1000:.2f} ms)",
    ]
    return "\n".join(lines)
