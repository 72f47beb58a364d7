//! Where a setting's value comes from: flag, environment, `.env` file, default.
//!
//! Every flag `--max-queue` is also the variable `MAX_QUEUE`, and `ASR_MAX_QUEUE` for one
//! service only. clap knows one variable a flag, so the variables are turned into flags
//! that stand before the real ones, and a real flag wins over them.

pub mod values;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::Path;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Arg, ArgAction, Command, CommandFactory, FromArgMatches};

use crate::visible::visible;

/// The variables that a service can read, the process's own before those of `.env`.
#[derive(Debug, Default, Clone)]
pub struct Variables {
    values: BTreeMap<String, (String, &'static str)>,
}

/// A start that can't go on. The message is one line and names the setting.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// A value that can't be used, or a `.env` file that can't be read.
    #[error("{0}")]
    Invalid(String),
    /// clap's own answer: `--help`, `--version` or a misspelt flag.
    #[error(transparent)]
    Usage(#[from] clap::Error),
}

impl Variables {
    /// The process's environment, completed by the `.env` file of `directory` if there is one.
    ///
    /// # Errors
    /// `.env` exists but can't be read or parsed.
    pub fn from_process(directory: &Path) -> Result<Self, SettingsError> {
        let mut variables = Self::default();
        let file = directory.join(".env");
        if file.exists() {
            let unusable = |cause| SettingsError::Invalid(format!(".env can't be used: {cause}"));
            for pair in dotenvy::from_path_iter(&file).map_err(unusable)? {
                let (name, value) = pair.map_err(unusable)?;
                variables.values.insert(name, (value, ".env"));
            }
        }
        for (name, value) in std::env::vars_os() {
            if let (Ok(name), Ok(value)) = (name.into_string(), value.into_string()) {
                variables.values.insert(name, (value, "environment"));
            }
        }
        Ok(variables)
    }

    /// For tests: these variables and nothing else.
    pub fn from_pairs<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        Self {
            values: pairs
                .into_iter()
                .map(|(name, value)| (name.into(), (value.into(), "environment")))
                .collect(),
        }
    }

    /// An empty value counts as absent: that is how compose files unset a variable.
    fn get(&self, name: &str) -> Option<(&str, &'static str)> {
        let (value, origin) = self.values.get(name)?;
        (!value.trim().is_empty()).then_some((value.trim(), *origin))
    }
}

/// Parses `T` from flags and variables. `prefix` (`ASR_`) makes a shared name apply to one
/// service and wins over the bare name.
///
/// # Errors
/// See [`SettingsError`].
pub fn parse<T: CommandFactory + FromArgMatches>(
    prefix: &str,
    arguments: impl IntoIterator<Item = OsString>,
    variables: &Variables,
) -> Result<T, SettingsError> {
    let command = T::command().args_override_self(true);
    let mut arguments = arguments.into_iter();
    let program = arguments
        .next()
        .unwrap_or_else(|| command.get_name().into());
    let given: Vec<OsString> = arguments.collect();

    let mut all = vec![program];
    let mut origins = BTreeMap::new();
    for flag in flags_of(&command) {
        if is_given(&given, &flag) {
            continue;
        }
        let shared = flag.to_uppercase().replace('-', "_");
        let own = format!("{prefix}{shared}");
        let names = if shared.starts_with(prefix) {
            vec![shared]
        } else {
            vec![own, shared]
        };
        if let Some((name, (value, origin))) = names
            .into_iter()
            .find_map(|name| Some((name.clone(), variables.get(&name)?)))
        {
            all.push(format!("--{flag}={value}").into());
            origins.insert(flag, (name, origin));
        }
    }
    all.extend(given);

    let matches = command
        .try_get_matches_from(all)
        .map_err(|error| named(error, &origins))?;
    Ok(T::from_arg_matches(&matches)?)
}

/// In the order of `--help`: the first that can't be used is the one that the operator is told.
fn flags_of(command: &Command) -> Vec<String> {
    let mut arguments: Vec<&Arg> = command.get_arguments().collect();
    arguments.sort_by_key(|argument| argument.get_display_order());
    arguments
        .into_iter()
        .filter(|argument| !matches!(argument.get_action(), ArgAction::Help | ArgAction::Version))
        .filter_map(|argument| argument.get_long().map(String::from))
        .filter(|long| long != "help" && long != "version")
        .collect()
}

fn is_given(given: &[OsString], flag: &str) -> bool {
    given
        .iter()
        .filter_map(|argument| argument.to_str())
        .any(|argument| {
            argument
                .strip_prefix("--")
                .is_some_and(|name| name == flag || name.split('=').next() == Some(flag))
        })
}

