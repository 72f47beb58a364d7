//! A balancer under test: the shipped configuration on free ports, in front of instances on ports
//! that are known beforehand.

use std::fmt::Write as _;
use std::fs;
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

use voice_stack_tests::client::Client;
use voice_stack_tests::kind::{ASR, Kind};
use voice_stack_tests::service::{Service, wait_until};
use voice_stack_tests::{debian_tools, random::Random};

/// What balances.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Product {
    HAProxy,
    Nginx,
}

/// Where everything listens.
pub(crate) struct Ports {
    /// Of the instances, whether they run or not.
    pub asr: [u16; 2],
    pub tts: [u16; 2],
    asr_front: u16,
    tts_front: u16,
    metrics: u16,
}

/// A running balancer.
pub(crate) struct Balancer {
    pub ports: Ports,
    product: Product,
    child: Child,
    folder: TempDir,
}

/// A port that is free and stays so while an instance is away from it: none of those that the
/// kernel gives to clients' connections.
fn quiet_port() -> u16 {
    let mut random = Random::new(seed(), 0);
    loop {
        let port = 12_000 + u16::try_from(random.below(20_000)).unwrap();
        if TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            return port;
        }
    }
}

/// Another one each time, also in the other processes of the same moment.
fn seed() -> u64 {
    use std::hash::{BuildHasher as _, RandomState};
    RandomState::new().hash_one(std::process::id())
}

impl Ports {
    pub(crate) fn new() -> Self {
        let mut taken = Vec::new();
        let mut port = || loop {
            let port = quiet_port();
            if !taken.contains(&port) {
                taken.push(port);
                return port;
            }
        };
        Self {
            asr: [port(), port()],
            tts: [port(), port()],
            asr_front: port(),
            tts_front: port(),
            metrics: port(),
        }
    }

    pub(crate) fn of(&self, kind: &Kind) -> [u16; 2] {
        if std::ptr::eq(kind, &raw const ASR) {
            self.asr
        } else {
            self.tts
        }
    }

    /// Both instances of a service, with their model in memory.
    pub(crate) fn start(&self, kind: &'static Kind, settings: &[(&str, &str)]) -> [Service; 2] {
        self.of(kind).map(|port| start_on(kind, port, settings))
    }
}

/// An instance with its model in memory.
pub(crate) fn start_on(kind: &'static Kind, port: u16, settings: &[(&str, &str)]) -> Service {
    let settings = [&[("PRELOAD", "true")], settings].concat();
    let service = Service::start_on(kind, port, &settings);
    let client = service.client();
    wait_until("it is ready", || client.get("/health/ready").status == 200);
    service
}

