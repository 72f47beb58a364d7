//! What the tool was asked for, as a report may tell it.

/// The flag whose value is a secret of the operator and the services: no report holds it.
const SECRET: &str = "--api-key";

/// The arguments of this process, without secrets.
pub(crate) fn line() -> Vec<String> {
    without_secrets(std::env::args().skip(1))
}

fn without_secrets(arguments: impl Iterator<Item = String>) -> Vec<String> {
    let mut is_secret = false;
    let shown = arguments.map(|argument| {
        let hidden = std::mem::replace(&mut is_secret, argument == SECRET);
        if hidden {
            "…".into()
        } else if argument.starts_with(&format!("{SECRET}=")) {
            format!("{SECRET}=…")
        } else {
            argument
        }
    });
    shown.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_not_told() {
        for (given, shown) in [
            ("http --workers 2", "http --workers 2"),
            ("--api-key k3y http", "--api-key … http"),
            ("--api-key=k3y --verbose", "--api-key=… --verbose"),
            ("http --api-key", "http --api-key"),
        ] {
            let arguments = given.split(' ').map(String::from);
            assert_eq!(without_secrets(arguments).join(" "), shown);
        }
    }
}
