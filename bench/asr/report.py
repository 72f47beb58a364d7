"""The report, as plain text in columns."""

from contenders import FASTER_WHISPER, SERVICE, WHISPER_CPP

NAMES = [WHISPER_CPP, FASTER_WHISPER, SERVICE]
TITLES = ["whisper.cpp defaults", "faster-whisper int8", "this service"]
# More than this of one core makes the figures doubtful.
MOST_STRANGERS_CORES = 0.1
MOST_IDLE_CORES = 0.02


def line(label: str, cells: list[str]) -> str:
    return (f"{label:30}" + "".join(f"{cell:>24}" for cell in cells)).rstrip()


def milliseconds(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms"


def ratio(value: dict[str, float]) -> str:
    return f"{value['median']:.2f}x ({value['min']:.2f}-{value['max']:.2f})"


def text(data: dict) -> str:
    """The whole report."""
    parts = [head(data), latency(data), throughput(data), accuracy(data), time_goes(data),
             warnings(data), targets(data)]
    return "\n\n".join(part for part in parts if part) + "\n"


def head(data: dict) -> str:
    machine, clips = data["machine"], data["clips"]
    versions = ", ".join(f"{name} {version}" for name, version in data["versions"].items())
    words = sum(it["words"] for it in clips)
    seconds = [it["seconds"] for it in clips]
    return "\n".join([
        f"machine   {machine['cpu']}, {machine['cores_used']} of {machine['cores']} cores, "
        f"{machine['system']}",
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


def targets(data: dict) -> str:
    lines = ["targets"]
    for it in data["verdicts"]:
        verdict = "met" if it["met"] else "not met"
        lines.append(f"  {it['target']:24}{it['asked']:36}{it['got']:26}{verdict}")
    return "\n".join(lines)


def warnings(data: dict) -> str:
    found = data["disturbance"]
    lines = []
    if found["strangers_cores"] > MOST_STRANGERS_CORES:
        lines.append(
            f"warning: other processes used {found['strangers_cores']:.2f} cores meanwhile "
            f"(worst turn {found['strangers_cores_worst_turn']:.2f}): run this on a quiet machine"
        )
    if found["idle_contenders_cores"] > MOST_IDLE_CORES:
        lines.append(
            f"warning: contenders that had no turn used {found['idle_contenders_cores']:.2f} cores"
        )
    if data["rounds"] < 5:
        lines.append("warning: so few rounds are for trying this out, not for judging")
    return "\n".join(lines)
