//! Where an upstream is.

use std::fmt;

use url::Url;

/// The address of a service with the path that all of its routes are under, such as
/// `http://127.0.0.1:5001/v1`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BaseUrl(Url);

/// An address that can't be used. The text of a part that could hold a password is not quoted.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// The list names none.
    #[error("no address is given; one looks like http://127.0.0.1:5001/v1")]
    Missing,
    /// It is no URL.
    #[error("the address is no URL ({0}); one looks like http://127.0.0.1:5001/v1")]
    NoUrl(url::ParseError),
    /// Neither HTTP nor HTTPS.
    #[error("an address begins with http:// or https://")]
    OtherScheme,
    /// It would be shown in logs and at `/health/detailed`.
    #[error("an address must not hold a name or a password; keys are read from a file")]
    HoldsPassword,
    /// A path is put behind the address, so that nothing may follow its own path.
    #[error("an address must end before '?' and '#'")]
    HoldsQuery,
}

impl BaseUrl {
    /// Reads one address. A slash at its end makes no difference.
    ///
    /// # Errors
    /// It is no address that requests can be sent to.
    pub fn parse(text: &str) -> Result<Self, AddressError> {
        let mut url = Url::parse(text.trim()).map_err(AddressError::NoUrl)?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(AddressError::OtherScheme);
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(AddressError::HoldsPassword);
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(AddressError::HoldsQuery);
        }
        let path = url.path().trim_end_matches('/').to_string();
        url.set_path(&path);
        Ok(Self(url))
    }

    /// Reads several, separated by commas or blanks: the first is asked first.
    ///
    /// # Errors
    /// There is none, or one of them is no address.
    pub fn list(text: &str) -> Result<Vec<Self>, AddressError> {
        let is_separator = |it: char| it == ',' || it.is_whitespace();
        let parts = text.split(is_separator).filter(|it| !it.is_empty());
        let list = parts.map(Self::parse).collect::<Result<Vec<_>, _>>()?;
        if list.is_empty() {
            return Err(AddressError::Missing);
        }
        Ok(list)
    }

    /// Whether it is on this machine.
    pub fn is_loopback(&self) -> bool {
        match self.0.host() {
            Some(url::Host::Domain(name)) => name == "localhost",
            Some(url::Host::Ipv4(address)) => address.is_loopback(),
            Some(url::Host::Ipv6(address)) => address.is_loopback(),
            None => false,
        }
    }

    /// The address of a route, such as `audio/speech`. The route can't leave the base: what
    /// would be special in a path is encoded, and `..` is left out.
    pub(crate) fn at(&self, route: &str) -> Url {
        let mut url = self.0.clone();
        url.path_segments_mut()
            .expect("an http address has a path")
            .pop_if_empty()
            .extend(route.split('/').filter(|it| !it.is_empty()));
        url
    }

    /// The name that is looked up; an address in numbers is none.
    pub(crate) fn name(&self) -> Option<&str> {
        self.0.domain()
    }

    /// Scheme, host and port: addresses that have them in common share connections.
    pub(crate) fn origin(&self) -> String {
        self.0.origin().ascii_serialization()
    }
}

impl fmt::Display for BaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.as_str())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn routes_are_below_the_base() {
        for (base, route, url) in [
            ("http://h:1", "models", "http://h:1/models"),
            ("http://h:1/", "/models", "http://h:1/models"),
            (
                "http://h:1/v1",
                "audio/speech",
                "http://h:1/v1/audio/speech",
            ),
            ("https://h/v1/", "audio/speech", "https://h/v1/audio/speech"),
            ("http://[::1]:5/a/v1", "x", "http://[::1]:5/a/v1/x"),
            (
                "http://h/v1",
                "models/a b?c#d",
                "http://h/v1/models/a%20b%3Fc%23d",
            ),
            ("http://h/v1", "../../admin", "http://h/v1/admin"),
        ] {
            let base = BaseUrl::parse(base).unwrap();
            assert_eq!(base.at(route).as_str(), url);
        }
    }

    #[test]
    fn a_list_keeps_its_order() {
        let list = BaseUrl::list(" http://a/v1, http://b:2/v1\n http://c ").unwrap();
        let shown: Vec<_> = list.iter().map(BaseUrl::to_string).collect();
        assert_eq!(shown, ["http://a/v1", "http://b:2/v1", "http://c/"]);
        assert_eq!(BaseUrl::list(" , "), Err(AddressError::Missing));
    }

    #[test]
    fn what_can_not_be_asked_is_refused() {
        use AddressError::*;
        for (address, error) in [
            ("", NoUrl(url::ParseError::RelativeUrlWithoutBase)),
            ("localhost:5001", OtherScheme),
            ("ftp://h", OtherScheme),
            ("http://user:secret@h", HoldsPassword),
            ("http://secret@h", HoldsPassword),
            ("http://h/?key=secret", HoldsQuery),
            ("http://h/#a", HoldsQuery),
        ] {
            let refused = BaseUrl::parse(address).unwrap_err();
            assert!(!refused.to_string().contains("secret"));
            assert_eq!(refused, error, "{address}");
        }
    }

    proptest! {
        #[test]
        fn no_route_leaves_the_base(route in ".{0,40}") {
            let base = BaseUrl::parse("http://h:1/v1").unwrap();
            let url = base.at(&route);
            prop_assert!(url.as_str().starts_with("http://h:1/v1"), "{url}");
            prop_assert!(url.query().is_none() && url.fragment().is_none());
            // What a server would resolve is what was written: no dots are left to resolve.
            prop_assert_eq!(Url::parse(url.as_str()).unwrap(), url);
        }
    }
}
