//! Logging and request ids.

pub(crate) mod options;

use std::fmt;

use axum::http::{HeaderName, HeaderValue, Request};
use rustix::fs::fstat;
use tower_http::request_id::{MakeRequestId, RequestId};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::FmtContext;
use tracing_subscriber::fmt::format::{FormatEvent, FormatFields, Writer};
use tracing_subscriber::registry::LookupSpan;

pub use self::options::{LogFormat, LogOptions};

use crate::visible::visible;

/// The header that carries a request's id, in and out.
pub const REQUEST_ID_HEADER: HeaderName = HeaderName::from_static("x-request-id");

/// Longest client-sent id that is kept: ids end up in logs.
const MAX_REQUEST_ID_BYTES: usize = 128;

/// Starts logging to standard error. Without a format, JSON where systemd's journal reads
/// it, text elsewhere. The journal is told of each line's priority.
///
/// # Errors
/// The level is none and no tracing filter.
pub fn init(options: &LogOptions) -> Result<(), String> {
    let filter = &options.log_level;
    let parsed = EnvFilter::builder()
        .parse(filter)
        .map_err(|cause| format!("LOG_LEVEL: '{filter}' can't be used: {cause}"))?;
    let is_journal = journal_reads_stderr();
    let format = options.log_format.unwrap_or(if is_journal {
        LogFormat::Json
    } else {
        LogFormat::Text
    });
    let builder = tracing_subscriber::fmt()
        .with_env_filter(parsed)
        .with_writer(std::io::stderr);
    let started = match format {
        LogFormat::Json => builder
            .json()
            .flatten_event(true)
            // A request is one span; a list of one would say it twice.
            .with_span_list(false)
            .map_event_format(|lines| ForJournal { lines, is_journal })
            .try_init(),
        LogFormat::Text => {
            let colours = std::io::IsTerminal::is_terminal(&std::io::stderr());
            builder
                .with_ansi(colours)
                .map_event_format(|lines| ForJournal { lines, is_journal })
                .try_init()
        }
    };
    started.map_err(|cause| format!("logging can't start: {cause}"))
}

/// Says on standard error, on one line, why the process can't go on.
pub fn tell_the_end(name: &str, message: &str) {
    let priority = if journal_reads_stderr() { "<3>" } else { "" };
    eprintln!("{priority}{name}: {}", visible(message));
}

/// Whether standard error is the journal's: systemd names its device and inode. The variable
/// alone tells nothing, since every terminal of a desktop session inherits it.
fn journal_reads_stderr() -> bool {
    let (Ok(stream), Ok(stderr)) = (
        std::env::var("JOURNAL_STREAM"),
        fstat(rustix::stdio::stderr()),
    ) else {
        return false;
    };
    stream == format!("{}:{}", stderr.st_dev, stderr.st_ino)
}

/// Lines with the priority in front that the journal takes off (sd-daemon(3)).
struct ForJournal<F> {
    lines: F,
    is_journal: bool,
}

impl<S, N, F> FormatEvent<S, N> for ForJournal<F>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
    F: FormatEvent<S, N>,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        if self.is_journal {
            writer.write_str(priority(*event.metadata().level()))?;
        }
        self.lines.format_event(context, writer, event)
    }
}

fn priority(level: Level) -> &'static str {
    match level {
        Level::ERROR => "<3>",
        Level::WARN => "<4>",
        Level::INFO => "<6>",
        Level::DEBUG | Level::TRACE => "<7>",
    }
}

/// Makes an id for a request that came without one.
#[derive(Debug, Clone, Copy, Default)]
pub struct NewRequestId;

impl MakeRequestId for NewRequestId {
    fn make_request_id<B>(&mut self, _request: &Request<B>) -> Option<RequestId> {
        let id = uuid::Uuid::new_v4().simple().to_string();
        HeaderValue::from_str(&id).ok().map(RequestId::new)
    }
}

/// Drops an id that a client sent but that should not reach a log.
pub fn sanitise_request_id<B>(mut request: Request<B>) -> Request<B> {
    let usable = request.headers().get(&REQUEST_ID_HEADER).is_none_or(|id| {
        !id.is_empty()
            && id.len() <= MAX_REQUEST_ID_BYTES
            && id.as_bytes().iter().all(u8::is_ascii_graphic)
    });
    if !usable {
        request.headers_mut().remove(&REQUEST_ID_HEADER);
    }
    request
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_that_could_forge_log_lines_are_dropped() {
        let long = "x".repeat(129);
        for (id, kept) in [
            ("abc-123", true),
            ("", false),
            ("a b", false),
            ("a\tb", false),
            (&*long, false),
        ] {
            let request = Request::builder()
                .header(REQUEST_ID_HEADER, id)
                .body(())
                .unwrap();
            let kept_id = sanitise_request_id(request)
                .headers()
                .contains_key(&REQUEST_ID_HEADER);
            assert_eq!(kept_id, kept, "{id:?}");
        }
    }
}
