//! What every mode begins with: services that answer, and something to send them.

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use crate::cli::{TargetArgs, WorkloadArgs};
use crate::client::http_client;
use crate::corpus::{self, Class, Recording};
use crate::exit::Failure;
use crate::quote::shown;
use crate::service::Service;
use crate::target::Target;
use crate::watch::state::{State, state};
use crate::workload::{Probes, Speech, SpeechAsk, TranscriptAsk, Transcripts, Workload};

/// Services that answer.
#[derive(Debug, Clone)]
pub struct Setup {
    /// What asks them.
    pub http: reqwest::Client,
    /// Those that were asked for.
    pub services: Vec<Reached>,
    /// Differs from run to run.
    pub run: u64,
    /// Where a TTS service should be, whether it is to be loaded or not.
    tts: Target,
}

/// A service that answers.
#[derive(Debug, Clone)]
pub struct Reached {
    /// Where it is.
    pub target: Target,
    /// What it says of itself.
    pub state: State,
}

/// Asks the services whether they are there.
///
/// # Errors
/// An address is wrong, or one of them does not answer.
pub async fn reached(args: &TargetArgs) -> Result<Setup, Failure> {
    let http = http_client().map_err(|it| Failure::Usage(it.to_string()))?;
    let target = |service| {
        let address = match service {
            Service::Asr => &args.asr_host,
            Service::Tts => &args.tts_host,
        };
        Target::new(service, address, args.api_key.clone()).map_err(Failure::Usage)
    };
    let mut services = Vec::new();
    for service in args.service.services() {
        let target = target(service)?;
        let state = state(&http, &target).await;
        let state = state.map_err(|cause| unreachable(&target, &cause))?;
        if let Some(other) = state
            .service
            .as_ref()
            .filter(|it| **it != service.to_string())
        {
            return Err(Failure::Usage(format!(
                "--{service}-host {}: the service there says that it is '{}'",
                target.base,
                shown(other)
            )));
        }
        services.push(Reached { target, state });
    }
    Ok(Setup {
        http,
        services,
        run: now_as_number(),
        tts: target(Service::Tts)?,
    })
}

fn now_as_number() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    now.map_or(0, |it| it.as_nanos() as u64)
}

/// The failure that says which service doesn't answer, and what to look at.
pub(super) fn unreachable(target: &Target, cause: &reqwest::Error) -> Failure {
    let service = target.service;
    let mut deepest: &dyn std::error::Error = cause;
    while let Some(deeper) = deepest.source() {
        deepest = deeper;
    }
    Failure::Unreachable(format!(
        "the {} service at {} does not answer: {deepest}. Is it running \
         (systemctl status voice-stack-{service})? --{service}-host names another address",
        service.title(),
        target.base
    ))
}

impl Setup {
    /// The same for one service alone, as if no other had been asked for.
    #[must_use]
    pub fn only(&self, service: Service) -> Self {
        let mut alone = self.clone();
        alone.services.retain(|it| it.target.service == service);
        alone
    }

    /// What is sent to each of the services.
    ///
    /// # Errors
    /// There is nothing to send.
    pub async fn workloads(
        &self,
        args: &WorkloadArgs,
        run: u64,
    ) -> Result<Vec<Arc<Workload>>, Failure> {
        let mut workloads = Vec::new();
        for reached in &self.services {
            let target = reached.target.clone();
            if args.probes {
                workloads.push(Arc::new(Workload::new(target, Probes)));
                continue;
            }
            let workload = match target.service {
                Service::Asr => {
                    let ask = TranscriptAsk {
                        model: args.asr_model.clone(),
                        language: args.language.clone(),
                        worst_wer: args.worst_wer,
                    };
                    Transcripts::of(&self.recordings(args).await?, &ask)
                        .map(|it| Workload::new(target, it))
                }
                Service::Tts => {
                    let ask = SpeechAsk {
                        model: args.tts_model.clone(),
                        voice: args.voice.clone(),
                        format: args.format,
                        may_be_cached: args.cached,
                        run,
                    };
                    let spoken = |it: &Class| !matches!(it, Class::Noise | Class::Silence);
                    let classes: Vec<_> = args.classes.iter().copied().filter(spoken).collect();
                    Speech::of(&classes, ask).map(|it| Workload::new(target, it))
                }
            };
            let workload = workload.map_err(|it| Failure::Usage(it.to_string()))?;
            workloads.push(Arc::new(workload));
        }
        Ok(workloads)
    }

    async fn recordings(&self, args: &WorkloadArgs) -> Result<Vec<Arc<Recording>>, Failure> {
        let mut recordings = match &args.corpus {
            Some(folder) => {
                let read = corpus::read_directory(folder);
                return read.map_err(|it| Failure::Usage(format!("--corpus {it}")));
            }
            None => corpus::built_in(),
        };
        if !args.built_in {
            match corpus::speak_texts(&self.http, &self.tts, &args.classes).await {
                Ok(made) => recordings.extend(made),
                Err(error) => eprintln!(
                    "{error}\nwithout it, the one recording that the tool brings along is sent"
                ),
            }
        }
        recordings.retain(|it| args.classes.contains(&it.class));
        if recordings.is_empty() {
            // Recordings of another length are better than no run.
            recordings = corpus::built_in();
            recordings.truncate(1);
        }
        Ok(recordings)
    }
}
