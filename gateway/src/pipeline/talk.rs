//! One conversation: its task, from what comes in to what goes out.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until, timeout};

use super::MOST_HEARD;
use super::ear::Ear;
use super::heard::{Heard, RATE_HZ, sample_at};
use super::jobs::{AbortOnDrop, Fact, Jobs, Reported};
use super::kept::Kept;
use super::line::Said;
use super::measure::Measure;
use super::opening::{Manner, Opening};
use super::outgoing::Outgoing;
use super::sending::{Next, Sending};
use super::shared::Shared;
use super::timeline::Timeline;
use crate::conversation::{Conversation, Detection, Input, Settings, Stage};

/// For a client to take what is left when the conversation is over.
const LAST_WORDS: Duration = Duration::from_secs(5);
/// What is heard of a client that speaks and then sends nothing more: a second at a time.
static NOTHING: [i16; RATE_HZ as usize] = [0; RATE_HZ as usize];
/// A silence that ends a turn where pauses can't be judged.
const PLAIN_SILENCE: Duration = Duration::from_millis(500);

/// A conversation and all that belongs to it.
pub(super) struct Talk {
    pub(super) shared: Arc<Shared>,
    pub(super) conversation: Conversation,
    pub(super) manner: Manner,
    pub(super) ear: Ear,
    pub(super) jobs: Jobs,
    pub(super) kept: Kept,
    pub(super) sending: Sending,
    pub(super) measure: Measure,
    /// The last turn ended here, in samples: the padding of the next one begins behind it.
    pub(super) turn_ended: u64,
    /// Since here nothing was committed by the client, in samples.
    committed: u64,
    timeline: Timeline,
    heard: Arc<AtomicU64>,
    /// Makes the sentence that is said if none can be made.
    beforehand: Option<AbortOnDrop>,
    /// Audio that is not heard yet: it came faster than it was spoken while somebody waits.
    early: Option<Vec<i16>>,
    pub(super) is_over: bool,
}

/// What happened.
enum Happened {
    Reported(Box<Reported>),
    Time,
    CanSend(mpsc::OwnedPermit<Outgoing>),
    Said(Option<Said>),
    ClientGone,
}

impl Talk {
    pub(super) fn new(shared: Arc<Shared>, opening: Opening, heard: Arc<AtomicU64>) -> Self {
        let Opening {
            settings,
            manner,
            pace,
        } = opening;
        let settings = fitted(settings, &shared);
        let mut talk = Self {
            ear: Ear::new(shared.parts.voice.clone(), Heard::new(MOST_HEARD)),
            jobs: Jobs::new(),
            kept: Kept::default(),
            sending: Sending::new(pace),
            measure: Measure::new(shared.parts.metrics.clone()),
            turn_ended: 0,
            committed: 0,
            timeline: Timeline::new(Instant::now()),
            conversation: Conversation::new(settings, Duration::ZERO),
            manner,
            shared,
            heard,
            beforehand: None,
            early: None,
            is_over: false,
        };
        talk.adapt();
        talk
    }

    /// Until the conversation is over.
    pub(super) async fn run(
        mut self,
        mut said: mpsc::Receiver<Said>,
        outgoing: mpsc::Sender<Outgoing>,
    ) {
        while !self.is_over {
            match self.next(&mut said, &outgoing).await {
                Happened::Reported(it) => self.reported(*it),
                Happened::Time => self.time_passed(),
                Happened::CanSend(permit) => self.send(permit),
                Happened::Said(Some(it)) => self.said(it),
                Happened::Said(None) | Happened::ClientGone => self.tell(Input::HungUp),
            }
            if self.sending.is_stuck() {
                tracing::warn!("a client takes nothing of what it is sent: its conversation ends");
                self.tell(Input::HungUp);
            }
        }
        // What runs for nobody any more ends before the client takes what is left.
        drop(std::mem::replace(&mut self.jobs, Jobs::new()));
        let last_words = async {
            while self.sending.next(Instant::now()) == Next::Now
                && let Ok(permit) = outgoing.clone().reserve_owned().await
            {
                self.send(permit);
            }
        };
        let _ = timeout(LAST_WORDS, last_words).await;
    }

