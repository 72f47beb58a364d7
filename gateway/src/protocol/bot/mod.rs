//! The bot's protocol, `/ws`: control as JSON, audio as binary messages. As small as can be.
//!
//! | the client sends | |
//! |---|---|
//! | binary | what the user says: s16le, mono, 16 kHz unless it has said otherwise |
//! | `start{sample_rate?, encoding?, language?, voice?, echo_cancelled?}` | what is otherwise than by default; any time |
//! | `speech_start`, `speech_end` | push to talk. From the first one on the client alone says when the user speaks; without any, that is heard |
//! | `text{text}` | what the user writes instead |
//! | `playback{played_ms, response?}` | so much of the answer was heard |
//! | `cancel` | ends the answer |
//!
//! | the service sends | |
//! |---|---|
//! | `ready{session, audio}` | first of all; how the audio comes |
//! | `transcript{text, final}` | what was understood; empty: nothing |
//! | `agent_text{response, text}` | the words of the audio that follows |
//! | `audio_start{response, …}`, binary, `audio_end{response}` | an answer's audio: s16le, mono, 24 kHz |
//! | `pause{response, played_ms, played_samples}` | stop playing, and drop what was not played: the user may be speaking |
//! | `resume{…}` | it was nothing: what follows continues there |
//! | `interrupted{…}` | stop playing, and drop what was not played: the answer is over |
//! | `tool_call{name, arguments}` | something is looked up |
//! | `response_done{response?, status, text}` | the end of an answer, and what was heard of it |
//! | `error{code, message}` | the conversation goes on |

mod adapter;
mod wire;

use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use parking_lot::Mutex;
use tokio::sync::watch;
use utoipa_axum::router::OpenApiRouter;
use voice_common::ApiError;
use voice_common::websocket::{Close, Incoming, Message, Outgoing, Upgrade, WebSocket};

use crate::app::{App, Place};
use crate::conversation::Closing;
use crate::pipeline::{self, Gone, Line, Opening, Outgoings};
use adapter::{Adapter, Step};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().route("/ws", get(connect))
}

async fn connect(State(app): State<App>, upgrade: Upgrade) -> Result<Response, ApiError> {
    let place = app.admit()?;
    Ok(upgrade.accept(None, |socket| hold(app, place, socket)))
}

/// Holds a conversation over a WebSocket.
async fn hold(app: App, place: Place, socket: WebSocket) -> Close {
    let opening = Opening {
        settings: app.settings(),
        ..Opening::default()
    };
    let adapter = Adapter::new(&opening);
    let (line, outgoings) = app.pipeline().converse(opening);
    // What is being said when the service is about to end is said.
    let _hold = socket.hold();
    let going_away = socket.going_away_token();
    let WebSocket {
        incoming, outgoing, ..
    } = socket;
    let client = Client {
        outgoing,
        adapter: Mutex::new(adapter),
        is_busy: watch::Sender::new(false),
    };
    if client.send([wire::ready(place.id())]).await.is_err() {
        return Close::NORMAL;
    }
    tokio::select! {
        () = client.listen(incoming, line) => Close::NORMAL,
        close = client.speak(outgoings) => close,
        () = place.cancellation().cancelled() => Close::GOING_AWAY,
        () = async { going_away.cancelled().await; client.idle().await } => Close::GOING_AWAY,
    }
}

/// The client's side.
struct Client {
    outgoing: Outgoing,
    adapter: Mutex<Adapter>,
    /// Whether something is being answered.
    is_busy: watch::Sender<bool>,
}

impl Client {
    async fn send(&self, messages: impl IntoIterator<Item = Message>) -> Result<(), Gone> {
        for message in messages {
            self.outgoing.send(message).await.map_err(|_| Gone)?;
        }
        Ok(())
    }

    /// Until the client has gone.
    async fn listen(&self, mut incoming: Incoming, mut line: Line) {
        while let Some(message) = incoming.recv().await {
            let steps = self.adapter.lock().said(&message);
            for step in steps {
                if self.take(step, &mut line).await.is_err() {
                    // What is still to be sent is sent before the end.
                    return std::future::pending().await;
                }
            }
        }
    }

    async fn take(&self, step: Step, line: &mut Line) -> Result<(), Gone> {
        match step {
            Step::Hear(samples) => line.hear(&samples).await,
            Step::SpeechStarted => line.speech_started().await,
            Step::SpeechEnded => line.speech_ended().await,
            Step::Tell(input) => line.tell(input).await,
            Step::Configure(settings, manner) => line.configure(*settings, *manner).await,
            Step::Answer(message) => self.send([message]).await,
        }
    }

    /// Until the conversation is over.
    async fn speak(&self, mut outgoings: Outgoings) -> Close {
        while let Some(outgoing) = outgoings.next().await {
            let (messages, is_busy) = {
                let mut adapter = self.adapter.lock();
                (adapter.tell(&outgoing), adapter.is_busy())
            };
            if self.send(messages).await.is_err() {
                return Close::NORMAL;
            }
            self.is_busy.send_replace(is_busy);
            if outgoing == pipeline::Outgoing::Closed(Closing::Expired) {
                return Close::NORMAL.because("nothing has happened for too long");
            }
        }
        Close::NORMAL
    }

    /// Until nothing is being answered.
    async fn idle(&self) {
        let _ = self.is_busy.subscribe().wait_for(|it| !it).await;
    }
}
