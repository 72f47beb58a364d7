//! The command line.

mod capacity;
mod compare;
mod http;
mod plan;
mod soak;
mod validate;

use std::path::PathBuf;
use std::time::Duration;

use clap::builder::PossibleValue;
use clap::{Args, Parser, Subcommand, ValueEnum};

pub use self::capacity::CapacityArgs;
pub use self::compare::CompareArgs;
pub use self::http::{Arrival, HttpArgs};
pub use self::plan::PlanArgs;
pub use self::soak::SoakArgs;
pub use self::validate::ValidateArgs;
use crate::corpus::Class;
use crate::objective::Objective;
use crate::report::Files;
use crate::score::speech::AudioFormatName;
use crate::service::Service;

/// Does this box keep the services' promises, and how much can it carry?
///
/// Without a command, the flags of `http` are taken:
/// `voice-stack-load --service both --workers 2 --requests 5`.
#[derive(Debug, Parser)]
#[command(
    version,
    args_conflicts_with_subcommands = true,
    arg_required_else_help = true
)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Option<Command>,

    /// Without a command.
    #[command(flatten)]
    pub http: HttpArgs,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Send requests and report what became of them
    Http(Box<HttpArgs>),
    /// Prove that the services keep their promises under pressure
    Validate(ValidateArgs),
    /// Find the highest rate at which the objectives hold
    Capacity(Box<CapacityArgs>),
    /// Send requests for long, and look for what grows meanwhile
    Soak(Box<SoakArgs>),
    /// Run the six steps for a new deployment and write one report
    Plan(Box<PlanArgs>),
    /// Say which differences between two runs are real
    Compare(CompareArgs),
}

/// Which services are asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which {
    /// This one.
    One(Service),
    /// Both speech services, at the same time.
    Both,
}

impl Which {
    /// The services, in the order of reports.
    pub fn services(self) -> Vec<Service> {
        match self {
            Self::One(service) => vec![service],
            Self::Both => Service::ALL.to_vec(),
        }
    }
}

impl ValueEnum for Which {
    fn value_variants<'a>() -> &'a [Self] {
        &[Self::One(Service::Asr), Self::One(Service::Tts), Self::Both]
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(match self {
            Self::One(service) => PossibleValue::new(service.name()).help(service.purpose()),
            Self::Both => PossibleValue::new("both").help("Both, at the same time"),
        })
    }
}

/// Where the services are.
#[derive(Debug, Clone, Args)]
pub struct TargetArgs {
    /// Whom to ask
    #[arg(long, value_enum, default_value = "both")]
    pub service: Which,

    /// Address of the ASR service
    #[arg(long, value_name = "URL", default_value = "http://localhost:5001")]
    pub asr_host: String,

    /// Address of the TTS service
    #[arg(long, value_name = "URL", default_value = "http://localhost:5002")]
    pub tts_host: String,

    /// Key that the services want
    #[arg(
        long,
        value_name = "KEY",
        env = "VOICE_STACK_API_KEY",
        hide_env_values = true
    )]
    pub api_key: Option<String>,

    /// For one request, from its sending to the end of its answer
    #[arg(long, value_name = "SECONDS", value_parser = seconds, default_value = "300")]
    pub timeout: Duration,

    /// Tell of each request
    #[arg(long, short)]
    pub verbose: bool,
}

/// What is sent in one run, what has to hold of it, and where it is reported: the same for `http`
/// and `soak`.
#[derive(Debug, Clone, Args)]
pub struct RunArgs {
    /// Exit with 1 unless this holds, such as 'p95<2s' or 'tts.ttfa_p95<300ms'
    #[arg(long = "assert", value_name = "OBJECTIVE", value_delimiter = ',')]
    pub objectives: Vec<Objective>,

    /// What is sent.
    #[command(flatten)]
    pub workload: WorkloadArgs,

    /// Reports.
    #[command(flatten)]
    pub files: Files,
}