    async fn next(
        &mut self,
        said: &mut mpsc::Receiver<Said>,
        outgoing: &mpsc::Sender<Outgoing>,
    ) -> Happened {
        let now = Instant::now();
        let sends = self.sending.next(now);
        let wakes = [
            self.conversation
                .next_deadline()
                .map(|it| self.timeline.when(it)),
            self.early
                .as_ref()
                .map(|_| self.may_hear(now).err().unwrap_or(now)),
            self.falls_silent_at(),
            match sends {
                Next::At(when) => Some(when),
                Next::Now | Next::Nothing => None,
            },
        ];
        let wakes = wakes.into_iter().flatten().min();
        let wake = async {
            match wakes {
                Some(when) => sleep_until(when).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            reported = self.jobs.next() => Happened::Reported(Box::new(reported)),
            () = wake => Happened::Time,
            permit = outgoing.clone().reserve_owned(), if sends == Next::Now => {
                permit.map_or(Happened::ClientGone, Happened::CanSend)
            }
            said = said.recv(), if self.early.is_none() => Happened::Said(said),
        }
    }

    fn may_hear(&self, now: Instant) -> Result<(), Instant> {
        self.timeline.may_hear(
            self.conversation.is_waiting() || self.jobs.is_scoring(),
            now,
        )
    }

    /// When somebody who speaks, and of whom nothing more comes, has stopped.
    fn falls_silent_at(&self) -> Option<Instant> {
        let is_open = self.conversation.has_utterance() && self.early.is_none();
        let hears = self.conversation.settings().detection != Detection::Manual;
        self.timeline.quiet_at().filter(|_| is_open && hears)
    }

    fn time_passed(&mut self) {
        let now = Instant::now();
        if self.falls_silent_at().is_some_and(|it| it <= now) {
            self.hear(&NOTHING);
        }
        if self.may_hear(now).is_ok()
            && let Some(samples) = self.early.take()
        {
            self.hear(&samples);
        }
        self.tell(Input::Timer);
    }

    fn send(&mut self, permit: mpsc::OwnedPermit<Outgoing>) {
        let now = Instant::now();
        let Some(outgoing) = self.sending.take(&mut self.kept, now) else {
            return;
        };
        let time = self.timeline.now(now);
        self.measure.sent(&outgoing, time);
        if matches!(outgoing, Outgoing::Audio { .. }) {
            self.drop_over();
        }
        drop(permit.send(outgoing));
    }

    pub(super) fn drop_over(&mut self) {
        let sending = &self.sending;
        self.kept.drop_over(|key| sending.holds(key));
    }

    fn said(&mut self, said: Said) {
        let heard = self.ear.time();
        match said {
            Said::Audio { samples, rate_hz } => {
                let samples = self.ear.resample(samples, rate_hz);
                if self.may_hear(Instant::now()).is_ok() {
                    self.hear(&samples);
                } else {
                    self.early = Some(samples);
                }
            }
            Said::SpeechStarted => self.tell(Input::SpeechStarted {
                at: heard,
                echo: None,
            }),
            Said::SpeechEnded => self.tell(Input::SpeechEnded { at: heard }),
            Said::Commit { respond } => {
                let from = super::heard::time_of(self.committed);
                self.tell(Input::Commit {
                    from,
                    to: heard,
                    respond,
                });
                self.committed = self.ear.heard.end();
            }
            Said::Input(input) => {
                if input == Input::ClearInput {
                    self.committed = self.ear.heard.end();
                }
                if let Input::Configure(settings) = input {
                    self.configure(*settings);
                } else {
                    self.tell(input);
                }
            }
            Said::Configure(settings, manner) => {
                self.manner = *manner;
                self.configure(*settings);
            }
        }
    }

    fn configure(&mut self, settings: Settings) {
        let settings = fitted(settings, &self.shared);
        self.tell(Input::Configure(Box::new(settings)));
        self.adapt();
    }

    /// What depends on settings.
    fn adapt(&mut self) {
        let settings = self.conversation.settings();
        let finds_speech = settings.detection != Detection::Manual;
        self.ear
            .listen(finds_speech.then_some(self.manner.threshold));
        let sentence = settings.sentences.speech_failed.clone();
        if let crate::conversation::Output::Speech { .. } = settings.output {
            let shared = Arc::clone(&self.shared);
            let voice = self.manner.voice.clone();
            let work = tokio::spawn(shared.speak_beforehand(sentence, voice));
            self.beforehand = Some(AbortOnDrop(work));
        }
    }

    fn hear(&mut self, samples: &[i16]) {
        let now = Instant::now();
        let is_waiting = self.conversation.is_waiting() || self.jobs.is_scoring();
        let from = self.timeline.hear(samples.len() as u64, is_waiting, now);
        let facts = self.ear.hear(from, samples);
        let heard = self.ear.time().as_micros();
        self.heard.store(heard as u64, Ordering::Relaxed);
        for fact in facts {
            self.tell(fact);
        }
        self.forget_heard();
    }

    /// Drops what the conversation can't ask for any more.
    fn forget_heard(&mut self) {
        let padding = self.manner.prefix_padding;
        let from = self.conversation.needs_audio_from();
        let mut from = from.map(|it| sample_at(it.saturating_sub(padding)));
        if self.conversation.settings().detection == Detection::Manual {
            from = Some(from.map_or(self.committed, |it| it.min(self.committed)));
        }
        self.ear.heard.keep(from);
    }

    /// Tells the conversation a fact, and does what it orders.
    pub(super) fn tell(&mut self, input: Input) {
        let now = self.timeline.now(Instant::now());
        for order in self.conversation.handle(input, now) {
            self.carry_out(order);
        }
        self.drop_over();
        if !self.conversation.has_utterance() {
            self.ear.end_turn();
        }
    }

    fn reported(&mut self, reported: Reported) {
        let Reported {
            job,
            fact,
            first_after,
            stage,
        } = reported;
        if let Some((stage, time)) = first_after
            && !matches!(fact, Fact::Failed(_))
        {
            self.shared.parts.metrics.stage_took(stage, time);
        }
        let input = match fact {
            Fact::Transcript(text) => Input::Transcript { job, text },
            Fact::Score(complete) => Input::TurnScore { job, complete },
            Fact::NoScore => return,
            Fact::Token(text) => Input::Token { job, text },
            Fact::ToolCall(call) => Input::ToolCalled { job, call },
            Fact::Result(output) => Input::ToolDone {
                job,
                output: Some(output),
            },
            Fact::Audio(samples) => {
                self.kept.add(job, &samples);
                let samples = samples.len() as u64;
                Input::AudioReady { job, samples }
            }
            Fact::Done if stage == Some(Stage::Speech) => Input::AudioDone { job },
            Fact::Done => Input::ResponseDone { job },
            Fact::Failed(failure) => {
                tracing::warn!(error = %failure, advice = failure.advice(), "a part of an answer failed");
                match failure.stage {
                    Stage::Transcript => Input::TranscriptFailed { job },
                    Stage::Response | Stage::Turn => Input::ResponseFailed { job },
                    Stage::Tool => Input::ToolDone { job, output: None },
                    Stage::Speech => Input::AudioFailed { job },
                }
            }
        };
        self.tell(input);
    }
}

/// Without a model of turns, silence alone ends them.
fn fitted(mut settings: Settings, shared: &Shared) -> Settings {
    if matches!(settings.detection, Detection::Semantic(_)) && shared.parts.turns.is_none() {
        settings.detection = Detection::Silence(PLAIN_SILENCE);
    }
    settings
}
