//! What a restart by the operator's own means shows: the service itself ends and comes back.

use std::process::Stdio;
use std::time::{Duration, Instant};

use tokio::process::Command;

use super::capacity_checks::lost;
use super::subject::{Obstacle, Subject};
use crate::finding::{Evidence, broken, proven};
use crate::quote::shown;
use crate::report::terminal::time;
use crate::watch::state::state;

/// How long after its restart a service may take to answer.
const BACK_WITHIN: Duration = Duration::from_mins(1);
/// How often it is asked.
const POLL: Duration = Duration::from_millis(20);

/// Restarts the service under load: what was accepted is finished, and another process answers.
///
/// `command` is for the shell; `{service}` in it becomes `asr` or `tts`.
pub(super) async fn restart(subject: &Subject, command: &str) -> Result<Evidence, Obstacle> {
    let command = command.replace("{service}", subject.target.service.name());
    let name = shown(&command);
    let before = subject.state().await?.process.map(|it| it.pid);
    let (asked, requests) = subject.fill().await?;

    let began = Instant::now();
    let patience = Duration::from_secs_f64(subject.limits.drain_timeout_seconds) + BACK_WITHIN;
    run(&command, patience).await?;
    let took = began.elapsed();
    let ended = asked.join_all().await;
    if let Some(lost) = lost(&ended) {
        return Ok(broken(format!("{lost} when `{name}` was run")));
    }
    let after = loop {
        if let Ok(state) = state(&subject.http, &subject.target).await {
            break state.process.map(|it| it.pid);
        }
        if began.elapsed() > patience {
            let seconds = patience.as_secs();
            return Ok(broken(format!(
                "all were served, but nothing answers {seconds} s after `{name}`"
            )));
        }
        tokio::time::sleep(POLL).await;
    };
    if before.is_some() && before == after {
        return Err(Obstacle::NotProven(format!(
            "`{name}` restarted nothing: the same process answers"
        )));
    }
    if let Some(complaint) = subject.ask().await.outcome.complaint() {
        return Ok(broken(format!(
            "all were served, but not the first request after `{name}`: {complaint}"
        )));
    }
    Ok(proven(format!(
        "`{name}` took {} with {requests} requests under way: all were served, and so was the \
         next one, by another process",
        time(took.as_secs_f64())
    )))
}

async fn run(command: &str, patience: Duration) -> Result<(), Obstacle> {
    let cannot = |what: String| Obstacle::NotProven(format!("`{}` {what}", shown(command)));
    let running = Command::new("sh")
        .args(["-c", command])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .kill_on_drop(true)
        .output();
    match tokio::time::timeout(patience, running).await {
        Err(_) => Err(cannot(format!(
            "did not end within {} s",
            patience.as_secs()
        ))),
        Ok(Err(cause)) => Err(cannot(format!("can't be run: {cause}"))),
        Ok(Ok(output)) if output.status.success() => Ok(()),
        Ok(Ok(output)) => {
            let said = String::from_utf8_lossy(&output.stderr);
            Err(cannot(format!(
                "ended with {}: {}",
                output.status,
                shown(said.trim())
            )))
        }
    }
}