/// What is sent.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "What is sent")]
pub struct WorkloadArgs {
    /// Kinds of speech, in turn
    #[arg(
        long,
        value_enum,
        value_delimiter = ',',
        default_value = "short,medium"
    )]
    pub classes: Vec<Class>,

    /// Send health probes instead of speech, as when something else loads the services
    #[arg(long, conflicts_with_all = ["classes", "corpus"])]
    pub probes: bool,

    /// ASR: recordings of your own: a folder with refs.tsv (file, language, text)
    #[arg(long, value_name = "DIR")]
    pub corpus: Option<PathBuf>,

    /// ASR: send the one recording that the tool brings along, and don't ask the TTS service
    /// to speak others
    #[arg(long, conflicts_with = "corpus")]
    pub built_in: bool,

    /// ASR: the model's name
    #[arg(long, value_name = "NAME", default_value = "whisper-1")]
    pub asr_model: String,

    /// ASR: the language that is told to the service [default: it finds out]
    #[arg(long, value_name = "CODE")]
    pub language: Option<String>,

    /// ASR: an answer with more wrong words than this is a failure
    #[arg(long, value_name = "PERCENT", value_parser = percent, default_value = "50")]
    pub worst_wer: f64,

    /// TTS: the model's name
    #[arg(long, value_name = "NAME", default_value = "tts-1")]
    pub tts_model: String,

    /// TTS: the voice's name
    #[arg(long, value_name = "NAME", default_value = "default")]
    pub voice: String,

    /// TTS: mp3, opus, aac, flac, wav or pcm
    #[arg(long, value_name = "FORMAT", default_value = "wav", value_parser = crate::format::parse)]
    pub format: AudioFormatName,

    /// TTS: let the service answer equal texts from its cache
    #[arg(long)]
    pub cached: bool,

    /// Of everything that is random
    #[arg(long, value_name = "NUMBER")]
    pub seed: Option<u64>,
}

fn positive(text: &str, unit: &str, most: f64) -> Result<f64, String> {
    let text = text.trim().trim_end_matches(unit);
    match text.parse::<f64>() {
        Ok(value) if value > 0.0 && value <= most => Ok(value),
        Ok(_) => Err(format!("must be more than 0, and at most {most}")),
        Err(_) => Err("not a number".into()),
    }
}

fn seconds(text: &str) -> Result<Duration, String> {
    Ok(Duration::from_secs_f64(positive(
        text,
        "s",
        30.0 * 86_400.0,
    )?))
}

fn minutes(text: &str) -> Result<f64, String> {
    positive(text, "min", 60.0)
}

fn rate(text: &str) -> Result<f64, String> {
    positive(text, "/s", 100_000.0)
}

/// As a ratio.
fn percent(text: &str) -> Result<f64, String> {
    Ok(positive(text, "%", 1000.0)? / 100.0)
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn the_flags_of_http_may_stand_alone() {
        let line = "voice-stack-load --service both --workers 2 --requests 5";
        let cli = Cli::try_parse_from(line.split(' ')).unwrap();
        assert!(cli.command.is_none());
        assert_eq!(cli.http.target.service, Which::Both);
        assert_eq!((cli.http.workers, cli.http.requests), (2, Some(5)));
    }

    #[test]
    fn every_service_can_be_asked_alone_or_with_the_others() {
        let services = |name: &str| {
            let line = ["voice-stack-load", "--service", name];
            let cli = Cli::try_parse_from(line).unwrap();
            cli.http.target.service.services()
        };
        for service in Service::ALL {
            assert_eq!(services(service.name()), [service]);
        }
        assert_eq!(services("both"), Service::ALL);
        let mut http = Cli::command();
        let help = http.find_subcommand_mut("http").unwrap().render_long_help();
        let help = help.to_string();
        for line in [
            "- asr:  Speech to text",
            "- tts:  Text to speech",
            "- both: Both, at the same time",
        ] {
            assert!(help.contains(line), "{help}");
        }
    }

    #[test]
    fn objectives_may_stand_together_and_apart() {
        let line = "voice-stack-load http --assert p95<2s,errors<1% --assert wer<10%";
        let cli = Cli::try_parse_from(line.split(' ')).unwrap();
        let Some(Command::Http(http)) = cli.command else {
            panic!("http was asked for");
        };
        assert_eq!(http.run.objectives.len(), 3);
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        for line in [
            "--workers 0",
            "--workers x",
            "--requests 0",
            "--duration -1",
            "--duration NaN",
            "--duration inf",
            "--requests 5 --duration 5",
            "--rate 0",
            "--rate 5 --workers 2",
            "--arrival poisson --workers 2",
            "--burst 5",
            "--timeout 0",
            "--service all",
            "--classes loud",
            "--format doc",
            "--assert p95",
            "--worst-wer 0",
            "--probes --classes short",
        ] {
            let line = format!("voice-stack-load --service asr {line}");
            let parsed = Cli::try_parse_from(line.split(' '));
            assert!(parsed.is_err(), "{line}: {parsed:?}");
        }
        for line in [
            "capacity --start 0",
            "capacity --slo p95",
            "capacity --precision 0",
            "capacity --confirm 0",
            "soak --workers 0",
            "soak --warm-up 100%",
            "soak --rss-per-hour -1",
            "plan --sustained 0",
            "plan --workers 2",
            "compare one.json",
            "compare one.json two.json --alpha 1",
            "compare one.json two.json --at-least 100%",
        ] {
            let parsed = Cli::try_parse_from(format!("voice-stack-load {line}").split(' '));
            assert!(parsed.is_err(), "{line}: {parsed:?}");
        }
    }
}