/// One line that names the setting the way the operator wrote it.
fn named(error: clap::Error, origins: &BTreeMap<String, (String, &'static str)>) -> SettingsError {
    if !matches!(
        error.kind(),
        ErrorKind::ValueValidation | ErrorKind::InvalidValue
    ) {
        return error.into();
    }
    let text = |kind| match error.get(kind) {
        Some(ContextValue::String(text)) => Some(text.clone()),
        _ => None,
    };
    let Some(argument) = text(ContextKind::InvalidArg) else {
        return error.into();
    };
    let flag = argument
        .trim_start_matches('-')
        .split([' ', '='])
        .next()
        .unwrap_or_default();
    let setting = origins.get(flag).map_or_else(
        || format!("--{flag}"),
        |(name, origin)| format!("{name} (from {origin})"),
    );
    let value = text(ContextKind::InvalidValue).unwrap_or_default();
    let allowed = match error.get(ContextKind::ValidValue) {
        Some(ContextValue::Strings(values)) if !values.is_empty() => {
            format!("use one of: {}", values.join(", "))
        }
        _ => std::error::Error::source(&error)
            .map(ToString::to_string)
            .unwrap_or_default(),
    };
    let message = format!("{setting}: '{value}' can't be used: {allowed}");
    SettingsError::Invalid(visible(&message).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, clap::Parser)]
    struct Sample {
        #[arg(long, default_value_t = 32)]
        max_queue: usize,
        #[arg(long, default_value_t = false, action = ArgAction::Set, num_args = 0..=1, default_missing_value = "true")]
        preload: bool,
        #[arg(long, alias = "model", default_value = "tiny.en")]
        asr_model: String,
        #[arg(long, value_parser = ["cpu", "cuda"], default_value = "cpu")]
        device: String,
    }

    fn sample(arguments: &[&str], variables: &[(&str, &str)]) -> Result<Sample, SettingsError> {
        let arguments = std::iter::once("sample").chain(arguments.iter().copied());
        parse(
            "ASR_",
            arguments.map(OsString::from),
            &Variables::from_pairs(variables.to_vec()),
        )
    }

    #[test]
    fn the_nearest_source_wins() {
        for (arguments, variables, expected) in [
            (&[][..], &[][..], 32),
            (&[], &[("MAX_QUEUE", "1")], 1),
            (&[], &[("MAX_QUEUE", "1"), ("ASR_MAX_QUEUE", "2")], 2),
            (&[], &[("MAX_QUEUE", "1"), ("TTS_MAX_QUEUE", "2")], 1),
            (&[], &[("MAX_QUEUE", "1"), ("ASR_MAX_QUEUE", " ")], 1),
            (&["--max-queue", "3"], &[("ASR_MAX_QUEUE", "2")], 3),
            (&["--max-queue=3"], &[("MAX_QUEUE", "not read")], 3),
        ] {
            assert_eq!(sample(arguments, variables).unwrap().max_queue, expected);
        }
    }

    #[test]
    fn names_that_carry_the_service_are_not_prefixed_twice() {
        assert_eq!(
            sample(&[], &[("ASR_MODEL", "base")]).unwrap().asr_model,
            "base"
        );
        assert_eq!(sample(&["--model", "base"], &[]).unwrap().asr_model, "base");
    }

    #[test]
    fn a_switch_may_be_bare_or_have_a_value() {
        assert!(sample(&["--preload"], &[]).unwrap().preload);
        assert!(sample(&[], &[("PRELOAD", "true")]).unwrap().preload);
        assert!(
            !sample(&["--preload=false"], &[("PRELOAD", "true")])
                .unwrap()
                .preload
        );
    }

    #[test]
    fn a_bad_value_is_one_line_that_names_the_setting() {
        type Case<'a> = (&'a [&'a str], &'a [(&'a str, &'a str)], &'a str);
        let cases: [Case; 5] = [
            (
                &[],
                &[("MAX_QUEUE", "many")],
                "MAX_QUEUE (from environment): 'many'",
            ),
            (
                &[],
                &[("ASR_MAX_QUEUE", "-1")],
                "ASR_MAX_QUEUE (from environment): '-1'",
            ),
            (&["--max-queue", "x"], &[], "--max-queue: 'x'"),
            (
                &[],
                &[("MAX_QUEUE", "1\n\u{1b}2")],
                r"MAX_QUEUE (from environment): '1\n\u{1b}2'",
            ),
            (
                &[],
                &[("DEVICE", "tpu")],
                "DEVICE (from environment): 'tpu'",
            ),
        ];
        for (arguments, variables, start) in cases {
            let message = sample(arguments, variables).unwrap_err().to_string();
            assert!(message.starts_with(start), "{message}");
            assert_eq!(message.lines().count(), 1, "{message}");
        }
    }

    #[test]
    fn the_process_environment_wins_over_the_env_file() {
        let directory = tempfile::tempdir().unwrap();
        std::fs::write(
            directory.path().join(".env"),
            "MAX_QUEUE=7\n# note\nPATH=nowhere\n",
        )
        .unwrap();
        let variables = Variables::from_process(directory.path()).unwrap();
        assert_eq!(variables.get("MAX_QUEUE"), Some(("7", ".env")));
        assert_ne!(variables.get("PATH").unwrap().0, "nowhere");
    }
}
