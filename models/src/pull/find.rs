//! Looks names up: in the catalogue, among what was pulled, and in the index of published voices.

use std::borrow::Cow;
use std::time::Instant;

use url::Url;

use super::address;
use super::connection::{Connection, Event, Loss};
use super::index::{Index, REPOSITORY};
use super::puller::Puller;
use crate::catalogue::{Catalogue, Entry};
use crate::error::Error;
use crate::names;

/// Ten times what the index has today.
const MAX_INDEX_BYTES: usize = 8 << 20;

impl Puller<'_> {
    /// What `name` stands for: an entry of `catalogue`, a voice that was pulled and is intact,
    /// or one in the index of published voices. Only the last one asks the network.
    ///
    /// # Errors
    ///
    /// Those of [`Catalogue::find`] for what does not look like a voice's name, else
    /// [`Error::UnknownVoice`], [`Error::Index`] or [`Error::Interrupted`].
    pub fn find<'c>(&self, catalogue: &'c Catalogue, name: &str) -> Result<Cow<'c, Entry>, Error> {
        if catalogue.get(name).is_some() || names::voice_locale(name).is_none() {
            return catalogue.find(name).map(Cow::Borrowed);
        }
        if let Ok(Some(entry)) = self.store.record(name)
            && self.wanted(&entry)?.is_none()
        {
            return Ok(Cow::Owned(entry));
        }
        let index = self.index().map_err(|source| match source {
            Error::Interrupted => Error::Interrupted,
            source => Error::Index {
                name: name.to_owned(),
                source: Box::new(source),
            },
        })?;
        index.entry(name).map(Cow::Owned)
    }

    /// The index, fetched once.
    fn index(&self) -> Result<&Index, Error> {
        if let Some(index) = self.index.get() {
            return Ok(index);
        }
        let index = self.fetch_index()?;
        Ok(self.index.get_or_init(|| index))
    }

    fn fetch_index(&self) -> Result<Index, Error> {
        let url = format!("{REPOSITORY}voices.json");
        let url = address::resolve(&url, self.options.hub_endpoint.as_deref())?;
        let text = self.fetch_document(&url, MAX_INDEX_BYTES)?;
        serde_json::from_slice(&text)
            .map_err(|error| wrong(&url, format!("it can't be read: {error}")))
    }

    /// Reads the whole answer of `url`, which may have `limit` bytes.
    fn fetch_document(&self, url: &Url, limit: usize) -> Result<Vec<u8>, Error> {
        let lost = |why: &str| Error::Network {
            url: url.to_string(),
            why: why.to_owned(),
            advice: "run the same command again, or set HF_ENDPOINT to a mirror",
        };
        let connection = Connection::open(self, url, None);
        let begun = Instant::now();
        let mut text = Vec::new();
        loop {
            let event = connection.next().map_err(|loss| match loss {
                Loss::Interrupted => Error::Interrupted,
                Loss::Silence(how) => lost(how),
            })?;
            match event {
                Event::Head(200, _) => {}
                Event::Head(status, _) => {
                    return Err(Error::Status {
                        url: url.to_string(),
                        status,
                    });
                }
                Event::Data(bytes) if text.len() + bytes.len() > limit => {
                    drop(bytes);
                    return Err(wrong(url, format!("it is longer than {limit} bytes")));
                }
                Event::Data(bytes) => text.extend(bytes),
                Event::End => return Ok(text),
                Event::Failed(error) => return Err(error),
            }
            // A byte now and then would never count as silence.
            if begun.elapsed() > 5 * self.options.stall_timeout {
                return Err(lost("the server is too slow"));
            }
        }
    }
}

fn wrong(url: &Url, found: String) -> Error {
    Error::WrongContent {
        what: "the index".to_owned(),
        origin: url.to_string(),
        found,
    }
}
