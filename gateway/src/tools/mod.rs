//! What answers can look up: tools of a file, and two that are built in.

mod builtin;
mod config;
mod endpoint;
mod error;
mod file;

use voice_upstream::Pool;

use crate::clock::Clock;
use crate::conversation::ToolCall;
use crate::failure::Failure;
use crate::responder::Tool;

use builtin::{DemoBalance, Time};
use endpoint::Endpoint;

pub use config::ToolsConfig;
pub use error::ToolsError;

/// Of a result: it is read by the responder, which may have to read it with each later turn. The
/// rest is cut off.
pub const MOST_RESULT_BYTES: usize = 8 << 10;

/// The tools that this service runs. Those that a client declares are run by the client.
#[derive(Debug)]
pub struct Tools(Vec<Entry>);

#[derive(Debug)]
struct Entry {
    declaration: Tool,
    kind: Kind,
}

#[derive(Debug)]
enum Kind {
    Time(Time),
    DemoBalance(DemoBalance),
    Endpoint(Box<Endpoint>),
}

impl Tools {
    /// Those of these settings. `with_demo` adds the balance that is no real one even where its
    /// delay is not set: for the built-in responder, which is a demonstration itself.
    ///
    /// # Errors
    /// The file can't be read, or something in it can't be used.
    pub fn open(
        pool: &Pool,
        config: &ToolsConfig,
        clock: Clock,
        with_demo: bool,
    ) -> Result<Self, ToolsError> {
        let mut tools = vec![Entry {
            declaration: Time::declaration(),
            kind: Kind::Time(Time::new(clock)),
        }];
        let delay = config.demo_balance_delay_seconds;
        if with_demo || delay.is_some() {
            tools.push(Entry {
                declaration: DemoBalance::declaration(),
                kind: Kind::DemoBalance(DemoBalance::new(delay.unwrap_or_default())),
            });
        }
        if let Some(path) = &config.tools_file {
            let reserved: Vec<_> = tools.iter().map(|it| &*it.declaration.name).collect();
            let declared = file::read(path, &reserved)?;
            for (declaration, address) in declared {
                let endpoint = Endpoint::open(pool, &declaration.name, address)?;
                tools.push(Entry {
                    declaration,
                    kind: Kind::Endpoint(Box::new(endpoint)),
                });
            }
        }
        Ok(Self(tools))
    }

    /// What the responder is told of them.
    pub fn declarations(&self) -> Vec<Tool> {
        self.0.iter().map(|it| it.declaration.clone()).collect()
    }

    /// Runs a tool, within its own time limit, and gives what the responder is told, of at most
    /// [`MOST_RESULT_BYTES`]. A call that the responder got wrong is told to it as a result, so
    /// that it can make a better one. Dropping the future ends the tool's connection.
    ///
    /// # Errors
    /// The tool could not be asked, or has failed.
    pub async fn run(&self, call: &ToolCall) -> Result<String, Failure> {
        let Some(tool) = self.0.iter().find(|it| it.declaration.name == call.name) else {
            return Ok("Error: there is no such tool.".into());
        };
        let Some(arguments) = arguments(&call.arguments) else {
            return Ok("Error: the arguments are no JSON object.".into());
        };
        match &tool.kind {
            Kind::Time(time) => Ok(time.run(&arguments)),
            Kind::DemoBalance(balance) => Ok(balance.run().await),
            Kind::Endpoint(endpoint) => endpoint.run(&arguments).await,
        }
    }
}

/// Models leave out the arguments of tools that need none.
fn arguments(text: &str) -> Option<serde_json::Value> {
    let text = text.trim();
    if text.is_empty() || text == "null" {
        return Some(serde_json::json!({}));
    }
    serde_json::from_str(text)
        .ok()
        .filter(serde_json::Value::is_object)
}
