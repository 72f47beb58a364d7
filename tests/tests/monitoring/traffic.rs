//! Services in all states that are watched for, and requests that bring them there.

use std::path::Path;

use voice_stack_tests::kind::{ASR, TTS};
use voice_stack_tests::service::{Service, models_dir, wait_until};
use voice_stack_tests::{raw, speech};

use crate::prometheus::Prometheus;

/// Most connections of the service that is short of everything.
const FEW_CONNECTIONS: usize = 5;

/// The services.
pub(crate) struct Services {
    /// One slot, one place in the queue.
    asr: Service,
    /// Past its memory threshold, whatever the machine has.
    exhausted: Service,
    /// Short of time, and with models of its own, to damage.
    troubled: Service,
    models: tempfile::TempDir,
    /// Has a cache.
    pub tts: Service,
}

impl Services {
    pub(crate) fn start() -> Self {
        let models = tempfile::tempdir().unwrap();
        for file in [&[ASR.model.file], ASR.model.others].concat() {
            std::fs::copy(models_dir().join(file), models.path().join(file)).unwrap();
        }
        let models_path = models.path().to_str().unwrap();
        let few_connections = FEW_CONNECTIONS.to_string();
        let one = [("MAX_CONCURRENT_REQUESTS", "1"), ("MAX_QUEUE", "1")];
        let exhausted = [
            ("MEMORY_THRESHOLD_PERCENT", "0.01"),
            ("MAX_CONNECTIONS", &few_connections),
        ];
        let troubled = [
            ("MODELS_DIR", models_path),
            ("REQUEST_TIMEOUT_SECONDS", "1"),
        ];
        let speaks = [
            ("TTS_CACHE_SIZE_MB", "8"),
            ("PRELOAD", "true"),
            ("REQUEST_TIMEOUT_SECONDS", "6"),
        ];
        Self {
            asr: Service::start(&ASR, &one),
            exhausted: Service::start(&ASR, &exhausted),
            troubled: Service::start(&ASR, &troubled),
            tts: Service::start(&TTS, &speaks),
            models,
        }
    }

    pub(crate) fn asr_addresses(&self) -> Vec<String> {
        [&self.asr, &self.exhausted, &self.troubled]
            .map(address)
            .into()
    }

    /// Everything that the rules and the dashboard know of happens at least once, and
    /// Prometheus sees what doesn't last.
    pub(crate) fn use_all(&self, prometheus: &Prometheus) {
        self.load_and_unload(prometheus);
        self.fill_the_queue(prometheus);
        self.exhaust();
        self.run_out_of_time();
        self.break_the_model(prometheus);
        self.speak(prometheus);
    }

    /// Twice: only the second one is an increase.
    fn load_and_unload(&self, prometheus: &Prometheus) {
        let client = self.asr.client();
        for times in 1..=2 {
            client.serve(&(ASR.telling)());
            let answer = client.post(&format!("/v1/models/{}/unload", ASR.model.id));
            assert_eq!(answer.status, 200, "{}", answer.text);
            prometheus.wait_for(&format!("voice_model_unloads_total == {times}"));
        }
    }

    fn fill_the_queue(&self, prometheus: &Prometheus) {
        let (client, port) = (self.asr.client(), self.asr.port());
        let long = (ASR.long)().raw();
        let running = raw::send(port, &long);
        self.asr.wait_for_active(1);
        let waiting = raw::send(port, &long);
        wait_until("one waits", || client.slots()["queued"] == 1);
        let answer = client.send(&(ASR.telling)());
        assert_eq!((answer.status, answer.code()), (503, "queue_full".into()));
        prometheus.wait_for("voice_in_flight == 1 and voice_queue_depth == 1");
        prometheus.wait_for("voice_uploads_held_bytes > 0");
        drop(waiting);
        wait_until("nobody waits", || client.slots()["queued"] == 0);
        drop(running);
        self.asr.wait_for_active(0);
    }

    fn exhaust(&self) {
        let client = self.exhausted.client();
        let answer = client.send(&(ASR.telling)());
        let told = (answer.status, answer.code());
        assert_eq!(told, (503, "resource_exhausted".into()));
        let connect = |_| raw::connect(self.exhausted.port()).unwrap();
        let connections: Vec<_> = (0..2 * FEW_CONNECTIONS).map(connect).collect();
        let refusal = raw::answer_on(connections.last().unwrap()).unwrap();
        assert_eq!(refusal.code(), "too_many_connections");
    }

    fn run_out_of_time(&self) {
        let answer = self.troubled.client().send(&(ASR.long)());
        assert_eq!(answer.status, 504, "{}", answer.text);
    }

    fn break_the_model(&self, prometheus: &Prometheus) {
        let client = self.troubled.client();
        let unload = format!("/v1/models/{}/unload", ASR.model.id);
        wait_until("nobody uses it", || client.post(&unload).status == 200);
        damage(&self.models.path().join(ASR.model.file));
        wait_until("Prometheus sees that it fails again and again", || {
            let answer = client.send(&(ASR.telling)());
            // On a busy machine this service's short limit may pass while the file is looked at.
            let expected = ["model_unavailable", "deadline_exceeded"];
            assert!(
                expected.contains(&answer.code().as_str()),
                "{}",
                answer.text
            );
            let twice = r#"increase(voice_model_loads_total{outcome="failed"}[5m]) > 0"#;
            !prometheus.query(twice).is_empty()
        });
    }

    /// Twice the same, something that nobody listens to, and something that takes too long.
    fn speak(&self, prometheus: &Prometheus) {
        let client = self.tts.client();
        client.serve(&speech::sentence());
        client.serve(&speech::sentence());
        prometheus.wait_for(r#"voice_cache_requests_total{outcome="hit"} == 1"#);
        client.serve(&(TTS.quick)());
        let long = raw::send(self.tts.port(), &(TTS.long)().raw());
        TTS.cut_short.wait_for_beginning(&long);
        drop(long);
        self.tts.wait_for_active(0);
        let broken_off = client.send(&(TTS.long)());
        assert_eq!((broken_off.status, broken_off.is_whole), (200, false));
    }
}

/// As Prometheus' targets are written.
pub(crate) fn address(service: &Service) -> String {
    service.url().replace("http://", "")
}

/// Its size stays, or it would count as not installed.
fn damage(model: &Path) {
    let mut bytes = std::fs::read(model).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(model, bytes).unwrap();
}
