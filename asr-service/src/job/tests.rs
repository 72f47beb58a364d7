//! What a request that doesn't reach its end leaves behind.

use std::sync::mpsc;
use std::time::Duration;

use clap::Parser as _;
use futures::FutureExt as _;
use voice_common::cancellation::CancelCause;
use voice_common::model_slots::InUse;
use voice_common::pressure::Thresholds;

use super::*;
use crate::config::AsrConfig;
use crate::engine::scripted::ScriptedSource;
use crate::service;

const ONE_AT_A_TIME: [&str; 4] = ["--max-concurrent-requests", "1", "--max-loaded-models", "2"];

fn app(flags: &[&str]) -> Arc<App> {
    app_with(ScriptedSource::with_models(&["base", "tiny.en"]), flags)
}

fn app_with(source: ScriptedSource, flags: &[&str]) -> Arc<App> {
    let flags = ["voice-stack-asr"].iter().chain(flags).copied();
    let config = AsrConfig::parse_from(flags);
    let thresholds = Thresholds::configured(&config.common.guards, false);
    service::build(&config, vec![Arc::new(source)], thresholds)
        .unwrap()
        .1
}

fn silence() -> Input {
    Input {
        file: UploadedFile {
            content: UploadedContent::Memory(vec![0; 32_000].into()),
            name: None,
        },
        field: "file",
        headerless: true,
        priority: Priority::Batch,
    }
}

/// Computes until it is cancelled.
fn stubborn(
    started: mpsc::Sender<()>,
) -> impl FnOnce(Context<'_>, &[f32]) -> Result<(), EngineError> + Send {
    move |job, _| {
        started.send(()).unwrap();
        while !job.cancellation.is_cancelled() {
            std::thread::yield_now();
        }
        Err(EngineError::Cancelled)
    }
}

/// A request that holds the only permit until it is aborted.
async fn occupy(app: &Arc<App>) -> tokio::task::JoinHandle<()> {
    let (started, starts) = mpsc::channel();
    let request = tokio::spawn({
        let app = Arc::clone(app);
        async move {
            let _cancelled = app.run(silence(), "tiny.en", stubborn(started)).await;
        }
    });
    tokio::task::spawn_blocking(move || starts.recv().unwrap())
        .await
        .unwrap();
    request
}

async fn until_nothing_runs(app: &App) {
    while app.jobs.core.admission.occupancy().active > 0 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

/// The values of the cancellation counters that are not zero.
fn cancellations(app: &App) -> Vec<String> {
    let text = app.jobs.core.encode_metrics();
    let counters = text.lines().filter_map(|line| {
        let line = Some(line).filter(|it| !it.ends_with(" 0"))?;
        let labels = line.strip_prefix("voice_cancellations_total{service=\"asr\",cause=\"")?;
        Some(labels.replace("\",stage=\"", " in ").replace("\"}", ":"))
    });
    counters.collect()
}

#[tokio::test]
async fn a_client_that_leaves_the_queue_is_counted_there() {
    let app = app(&ONE_AT_A_TIME);
    let running = occupy(&app).await;
    let waiting = app.run(silence(), "base", |_, _| Ok(()));
    assert!(waiting.now_or_never().is_none(), "it waits, then it leaves");
    assert_eq!(cancellations(&app), ["disconnected in queue: 1"]);
    running.abort();
    until_nothing_runs(&app).await;
}

#[tokio::test]
async fn a_client_that_leaves_during_inference_is_counted_there_and_once() {
    let app = app(&ONE_AT_A_TIME);
    let running = occupy(&app).await;
    running.abort();
    until_nothing_runs(&app).await;
    assert_eq!(cancellations(&app), ["disconnected in inference: 1"]);
}

#[tokio::test]
async fn a_client_that_leaves_while_its_model_loads_is_counted_with_those_who_have_a_permit() {
    let (let_it_end, gate) = mpsc::channel();
    let source = ScriptedSource::with_models(&["base"]).loading_until_dropped(gate);
    let app = app_with(source, &["--asr-model", "base"]);
    let loading = app.run(silence(), "base", |_, _| Ok(()));
    assert!(loading.now_or_never().is_none(), "it loads, then it leaves");
    assert_eq!(cancellations(&app), ["disconnected in inference: 1"]);
    drop(let_it_end);
}

#[tokio::test]
async fn a_request_past_its_deadline_is_counted_as_that() {
    let app = app(&["--request-timeout-seconds", "0.01"]);
    let (started, _starts) = mpsc::channel();
    let error = app.run(silence(), "base", stubborn(started)).await.err();
    assert_eq!(error.unwrap().code(), "deadline_exceeded");
    until_nothing_runs(&app).await;
    assert_eq!(cancellations(&app), ["deadline in inference: 1"]);
}

#[tokio::test]
async fn the_end_of_the_drain_time_is_counted_for_those_who_wait_and_those_who_run() {
    let app = app(&ONE_AT_A_TIME);
    let running = occupy(&app).await;
    let waiting = tokio::spawn({
        let app = Arc::clone(&app);
        async move { app.run(silence(), "base", |_, _| Ok(())).await.map(drop) }
    });
    while app.jobs.core.admission.occupancy().queued == 0 {
        tokio::task::yield_now().await;
    }
    app.jobs.core.cancellation.cancel(CancelCause::Shutdown);
    assert_eq!(waiting.await.unwrap().unwrap_err().code(), "draining");
    running.await.unwrap();
    until_nothing_runs(&app).await;
    let mut counted = cancellations(&app);
    counted.sort();
    assert_eq!(
        counted,
        ["shutdown in inference: 1", "shutdown in queue: 1"]
    );
}

#[tokio::test]
async fn answers_and_rejections_are_no_cancellations() {
    let app = app(&["--max-concurrent-requests", "1", "--max-queue", "0"]);
    app.run(silence(), "base", |_, _| Ok(())).await.unwrap();
    let running = occupy(&app).await;
    let rejected = app.run(silence(), "base", |_, _| Ok(())).await.err();
    assert_eq!(rejected.unwrap().code(), "queue_full");
    assert!(cancellations(&app).is_empty());
    running.abort();
    until_nothing_runs(&app).await;
}

#[tokio::test]
async fn the_model_of_a_request_in_the_queue_is_not_unloaded() {
    let app = app(&ONE_AT_A_TIME);
    app.run(silence(), "base", |_, _| Ok(())).await.unwrap();
    let running = occupy(&app).await;
    let mut waiting = Box::pin(app.run(silence(), "base", |_, _| Ok(())));
    assert!((&mut waiting).now_or_never().is_none());
    assert_eq!(app.jobs.models.unload("base").await, Err(InUse));
    drop(waiting);
    assert_eq!(app.jobs.models.unload("base").await, Ok(true));
    running.abort();
    until_nothing_runs(&app).await;
}
