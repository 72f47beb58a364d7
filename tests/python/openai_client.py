"""The openai package against a running service, one scenario a call.

Usage: openai_client.py SCENARIO BASE_URL SAMPLE
"""

import io
import sys
import threading
import time

import openai
import openai_common
from openai_common import expect

SCENARIO, URL, SAMPLE = sys.argv[1:4]
PHRASE = "ask not what your country can do for you"


def client(key="unused", **options):
    return openai_common.client(URL, key, **options)


def sample():
    return open(SAMPLE, "rb")


def plain(text):
    return " ".join(text.lower().replace(",", "").replace(".", "").split())


def transcribe(api=None, **options):
    api = api or client()
    return api.audio.transcriptions.create(model="whisper-1", file=sample(), **options)


def formats():
    assert PHRASE in plain(transcribe().text)
    assert PHRASE in plain(transcribe(response_format="json").text)
    assert PHRASE in plain(transcribe(response_format="text"))
    srt = transcribe(response_format="srt")
    assert srt.startswith("1\n00:00:0") and " --> " in srt, srt
    vtt = transcribe(response_format="vtt")
    assert vtt.startswith("WEBVTT\n\n"), vtt
    verbose = transcribe(response_format="verbose_json")
    assert verbose.language == "english" and PHRASE in plain(verbose.text)
    assert abs(float(verbose.duration) - 11.0) < 0.1
    assert verbose.segments and verbose.segments[0].avg_logprob < 0
    assert verbose.words is None
    translated = client().audio.translations.create(model="whisper-1", file=sample())
    assert PHRASE in plain(translated.text)
    assert "tiny.en" in [model.id for model in client().models.list()]
    assert client().models.retrieve("whisper-1").id == "whisper-1"


def stream():
    events = list(transcribe(stream=True))
    assert events[-1].type == "transcript.text.done", events
    deltas = [event.delta for event in events if event.type == "transcript.text.delta"]
    assert deltas and "".join(deltas) == events[-1].text
    assert PHRASE in plain(events[-1].text)


def words():
    result = transcribe(
        response_format="verbose_json", timestamp_granularities=["word", "segment"]
    )
    assert "country" in [plain(word.word) for word in result.words]
    assert all(word.start <= word.end for word in result.words)
    assert result.segments


def bad_requests():
    error = expect(openai.BadRequestError, lambda: transcribe(temperature=7))
    assert error.param == "temperature" and error.code == "invalid_parameter", error
    expect(openai.BadRequestError, lambda: transcribe(language="klingon"))
    broken = io.BytesIO(b"RIFF\x24\x00\x00\x00WAVEfmt ")
    broken.name = "broken.wav"
    expect(
        openai.BadRequestError,
        lambda: client().audio.transcriptions.create(model="whisper-1", file=broken),
    )
    error = expect(
        openai.NotFoundError,
        lambda: client().audio.transcriptions.create(model="no-such-model", file=sample()),
    )
    assert error.code == "model_not_found" and "tiny.en" in str(error), error
    expect(openai.NotFoundError, lambda: client().models.retrieve("no-such-model"))
    text = io.BytesIO(b"only words " * 100)
    text.name = "words.txt"
    error = expect(
        openai.APIStatusError,
        lambda: client().audio.transcriptions.create(model="whisper-1", file=text),
    )
    assert error.status_code == 415, error


def too_large():
    for megabytes in (2, 40):
        large = io.BytesIO(bytes(megabytes * 1024 * 1024))
        large.name = "large.wav"
        error = expect(
            openai.APIStatusError,
            lambda: client().audio.transcriptions.create(model="whisper-1", file=large),
        )
        assert error.status_code == 413 and error.code == "payload_too_large", error


def keys():
    expect(openai.AuthenticationError, transcribe)
    # Refused before its body is read: the client must still see why.
    large = io.BytesIO(bytes(40 * 1024 * 1024))
    large.name = "large.wav"
    expect(
        openai.AuthenticationError,
        lambda: client().audio.transcriptions.create(model="whisper-1", file=large),
    )
    assert PHRASE in plain(transcribe(client(key="right")).text)


def full():
    """One slot and no queue: of clients that come at once, some get a typed 503."""
    outcomes = []

    def attempt():
        try:
            outcomes.append(plain(transcribe().text))
        except openai.InternalServerError as error:
            assert error.status_code == 503 and error.code == "queue_full", error
            assert int(error.response.headers["retry-after"]) >= 1
            outcomes.append(None)

    clients = [threading.Thread(target=attempt) for _ in range(6)]
    for thread in clients:
        thread.start()
    for thread in clients:
        thread.join()
    assert None in outcomes, "nobody was turned away"
    assert any(text and PHRASE in text for text in outcomes), outcomes
    # The SDK's own retries, which honour Retry-After, get everybody through.
    time.sleep(0.1)
    patient = openai.OpenAI(base_url=f"{URL}/v1", api_key="unused", max_retries=5)
    assert PHRASE in plain(transcribe(patient).text)


{
    "formats": formats,
    "stream": stream,
    "words": words,
    "bad_requests": bad_requests,
    "too_large": too_large,
    "keys": keys,
    "full": full,
}[SCENARIO]()
print(f"{SCENARIO}: passed")
