//! Where the services are.

use url::Url;

use crate::quote::shown;
use crate::service::Service;

/// A service that is asked.
#[derive(Debug, Clone)]
pub struct Target {
    /// Which service it is.
    pub service: Service,
    /// Its address, without a path.
    pub base: Url,
    /// What it is to be asked with, if it wants a key.
    pub key: Option<String>,
}

impl Target {
    /// A service at an address such as `http://localhost:5001`; `http://` may be left out.
    ///
    /// # Errors
    /// What is wrong with the address.
    pub fn new(service: Service, address: &str, key: Option<String>) -> Result<Self, String> {
        let wrong = |what: &str| {
            format!(
                "--{service}-host {}: {what}. An address looks like http://localhost:{}",
                shown(address),
                service.default_port()
            )
        };
        let with_scheme = if address.contains("://") {
            address.to_string()
        } else {
            format!("http://{address}")
        };
        let mut base = Url::parse(&with_scheme).map_err(|cause| wrong(&cause.to_string()))?;
        if !matches!(base.scheme(), "http" | "https") {
            return Err(wrong("neither http nor https"));
        }
        if base.query().is_some() || base.fragment().is_some() {
            return Err(wrong("it must end before '?' and '#'"));
        }
        // A service behind a proxy may live under a path.
        let path = base.path().trim_end_matches('/').to_string();
        base.set_path(&path);
        Ok(Self { service, base, key })
    }

    /// The address of one of its routes; `route` begins with '/'.
    pub fn at(&self, route: &str) -> Url {
        let mut url = self.base.clone();
        let prefix = url.path().trim_end_matches('/').to_string();
        url.set_path(&format!("{prefix}{route}"));
        url
    }

    /// Whether it runs on this box, so that its process can be looked at.
    pub fn is_local(&self) -> bool {
        match self.base.host() {
            Some(url::Host::Domain(name)) => name == "localhost",
            Some(url::Host::Ipv4(address)) => address.is_loopback(),
            Some(url::Host::Ipv6(address)) => address.is_loopback(),
            None => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(address: &str, route: &str) -> String {
        let target = Target::new(Service::Asr, address, None).unwrap();
        target.at(route).to_string()
    }

    #[test]
    fn routes_are_below_the_address() {
        for (address, url) in [
            ("http://localhost:5001", "http://localhost:5001/health"),
            ("http://localhost:5001/", "http://localhost:5001/health"),
            ("localhost:5001", "http://localhost:5001/health"),
            ("10.0.0.2", "http://10.0.0.2/health"),
            ("https://box.lan/speech/", "https://box.lan/speech/health"),
            ("[::1]:5001", "http://[::1]:5001/health"),
        ] {
            assert_eq!(at(address, "/health"), url);
        }
    }

    #[test]
    fn what_is_no_address_is_refused_with_an_example() {
        for address in ["", "ftp://box", "http://", "http://a b", "http://box?x=1"] {
            let refused = Target::new(Service::Tts, address, None).unwrap_err();
            assert!(refused.contains("http://localhost:5002"), "{refused}");
            assert!(refused.starts_with("--tts-host"), "{refused}");
        }
    }

    #[test]
    fn loopback_is_local() {
        for (address, is_local) in [
            ("localhost:1", true),
            ("127.0.0.1:1", true),
            ("[::1]:1", true),
            ("192.168.1.2:1", false),
            ("box.lan", false),
        ] {
            let target = Target::new(Service::Asr, address, None).unwrap();
            assert_eq!(target.is_local(), is_local, "{address}");
        }
    }
}
