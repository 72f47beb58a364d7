//! The smallest service on `voice-common`, without models: it says back what it is told over
//! WebSockets, at `/echo`. The tests in `tests/websocket` start it.
//!
//!     cargo run -p voice-common --example echo -- --port 8010

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use axum::response::Response;
use axum::routing::get;
use clap::{Args, Parser};
use utoipa_axum::router::OpenApiRouter;
use voice_common::config::CommonConfig;
use voice_common::core::ServiceCore;
use voice_common::limits::BodyLimit;
use voice_common::pressure::Thresholds;
use voice_common::process::{Process, ServiceConfig};
use voice_common::server::InheritedSockets;
use voice_common::service::{Assembly, Ports};
use voice_common::telemetry::LogOptions;
use voice_common::websocket::{
    Close, Upgrade, WebSocket, WebSocketLimits, WebSocketOptions, WebSockets,
};

/// Says back what it is told
#[derive(Debug, Clone, Parser)]
struct EchoConfig {
    #[command(flatten)]
    common: CommonConfig,
    #[command(flatten)]
    websockets: WebSocketOptions,
    #[command(flatten)]
    echo: EchoOptions,
}

#[derive(Debug, Clone, Args)]
struct EchoOptions {
    /// Port to listen on; 0 = any that is free, see the log
    #[arg(long, default_value_t = 0)]
    port: u16,

    /// Largest message
    #[arg(long, default_value_t = 1024, value_name = "KIB")]
    max_message_kib: u32,
}

impl ServiceConfig for EchoConfig {
    fn log(&self) -> &LogOptions {
        &self.common.log
    }
}

fn main() -> ExitCode {
    let process = Process {
        name: "echo",
        prefix: "ECHO_",
        library_settings: &[],
        thread_keep_alive: Duration::from_secs(10),
    };
    process.run(run)
}

async fn run(config: EchoConfig, sockets: InheritedSockets) -> Result<(), String> {
    let common = &config.common;
    let websockets = websockets(&config);
    let thresholds = Thresholds::configured(&common.guards, false);
    let mut core = ServiceCore::new("echo", env!("CARGO_PKG_VERSION"), common, thresholds);
    core.metrics
        .extend(|registry| websockets.metrics().register(registry));
    core.metrics.may_reject_with("too_many_websockets");
    let api = OpenApiRouter::new()
        .route("/echo", get(echo))
        .with_state(websockets);
    let body_limit = BodyLimit::new(common.uploads.max_upload_bytes());
    let service = Assembly::new(Arc::new(core), api, body_limit, common)?;
    let ports = Ports {
        service: config.echo.port,
        probe: None,
    };
    let bound = ports.bind(&common.server, sockets)?;
    service.run(common, bound).await
}

fn websockets(config: &EchoConfig) -> WebSockets {
    let message_bytes = config.echo.max_message_kib * 1024;
    let limits = WebSocketLimits {
        message_bytes: message_bytes as usize,
        frame_bytes: message_bytes as usize,
        // What is echoed has to fit.
        backlog_bytes: message_bytes * 2,
        ..WebSocketLimits::default()
    };
    WebSockets::new(config.websockets.max_websockets, limits)
}

async fn echo(upgrade: Upgrade) -> Response {
    let speaks_echo = upgrade.protocols().iter().any(|it| it == "echo");
    upgrade.accept(speaks_echo.then_some("echo"), say_back)
}

async fn say_back(mut socket: WebSocket) -> Close {
    while let Some(message) = socket.incoming.recv().await {
        if socket.outgoing.send(message).await.is_err() {
            break;
        }
    }
    Close::NORMAL
}
