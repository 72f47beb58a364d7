"""The openai package's Realtime client against a running gateway, one scenario a call.

Usage: openai_realtime.py SCENARIO GATEWAY_URL TTS_URL
"""

import asyncio
import base64
import sys
import time

import openai
import openai_common
import websockets

SCENARIO, URL, TTS_URL = sys.argv[1:4]
MODEL = "gpt-realtime"
RATE_HZ = 24000
FRAME_SECONDS = 0.02
FRAME_BYTES = int(RATE_HZ * FRAME_SECONDS) * 2
# Generous: the machines that run this are slow and shared.
PATIENCE_SECONDS = 90

TRANSCRIPTION = "conversation.item.input_audio_transcription."
SPOKEN_TURN = [
    "input_audio_buffer.speech_started",
    "input_audio_buffer.speech_stopped",
    "input_audio_buffer.committed",
    "conversation.item.added",
    "conversation.item.done",
]
ANSWER_BEGINS = [
    "response.created",
    "response.output_item.added",
    "conversation.item.added",
    "response.content_part.added",
]
ANSWER_ENDS = [
    "response.content_part.done",
    "response.output_item.done",
    "conversation.item.done",
    "response.done",
]
SPOKEN_ANSWER = [
    *ANSWER_BEGINS,
    "response.output_audio_transcript.delta",
    "response.output_audio.delta",
    "response.output_audio.done",
    "response.output_audio_transcript.done",
    *ANSWER_ENDS,
]
CALL = [
    "response.created",
    "response.output_item.added",
    "conversation.item.added",
    "response.function_call_arguments.delta",
    "response.function_call_arguments.done",
    "response.output_item.done",
    "conversation.item.done",
    "response.done",
]


def client(key="unused"):
    ws = URL.replace("http", "ws", 1)
    return openai.AsyncOpenAI(
        base_url=f"{URL}/v1", websocket_base_url=f"{ws}/v1", api_key=key, max_retries=0
    )


def spoken(text):
    """The text as 16-bit samples at 24 kHz, spoken by the TTS."""
    speech = openai_common.client(TTS_URL).audio.speech.create(
        model="tts-1", voice="default", input=text, response_format="pcm"
    )
    return speech.content


def kinds(events):
    """Their types in order: each of the deltas once, and transcripts, which come when they are
    ready, left out."""
    seen = []
    for event in events:
        kind = event.type
        if kind.startswith(TRANSCRIPTION) or (kind.endswith(".delta") and kind in seen[-2:]):
            continue
        seen.append(kind)
    return seen


