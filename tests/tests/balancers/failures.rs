//! Instances that die, come back, and leave, while clients go on asking.

use voice_stack_tests::effort::repetitions;
use voice_stack_tests::kind::{ASR, Kind, TTS, transcription};
use voice_stack_tests::scrape::Scrape;
use voice_stack_tests::service::{Service, wait_until};
use voice_stack_tests::{raw, samples, speech, synthetic};

use crate::balancer::{Balancer, Ports, Product, start_on};
use crate::load::{EndOnDrop, Load};

/// More than the slots of one instance, so that its loss is felt.
fn clients_of_a_service() -> usize {
    repetitions(3, 5)
}

behind_both! {
    no_request_fails_while_instances_crash_come_back_and_leave,
    a_large_upload_whose_instance_dies_has_the_documented_end,
    a_stream_is_cut_by_a_crash_and_finished_by_a_drain,
}

/// Requests that an instance has served well since it started.
fn served(service: &Service) -> f64 {
    let labels = [("endpoint", service.kind().endpoint), ("status", "200")];
    Scrape::of(&service.client()).sum("voice_requests_total", &labels)
}

fn wait_for_work(service: &Service) {
    let client = service.client();
    wait_until("it works", || client.slots()["active"] != 0);
}

fn wait_for_share(services: &[&Service]) {
    for service in services {
        wait_until("it gets its share", || served(service) >= 1.0);
    }
}

fn no_request_fails_while_instances_crash_come_back_and_leave(product: Product) {
    let ports = Ports::new();
    let [mut asr_crashes, mut asr_leaves] = ports.start(&ASR, ASR.settings);
    let [mut tts_crashes, mut tts_leaves] = ports.start(&TTS, TTS.settings);
    let mut back = Vec::new();
    let balancer = Balancer::start(product, ports);
    let loads = [Load::new(&ASR), Load::new(&TTS)];
    let proceed = |requests| loads.iter().for_each(|load| load.wait_for(requests));
    std::thread::scope(|scope| {
        let _end = EndOnDrop(&loads);
        for load in &loads {
            load.run(scope, &balancer.client(load.kind), clients_of_a_service());
        }
        wait_for_share(&[&asr_crashes, &asr_leaves, &tts_crashes, &tts_leaves]);

        for crashing in [&mut asr_crashes, &mut tts_crashes] {
            wait_for_work(crashing);
            crashing.kill();
        }
        proceed(clients_of_a_service());

        for crashed in [&asr_crashes, &tts_crashes] {
            let kind = crashed.kind();
            back.push(start_on(kind, crashed.port(), kind.settings));
        }
        wait_for_share(&back.iter().collect::<Vec<_>>());

        for leaving in [&asr_leaves, &tts_leaves] {
            leaving.terminate();
        }
        for leaving in [&mut asr_leaves, &mut tts_leaves] {
            assert_eq!(leaving.wait().code(), Some(0));
        }
        proceed(clients_of_a_service());
    });
    for load in &loads {
        let (name, sent, failures) = (load.kind.name, load.sent(), load.failures());
        let failed = failures.len();
        println!("{product:?}, {name}: {sent} sent, {failed} failed");
        assert!(failures.is_empty(), "{failures:?}");
    }
}

/// Two instances, the request that one of them is at, and which one that is.
struct AtWork {
    balancer: Balancer,
    busy: Service,
    other: Service,
    answer: std::net::TcpStream,
}

impl AtWork {
    fn on(product: Product, kind: &'static Kind, request: &[u8]) -> Self {
        let ports = Ports::new();
        let [first, second] = ports.start(kind, kind.settings);
        let balancer = Balancer::start(product, ports);
        let answer = raw::send(balancer.port(kind), request);
        let is_busy = |it: &Service| it.client().slots()["active"] == 1;
        wait_until("one of them works", || is_busy(&first) || is_busy(&second));
        let (busy, other) = if is_busy(&first) {
            (first, second)
        } else {
            (second, first)
        };
        Self {
            balancer,
            busy,
            other,
            answer,
        }
    }
}

fn a_large_upload_whose_instance_dies_has_the_documented_end(product: Product) {
    let samples = samples::jfk_samples();
    // 350 kB, and 1.4 MB: below and above what HAProxy keeps of a request.
    for (repetitions, is_kept) in [(1, true), (4, product == Product::Nginx)] {
        let upload = transcription(&synthetic::wav(&samples.repeat(repetitions)));
        let mut at_work = AtWork::on(product, &ASR, &upload.raw());
        at_work.busy.kill();
        let answer = raw::answer_on(&at_work.answer).unwrap();
        println!(
            "{product:?}, crash under an upload of {} kB: {} {}",
            upload.body.len() / 1000,
            answer.status,
            &answer.text[..answer.text.len().min(100)]
        );
        if is_kept {
            assert_eq!(upload.complaint(&answer), None);
        } else {
            assert_eq!((answer.status, &*answer.code()), (502, "instance_failed"));
            assert_eq!(answer.fault_as_error(), None);
            assert_eq!(answer.header("retry-after"), Some("1"));
            // Whoever tries again is served.
            at_work.balancer.client(&ASR).serve(&(ASR.quick)());
        }
        at_work.other.assert_no_panic();
    }
}

fn a_stream_is_cut_by_a_crash_and_finished_by_a_drain(product: Product) {
    let speech = |sentences| {
        let fields = serde_json::json!({"input": speech::text_of(sentences)});
        speech::request(&fields)
    };
    let mut at_work = AtWork::on(product, &TTS, &speech(300).raw());
    TTS.cut_short.wait_for_beginning(&at_work.answer);
    at_work.busy.kill();
    let answer = raw::answer_on(&at_work.answer).unwrap();
    assert_eq!((answer.status, answer.is_whole), (200, false));

    let text = speech(12);
    let mut at_work = AtWork::on(product, &TTS, &text.raw());
    TTS.cut_short.wait_for_beginning(&at_work.answer);
    at_work.busy.terminate();
    let answer = raw::answer_on(&at_work.answer).unwrap();
    assert_eq!(text.complaint(&answer), None);
    assert_eq!(at_work.busy.wait().code(), Some(0));
}
