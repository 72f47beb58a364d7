"""The openai package against a running TTS service, one scenario a call.

Usage: openai_speech.py SCENARIO BASE_URL
"""

import sys
import tempfile
import threading

import openai
import openai_common
from openai_common import expect

SCENARIO, URL = sys.argv[1:3]
FORMATS = {
    "mp3": b"\xff",
    "opus": b"OggS",
    "aac": b"\xff",
    "flac": b"fLaC",
    "wav": b"RIFF",
    "pcm": b"",
}
TEXT = "Good morning. The first sentence is sent before the second one is made."


def client(key="unused", **options):
    return openai_common.client(URL, key, **options)


def speak(api=None, **options):
    options = {"model": "tts-1", "voice": "alloy", "input": TEXT} | options
    return (api or client()).audio.speech.create(**options)


def formats():
    for name, beginning in FORMATS.items():
        audio = speak(response_format=name).content
        assert audio.startswith(beginning) and len(audio) > 5000, name
    slow = speak(response_format="pcm", speed=0.5).content
    fast = speak(response_format="pcm", speed=2.0).content
    assert len(slow) > 2 * len(fast), (len(slow), len(fast))
    assert speak(instructions="Speak like a pirate.").content
    assert speak(voice="en_US-joe-medium", model="en_US-joe-medium").content
    assert "en_US-joe-medium" in [model.id for model in client().models.list()]
    assert client().models.retrieve("gpt-4o-mini-tts").id == "gpt-4o-mini-tts"


def stream():
    for name, beginning in FORMATS.items():
        speech = client().audio.speech.with_streaming_response
        options = {"model": "tts-1", "voice": "alloy", "input": f"{TEXT} {name}."}
        with speech.create(response_format=name, **options) as answer:
            pieces = list(answer.iter_bytes())
        assert b"".join(pieces).startswith(beginning) and pieces, name
        with tempfile.NamedTemporaryFile() as file:
            with speech.create(response_format=name, **options) as answer:
                answer.stream_to_file(file.name)
            assert len(file.read()) > 5000, name


def bad_requests():
    for param, options in [
        ("input", {"input": ""}),
        ("input", {"input": "😀"}),
        ("voice", {"voice": "nobody"}),
        ("speed", {"speed": 9}),
        ("response_format", {"response_format": "ogg"}),
    ]:
        error = expect(openai.BadRequestError, lambda: speak(**options))
        assert error.param == param and error.message, (param, error)
    error = expect(openai.BadRequestError, lambda: speak(input="a" * 5000))
    assert error.code == "input_too_long", error
    error = expect(openai.NotFoundError, lambda: speak(model="tts-9"))
    assert error.code == "model_not_found", error


def keys():
    expect(openai.AuthenticationError, speak)
    assert speak(client("right")).content


def full():
    """One slot, no queue: the second of two is turned away."""
    codes = []

    def ask(number):
        try:
            speak(input=f"Number {number}. " + "This goes on for quite a while. " * 40)
        except openai.InternalServerError as error:
            codes.append((error.status_code, error.code))

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (503, "queue_full") in codes, codes


globals()[SCENARIO]()
print(f"{SCENARIO}: passed")