class Talk:
    """A session: what came, when, and a microphone that is always on."""

    def __init__(self, connection):
        self.connection = connection
        self.events = []
        self.times = []
        self.news = asyncio.Event()
        self.to_say = bytearray()

    async def __aenter__(self):
        self.tasks = [asyncio.create_task(self.listen())]
        return self

    async def __aexit__(self, *_):
        for task in self.tasks:
            task.cancel()

    async def listen(self):
        async for event in self.connection:
            self.events.append(event)
            self.times.append(time.monotonic())
            self.news.set()

    def switch_on(self):
        self.tasks.append(asyncio.create_task(self.microphone()))

    async def microphone(self):
        begun, sent = time.monotonic(), 0
        while True:
            frame = bytes(self.to_say[:FRAME_BYTES])
            del self.to_say[:FRAME_BYTES]
            frame += bytes(FRAME_BYTES - len(frame))
            await self.connection.input_audio_buffer.append(
                audio=base64.b64encode(frame).decode()
            )
            sent += 1
            await asyncio.sleep(max(0, begun + sent * FRAME_SECONDS - time.monotonic()))

    def say(self, text):
        self.to_say += spoken(text)

    async def wait(self, kind, since=0):
        """The place of the first event of this type from there on."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            for place in range(since, len(self.events)):
                if self.events[place].type == kind:
                    return place
            if any(task.done() for task in self.tasks):
                raise AssertionError(f"closed before {kind}: {kinds(self.events)}")
            self.news.clear()
            try:
                await asyncio.wait_for(self.news.wait(), deadline - time.monotonic())
            except asyncio.TimeoutError:
                raise AssertionError(f"no {kind} in {kinds(self.events)}") from None

    def of(self, kind, since=0):
        return [event for event in self.events[since:] if event.type == kind]

    async def played(self, since):
        """When the answer that begins there has been played."""
        places = range(since, len(self.events))
        deltas = [it for it in places if self.events[it].type == "response.output_audio.delta"]
        heard = sum(len(base64.b64decode(self.events[it].delta)) for it in deltas)
        end = self.times[deltas[0]] + heard / 2 / RATE_HZ + 0.5
        await asyncio.sleep(max(0, end - time.monotonic()))

    async def ask(self, text):
        await self.connection.conversation.item.create(
            item={
                "type": "message",
                "role": "user",
                "content": [{"type": "input_text", "text": text}],
            }
        )


def connect(key="unused", **options):
    return client(key).realtime.connect(model=MODEL, max_retries=0, **options)


def audio_input(**options):
    return {"type": "realtime", "audio": {"input": options}}


async def turns():
    """Three spoken turns, each answered."""
    async with connect() as connection, Talk(connection) as talk:
        created = talk.events[await talk.wait("session.created")]
        assert created.session.model == MODEL, created
        await connection.session.update(
            session=audio_input(transcription={"model": "whisper-1", "language": "en"})
        )
        updated = talk.events[await talk.wait("session.updated")]
        assert updated.session.audio.input.turn_detection.type == "server_vad", updated
        talk.switch_on()
        previous = None
        for text, word in [
            ("What time is it right now?", "time"),
            ("The weather is going to be cold and wet this weekend.", "weather"),
            ("The train to the city leaves at seven in the morning.", "train"),
        ]:
            since = len(talk.events)
            talk.say(text)
            done = await talk.wait("response.done", since)
            await talk.wait(TRANSCRIPTION + "completed", since)
            turn = talk.events[since : done + 1]
            assert kinds(turn) == SPOKEN_TURN + SPOKEN_ANSWER, kinds(turn)
            heard = talk.of(TRANSCRIPTION + "completed", since)[0]
            assert word in heard.transcript.lower(), heard
            committed = talk.of("input_audio_buffer.committed", since)[0]
            assert committed.item_id == heard.item_id
            assert committed.previous_item_id == previous, (committed, previous)
            started, stopped = [
                talk.of(f"input_audio_buffer.speech_{it}", since)[0] for it in ("started", "stopped")
            ]
            assert started.audio_start_ms < stopped.audio_end_ms, (started, stopped)
            response = talk.events[done].response
            assert response.status == "completed", response
            said = talk.of("response.output_audio_transcript.done", since)[0].transcript
            assert said and response.output[0].content[0].transcript == said, (said, response)
            assert response.usage.output_tokens > 0
            previous = response.output[0].id
            await talk.played(since)
        assert not talk.of("error"), talk.of("error")


async def text():
    """A turn that is written and answered in writing, and mistakes that end nothing."""
    async with connect() as connection, Talk(connection) as talk:
        await connection.send({"type": "response.creat", "event_id": "mine"})
        error = talk.events[await talk.wait("error")].error
        assert (error.event_id, error.param) == ("mine", "type"), error
        since = len(talk.events)
        await talk.ask("The weather is cold.")
        await connection.response.create(response={"output_modalities": ["text"]})
        done = await talk.wait("response.done", since)
        assert kinds(talk.events[since : done + 1]) == [
            "conversation.item.added",
            "conversation.item.done",
            *ANSWER_BEGINS,
            "response.output_text.delta",
            "response.output_text.done",
            *ANSWER_ENDS,
        ], kinds(talk.events[since:])
        said = talk.of("response.output_text.done")[0].text
        assert "weather" in said.lower(), said
        item = talk.of("conversation.item.added", since)[0].item
        await connection.conversation.item.delete(item_id=item.id)
        await talk.wait("conversation.item.deleted")
        await connection.conversation.item.retrieve(item_id=item.id)
        place = await talk.wait("error", done)
        assert talk.events[place].error.param == "item_id"


async def call():
    """A function that the client runs."""
    async with connect() as connection, Talk(connection) as talk:
        tool = {
            "type": "function",
            "name": "check_balance",
            "description": "The balance of the user's account.",
            "parameters": {"type": "object", "properties": {}},
        }
        await connection.session.update(session={"type": "realtime", "tools": [tool]})
        await talk.wait("session.updated")
        await talk.ask("What is my balance?")
        await talk.wait("conversation.item.done")
        since = len(talk.events)
        await connection.response.create()
        done = await talk.wait("response.done", since)
        assert kinds(talk.events[since : done + 1]) == CALL, kinds(talk.events[since:])
        call = talk.of("response.function_call_arguments.done")[0]
        assert call.name == "check_balance", call
        assert talk.events[done].response.output[0].call_id == call.call_id
        await connection.conversation.item.create(
            item={
                "type": "function_call_output",
                "call_id": call.call_id,
                "output": '{"balance": 17, "currency": "euros"}',
            }
        )
        await connection.response.create()
        done = await talk.wait("response.done", done + 1)
        said = talk.events[done].response.output[0].content[0].transcript
        assert "17" in said or "seventeen" in said.lower(), said


async def interruption():
    """Speech while the bot speaks: it stops, the client says what was heard, and is answered."""
    async with connect() as connection, Talk(connection) as talk:
        await connection.session.update(
            session=audio_input(transcription={"model": "whisper-1", "language": "en"})
        )
        talk.switch_on()
        await talk.ask("Tell me a story.")
        await connection.response.create()
        first = await talk.wait("response.output_audio.delta")
        item = talk.events[first].item_id
        await asyncio.sleep(1)
        since = len(talk.events)
        talk.say("Stop that please, what time is it right now?")
        started = await talk.wait("input_audio_buffer.speech_started", since)
        played_ms = int((talk.times[started] - talk.times[first]) * 1000)
        await connection.conversation.item.truncate(
            item_id=item, content_index=0, audio_end_ms=played_ms
        )
        truncated = talk.events[await talk.wait("conversation.item.truncated", since)]
        assert truncated.audio_end_ms == played_ms
        cancelled = talk.events[await talk.wait("response.done")].response
        assert cancelled.status == "cancelled", cancelled
        assert cancelled.status_details.reason == "turn_detected", cancelled
        assert cancelled.output[0].status == "incomplete", cancelled
        await connection.conversation.item.retrieve(item_id=item)
        kept = talk.events[await talk.wait("conversation.item.retrieved")].item
        whole = cancelled.output[0].content[0].transcript
        assert len(kept.content[0].transcript) < len(whole), (kept, whole)
        committed = await talk.wait("input_audio_buffer.committed", since)
        done = talk.events[await talk.wait("response.done", committed)].response
        assert done.status == "completed", done
        heard = talk.of(TRANSCRIPTION + "completed", since)[0].transcript
        assert "time" in heard.lower(), heard
        assert not talk.of("error"), talk.of("error")


async def transcription():
    """A session that is only heard: no response, whatever is said."""
    async with connect(extra_query={"intent": "transcription"}) as connection:
        async with Talk(connection) as talk:
            created = talk.events[await talk.wait("session.created")]
            assert created.session.type == "transcription", created
            language = {"model": "whisper-1", "language": "en"}
            await connection.session.update(
                session={"type": "transcription", "audio": {"input": {"transcription": language}}}
            )
            await talk.wait("session.updated")
            talk.switch_on()
            since = 0
            for text, word in [
                ("The weather is going to be cold and wet this weekend.", "weekend"),
                ("The train to the city leaves at seven in the morning.", "morning"),
            ]:
                talk.say(text)
                done = await talk.wait(TRANSCRIPTION + "completed", since)
                whole = talk.events[done]
                assert word in whole.transcript.lower(), whole
                deltas = "".join(
                    it.delta
                    for it in talk.of(TRANSCRIPTION + "delta")
                    if it.item_id == whole.item_id
                )
                assert deltas, talk.events
                since = done + 1
            await asyncio.sleep(1)
            kinds_seen = {it.type for it in talk.events}
            assert not any(it.startswith(("response.", "error")) for it in kinds_seen), kinds_seen


def mulaw(sample):
    """One byte of G.711 for a 16-bit sample."""
    size = min(abs(sample), 32635) + 132
    exponent = size.bit_length() - 8
    code = (128 if sample < 0 else 0) | exponent << 4 | size >> exponent + 3 & 15
    return ~code & 255


async def telephone():
    """Both directions in G.711 at 8 kHz; the end of a turn is heard by its words."""
    async with connect() as connection, Talk(connection) as talk:
        audio_format = {"type": "audio/pcmu"}
        await connection.session.update(
            session={
                "type": "realtime",
                "audio": {
                    "input": {
                        "format": audio_format,
                        "transcription": {"model": "whisper-1", "language": "en"},
                        "turn_detection": {"type": "semantic_vad", "eagerness": "high"},
                    },
                    "output": {"format": audio_format},
                },
            }
        )
        updated = talk.events[await talk.wait("session.updated")].session
        assert updated.audio.output.format.type == "audio/pcmu", updated
        samples = memoryview(spoken("The weather is going to be cold and wet this weekend.")).cast("h")
        narrow = [sum(samples[at : at + 3]) // 3 for at in range(0, len(samples) - 2, 3)]
        speech = bytes(map(mulaw, narrow)) + b"\xff" * 8000 * 3
        for start in range(0, len(speech), 800):
            audio = base64.b64encode(speech[start : start + 800]).decode()
            await connection.input_audio_buffer.append(audio=audio)
        done = await talk.wait("response.done")
        assert talk.events[done].response.status == "completed", talk.events[done]
        heard = talk.of(TRANSCRIPTION + "completed")[0]
        assert "weather" in heard.transcript.lower(), heard
        answer = b"".join(
            base64.b64decode(it.delta) for it in talk.of("response.output_audio.delta")
        )
        assert 1 < len(answer) / 8000 < 15 and len(set(answer)) > 100, len(answer)


async def beta():
    """The same by the names of the beta."""
    beta_client = client().beta.realtime
    async with beta_client.connect(model=MODEL) as connection, Talk(connection) as talk:
        created = talk.events[await talk.wait("session.created")]
        assert created.session.modalities == ["audio", "text"], created
        await connection.session.update(
            session={"turn_detection": None, "voice": "alloy", "instructions": "Be brief."}
        )
        updated = talk.events[await talk.wait("session.updated")]
        assert updated.session.turn_detection is None, updated
        speech = spoken("The weather is going to be cold and wet this weekend.")
        for start in range(0, len(speech), 48000):
            audio = base64.b64encode(speech[start : start + 48000]).decode()
            await connection.input_audio_buffer.append(audio=audio)
        await connection.input_audio_buffer.commit()
        await connection.response.create()
        done = talk.events[await talk.wait("response.done")].response
        assert done.status == "completed", done
        assert kinds(talk.events) == [
            "session.created",
            "conversation.created",
            "session.updated",
            "input_audio_buffer.committed",
            "conversation.item.created",
            "response.created",
            "response.output_item.added",
            "conversation.item.created",
            "response.content_part.added",
            "response.audio_transcript.delta",
            "response.audio.delta",
            "response.audio.done",
            "response.audio_transcript.done",
            "response.content_part.done",
            "response.output_item.done",
            "response.done",
        ], kinds(talk.events)
        content = done.output[0].content[0]
        assert content.type == "audio" and "weather" in content.transcript.lower(), content


async def keys():
    """Who has no key gets no socket; a browser brings its own as a subprotocol."""
    for key, is_right in [("right", True), ("wrong", False)]:
        try:
            async with connect(key) as connection, Talk(connection) as talk:
                await talk.wait("session.created")
                assert is_right
        except websockets.exceptions.InvalidStatus as refused:
            assert not is_right and refused.response.status_code == 401, refused
        address = URL.replace("http", "ws", 1) + "/v1/realtime"
        offers = ["realtime", f"openai-insecure-api-key.{key}"]
        try:
            async with websockets.connect(address, subprotocols=offers) as socket:
                assert is_right and socket.subprotocol == "realtime"
                assert '"session.created"' in await socket.recv()
        except websockets.exceptions.InvalidStatus as refused:
            assert not is_right and refused.response.status_code == 401, refused


async def client_secrets():
    """A key for a page opens a session that is set already, and nothing else."""
    secret = await client("right").realtime.client_secrets.create(
        expires_after={"anchor": "created_at", "seconds": 60},
        session={"type": "realtime", "model": MODEL, "instructions": "Be a pirate."},
    )
    assert 50 < secret.expires_at - time.time() < 70, secret
    assert secret.session.instructions == "Be a pirate.", secret
    async with connect(secret.value) as connection, Talk(connection) as talk:
        created = talk.events[await talk.wait("session.created")]
        assert created.session.instructions == "Be a pirate.", created
    for key in ("wrong", secret.value):
        try:
            await client(key).realtime.client_secrets.create()
            raise AssertionError("it must not give out keys")
        except openai.AuthenticationError:
            pass
    try:
        await client("right").realtime.client_secrets.create(expires_after={"seconds": 1})
        raise AssertionError("too short")
    except openai.BadRequestError as error:
        assert error.param == "expires_after.seconds", error


SCENARIOS = [
    turns,
    text,
    call,
    interruption,
    transcription,
    telephone,
    beta,
    keys,
    client_secrets,
]
asyncio.run({it.__name__: it for it in SCENARIOS}[SCENARIO]())
print(f"{SCENARIO}: passed")
