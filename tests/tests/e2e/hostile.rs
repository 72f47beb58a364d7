//! What a client with bad intentions gets: an answer, and nothing else.

use std::ops::Range;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use voice_stack_tests::bombs;
use voice_stack_tests::client::{Answer, Then, exchange};
use voice_stack_tests::multipart;
use voice_stack_tests::mutation::Originals;
use voice_stack_tests::samples::{self, JFK_PHRASE};
use voice_stack_tests::service::{Asr, wait_until};
use voice_stack_tests::synthetic;

/// Of the uploads below. `HOSTILE_SEED` in the environment tries others.
const SEED: u64 = 20_250_614;
const UPLOADS: u64 = 2_000;
const WARM_UP: u64 = 100;
const CLIENTS: usize = 4;

fn seed() -> u64 {
    let wanted = std::env::var("HOSTILE_SEED").ok();
    wanted.map_or(SEED, |seed| seed.parse().expect("HOSTILE_SEED is a number"))
}

/// What is wrong with an answer, if anything: all answers are results or errors of the
/// documented shape, and at this load there is no reason to refuse anybody.
fn complaint(answer: Option<&Answer>) -> Option<String> {
    let Some(answer) = answer else {
        return Some("no answer".into());
    };
    let json: serde_json::Value = match serde_json::from_str(&answer.text) {
        Ok(json) => json,
        Err(error) => return Some(format!("{}: {error}: {}", answer.status, answer.text)),
    };
    let error = &json["error"];
    let is_right = match answer.status {
        200 => json["text"].is_string(),
        400..500 => {
            let told = ["message", "type", "code"].map(|key| error[key].as_str());
            let is_told = told.iter().all(|it| it.is_some_and(|it| !it.is_empty()));
            is_told && error.get("param").is_some() && answer.header("x-request-id").is_some()
        }
        _ => false,
    };
    (!is_right).then(|| format!("{}: {json}", answer.status))
}

/// Sends these uploads of the seed from a few clients at once. Gives the number
/// of transcripts among the answers.
fn send_mutated(asr: &Asr, originals: &Originals, numbers: Range<u64>) -> u64 {
    let (next, transcripts) = (AtomicU64::new(numbers.start), AtomicU64::new(0));
    let complaints = Mutex::new(Vec::new());
    let client = || {
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            if index >= numbers.end {
                break;
            }
            let mutated = originals.mutated(seed(), index);
            let answer = exchange(asr.port(), &multipart::upload(&mutated.file), Then::Wait);
            if answer.as_ref().is_some_and(|it| it.status == 200) {
                transcripts.fetch_add(1, Ordering::Relaxed);
            }
            if let Some(complaint) = complaint(answer.as_ref()) {
                let complaint = format!("upload {index}: {}: {complaint}", mutated.what);
                complaints.lock().unwrap().push(complaint);
            }
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..CLIENTS {
            scope.spawn(client);
        }
    });
    let complaints = complaints.into_inner().unwrap();
    assert!(
        complaints.is_empty(),
        "seed {}:\n{}",
        seed(),
        complaints.join("\n")
    );
    transcripts.into_inner()
}

fn assert_hears_well(asr: &Asr) {
    let text = asr.client().text_of(&samples::jfk(), &[]).to_lowercase();
    let plain = text.replace([',', '.'], "");
    assert!(plain.contains(JFK_PHRASE), "{text}");
}

fn assert_unharmed(asr: &Asr) {
    assert_hears_well(asr);
    wait_until("everything is done", || {
        let slots = asr.client().get("/health/detailed").json()["slots"].clone();
        slots["active"] == 0 && slots["queued"] == 0
    });
    let log = asr.log();
    let panic = log.lines().find(|line| line.contains("panicked"));
    assert!(panic.is_none(), "{panic:?}");
}

/// Brings the service to where it is after a day of work.
///
/// Its memory is then that of the model, of a working memory for each of the two inferences
/// that run at once, which grows to what the longest window needs, and of the allocator's
/// arenas. Hostile uploads have a part in the latter only, so all of it must be there before
/// the first measurement.
fn warm_up(asr: &Asr, originals: &Originals) {
    let speech = samples::jfk_samples().repeat(3);
    let longest_window = synthetic::wav(&speech[..29 * 16_000]);
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| assert!(!asr.client().text_of(&longest_window, &[]).is_empty()));
        }
    });
    send_mutated(asr, originals, 0..WARM_UP);
    assert_hears_well(asr);
}

#[test]
fn thousands_of_broken_files_are_answered_and_leave_nothing_behind() {
    let asr = Asr::start(&[("PRELOAD", "true"), ("MAX_AUDIO_SECONDS", "60")]);
    let originals = Originals::load();
    warm_up(&asr, &originals);
    let (pid, before) = (asr.pid(), asr.rss_bytes());
    let lines_before = asr.log().lines().count();

    let transcripts = send_mutated(&asr, &originals, WARM_UP..WARM_UP + UPLOADS);

    assert_unharmed(&asr);
    assert_eq!(asr.pid(), pid);
    // With the model in memory, as an operator sees it: without it, little more than the
    // binary is left, and a page of a library that was used for the first time would count.
    let after = asr.rss_bytes();
    println!(
        "{UPLOADS} uploads, {transcripts} of them transcribed; {} MiB before, {} MiB after",
        before >> 20,
        after >> 20
    );
    assert!(
        after <= before + before / 20,
        "{before} bytes became {after}"
    );
    // A line or two for each upload, whatever its author would like to have logged.
    let logged = asr.log().lines().count() - lines_before;
    assert!(logged < 2 * UPLOADS as usize, "{logged} lines");
}

#[test]
fn files_that_claim_or_unfold_to_hours_and_gigabytes_are_answered() {
    let asr = Asr::start(&[("MAX_AUDIO_SECONDS", "60")]);
    assert_hears_well(&asr);
    let before = asr.peak_rss_bytes();

    let malformed = samples::malformed().into_iter().map(|path| {
        let file = std::fs::read(&path).unwrap();
        (path.display().to_string(), file)
    });
    let bombs = bombs::all();
    let bombs = bombs.into_iter().map(|it| (it.name.to_string(), it.file));
    for (name, file) in malformed.chain(bombs) {
        let answer = exchange(asr.port(), &multipart::upload(&file), Then::Wait);
        let complaint = complaint(answer.as_ref());
        assert!(complaint.is_none(), "{name}: {complaint:?}");
        if name.contains("an hour") {
            assert_eq!(answer.unwrap().code(), "audio_too_long", "{name}");
        }
    }

    assert_unharmed(&asr);
    // Not one of them had its gigabytes even for a moment.
    let peak = asr.peak_rss_bytes();
    println!(
        "peak: {} MiB before, {} MiB after",
        before >> 20,
        peak >> 20
    );
    assert!(peak < before + (64 << 20), "{before} bytes became {peak}");
}

#[test]
fn requests_that_are_hardly_uploads_are_answered() {
    let asr = Asr::start(&[]);
    for request in multipart::hostile() {
        let answer = exchange(asr.port(), &request.bytes, request.then);
        if answer.is_none() && request.then == Then::HangUp {
            continue;
        }
        let complaint = complaint(answer.as_ref());
        assert!(complaint.is_none(), "{}: {complaint:?}", request.name);
    }
    assert_unharmed(&asr);
}
