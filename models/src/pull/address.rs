//! Which addresses may be fetched.

use url::{Host, Url};

use crate::error::Error;

/// The hub that `HF_ENDPOINT` replaces.
const HUB: &str = "https://huggingface.co";

/// The address to ask for a catalogue `url`, with the hub replaced by its mirror.
pub(super) fn resolve(url: &str, hub_endpoint: Option<&str>) -> Result<Url, Error> {
    match (hub_endpoint, url.strip_prefix(HUB)) {
        (Some(mirror), Some(path)) if path.starts_with('/') => {
            parse(&format!("{}{path}", mirror.trim_end_matches('/')))
        }
        _ => parse(url),
    }
}

fn parse(text: &str) -> Result<Url, Error> {
    match Url::parse(text) {
        Ok(url) => check(url),
        Err(_) => Err(Error::Address {
            url: text.to_owned(),
            why: "not a web address",
        }),
    }
}

/// Where a redirect from `url` to `location` leads, by the same rules.
pub(super) fn redirect(url: &Url, location: &str) -> Result<Url, Error> {
    match url.join(location) {
        Ok(url) => check(url),
        Err(_) => Err(Error::Address {
            url: url.to_string(),
            why: "it redirects to no valid address",
        }),
    }
}

/// Only https; plain http to this machine, where a mirror may run.
fn check(url: Url) -> Result<Url, Error> {
    let loopback = match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    };
    match url.scheme() {
        "https" => Ok(url),
        "http" if loopback => Ok(url),
        _ => Err(Error::Address {
            url: url.to_string(),
            why: "only https is allowed (http on this machine only)",
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "https://huggingface.co/ggerganov/whisper.cpp/resolve/main/a.bin";

    #[test]
    fn a_mirror_replaces_the_hub_and_only_the_hub() {
        for (url, mirror, expected) in [
            (FILE, None, FILE),
            (
                FILE,
                Some("http://127.0.0.1:80/hub/"),
                "http://127.0.0.1/hub/ggerganov/whisper.cpp/resolve/main/a.bin",
            ),
            (
                "https://huggingface.co.evil/a",
                Some("https://m"),
                "https://huggingface.co.evil/a",
            ),
            (
                "https://example.org/a",
                Some("https://m"),
                "https://example.org/a",
            ),
        ] {
            assert_eq!(resolve(url, mirror).unwrap().as_str(), expected);
        }
    }

    #[test]
    fn plain_http_is_for_this_machine_only() {
        for mirror in [
            "http://mirror.example",
            "ftp://127.0.0.1",
            "file:///tmp",
            "mirror",
            "",
        ] {
            assert!(
                resolve(FILE, Some(mirror)).is_err(),
                "{mirror} was accepted"
            );
        }
        for mirror in ["http://localhost:1", "http://[::1]:1", "http://127.8.8.8"] {
            assert!(resolve(FILE, Some(mirror)).is_ok(), "{mirror} was refused");
        }
    }

    #[test]
    fn a_redirect_can_be_relative_but_can_not_leave_https() {
        let from = Url::parse("https://huggingface.co/a/b").unwrap();
        assert_eq!(
            redirect(&from, "/c").unwrap().as_str(),
            "https://huggingface.co/c"
        );
        assert!(redirect(&from, "http://cdn.example/c").is_err());
    }
}