/// The file as shipped.
pub(crate) fn shipped(product: Product) -> PathBuf {
    let path = match product {
        Product::HAProxy => "../deploy/haproxy/haproxy.cfg",
        Product::Nginx => "../deploy/nginx/voice-stack.conf",
    };
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// The shipped configuration with these addresses, and nothing else changed.
fn adapted(product: Product, ports: &Ports) -> String {
    let mut text = fs::read_to_string(shipped(product)).unwrap();
    let mut replace = |from: &str, to: &str| {
        assert!(text.contains(from), "{from} is not in the configuration");
        text = text.replace(from, to);
    };
    for (kind_port, instances) in [(5001, ports.asr), (5002, ports.tts)] {
        for (host, port) in [11, 12].into_iter().zip(instances) {
            replace(
                &format!("192.0.2.{host}:{kind_port}"),
                &format!("127.0.0.1:{port}"),
            );
        }
    }
    for (kind_port, front) in [(5001, ports.asr_front), (5002, ports.tts_front)] {
        match product {
            Product::HAProxy => replace(
                &format!("bind :{kind_port}\n"),
                &format!("bind 127.0.0.1:{front}\n"),
            ),
            Product::Nginx => {
                replace(
                    &format!("listen {kind_port};"),
                    &format!("listen 127.0.0.1:{front};"),
                );
                replace(&format!("\n    {kind_port} "), &format!("\n    {front} "));
            }
        }
    }
    if product == Product::HAProxy {
        replace(":8404", &format!(":{}", ports.metrics));
    }
    text
}

/// The program with a configuration in this folder that includes the shipped one.
fn command(product: Product, ports: &Ports, folder: &Path) -> Command {
    let shipped = folder.join("shipped");
    fs::write(&shipped, adapted(product, ports)).unwrap();
    match product {
        Product::HAProxy => {
            let mut command = debian_tools::command("haproxy");
            command.arg("-db").arg("-f").arg(shipped);
            command
        }
        Product::Nginx => {
            let errors = folder.join("error.log");
            let mut command = debian_tools::command("nginx");
            command.arg("-p").arg(folder).arg("-e").arg(&errors);
            command.arg("-c").arg(nginx_main(folder));
            command
        }
    }
}

/// What a distribution's nginx.conf is for.
fn nginx_main(folder: &Path) -> PathBuf {
    let root = folder.display();
    let mut text = String::new();
    if rustix::process::getuid().is_root() {
        // Its workers would be nobody, who can't write to the test's folder.
        text.push_str("user root root;\n");
    }
    write!(
        text,
        "daemon off;\nworker_processes 2;\npid {root}/pid;\nerror_log {root}/error.log;\n\
         events {{}}\nhttp {{\naccess_log off;\n"
    )
    .unwrap();
    for kind in ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"] {
        writeln!(text, "{kind}_temp_path {root}/{kind};").unwrap();
    }
    writeln!(text, "include {root}/shipped;\n}}").unwrap();
    let path = folder.join("nginx.conf");
    fs::write(&path, text).unwrap();
    path
}

/// What the product itself says of the configuration.
pub(crate) fn check(product: Product) -> std::process::Output {
    let folder = tempfile::tempdir().unwrap();
    let mut command = command(product, &Ports::new(), folder.path());
    command.arg(match product {
        Product::HAProxy => "-c",
        Product::Nginx => "-t",
    });
    command.output().unwrap()
}

impl Balancer {
    /// Starts it, whether its instances are there or not.
    pub(crate) fn start(product: Product, ports: Ports) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let log = fs::File::create(folder.path().join("log")).unwrap();
        let child = command(product, &ports, folder.path())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .unwrap();
        let balancer = Self {
            ports,
            product,
            child,
            folder,
        };
        wait_until("the balancer listens", || {
            let fronts = [balancer.ports.asr_front, balancer.ports.tts_front];
            fronts
                .iter()
                .all(|port| std::net::TcpStream::connect((Ipv4Addr::LOCALHOST, *port)).is_ok())
        });
        balancer
    }

    /// Where clients of a service go.
    pub(crate) fn port(&self, kind: &Kind) -> u16 {
        if std::ptr::eq(kind, &raw const ASR) {
            self.ports.asr_front
        } else {
            self.ports.tts_front
        }
    }

    pub(crate) fn client(&self, kind: &Kind) -> Client {
        Client::new(format!("http://127.0.0.1:{}", self.port(kind)))
    }

    /// What it has logged so far.
    pub(crate) fn log(&self) -> String {
        let read = |name| fs::read_to_string(self.folder.path().join(name)).unwrap_or_default();
        ["log", "error.log"].map(read).concat()
    }

    /// HAProxy's own count of what waits for an instance of this service.
    pub(crate) fn queued(&self, kind: &Kind) -> usize {
        let metrics = Client::new(format!("http://127.0.0.1:{}", self.ports.metrics));
        let series = format!(
            "haproxy_backend_current_queue{{proxy=\"voice-stack-{}-work\"}} ",
            kind.name
        );
        let text = metrics.get("/metrics").text;
        let value = text.lines().find_map(|line| line.strip_prefix(&series));
        value.unwrap().parse().unwrap()
    }
}

impl Drop for Balancer {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("{:?}'s log:\n{}", self.product, self.log());
        }
        // SIGTERM, not SIGKILL: nginx's workers would outlive it.
        let pid = rustix::process::Pid::from_child(&self.child);
        let _ = rustix::process::kill_process(pid, rustix::process::Signal::TERM);
        let _ = self.child.wait();
    }
}
