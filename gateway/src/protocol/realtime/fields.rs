//! Reads the fields of an event; what is wrong is said with the path of the field.

use std::fmt::Write as _;
use std::ops::RangeInclusive;

use serde_json::Value;

use super::problem::{Problem, quoted};

/// A field that is there. It may be null.
#[derive(Debug, Clone)]
pub(super) struct Field<'a> {
    pub(super) path: String,
    pub(super) value: &'a Value,
}

impl<'a> Field<'a> {
    /// The event itself.
    pub(super) fn root(value: &'a Value) -> Self {
        Self {
            path: String::new(),
            value,
        }
    }

    fn below(&self, name: &str) -> String {
        if self.path.is_empty() {
            name.to_owned()
        } else {
            format!("{}.{name}", self.path)
        }
    }

    /// A field of this object; `None` if it is absent.
    pub(super) fn get(&self, name: &str) -> Result<Option<Self>, Problem> {
        let Value::Object(fields) = self.value else {
            return Err(Problem::wrong_type(&self.path, "an object"));
        };
        Ok(fields.get(name).map(|value| Self {
            path: self.below(name),
            value,
        }))
    }

    /// As [`Self::get`], and null is as good as absent.
    pub(super) fn given(&self, name: &str) -> Result<Option<Self>, Problem> {
        Ok(self.get(name)?.filter(|it| !it.is_null()))
    }

    pub(super) fn required(&self, name: &str) -> Result<Self, Problem> {
        let field = self.given(name)?;
        field.ok_or_else(|| Problem::missing(&self.below(name)))
    }

    pub(super) fn is_null(&self) -> bool {
        self.value.is_null()
    }

    pub(super) fn is_object(&self) -> bool {
        self.value.is_object()
    }

    pub(super) fn text(&self) -> Result<&'a str, Problem> {
        let text = self.value.as_str();
        text.ok_or_else(|| Problem::wrong_type(&self.path, "a string"))
    }

    pub(super) fn bool(&self) -> Result<bool, Problem> {
        let value = self.value.as_bool();
        value.ok_or_else(|| Problem::wrong_type(&self.path, "a boolean"))
    }

    pub(super) fn integer(&self, range: RangeInclusive<u64>) -> Result<u64, Problem> {
        if !self.value.is_number() {
            return Err(Problem::wrong_type(&self.path, "an integer"));
        }
        // JavaScript writes 500.0 as 500, but Python's floats stay floats.
        let whole = |it: f64| (it.fract() == 0.0 && (0.0..9e15).contains(&it)).then_some(it as u64);
        let value = self.value.as_u64();
        let value = value.or_else(|| self.value.as_f64().and_then(whole));
        value.filter(|it| range.contains(it)).ok_or_else(|| {
            let (least, most) = (range.start(), range.end());
            let message = format!(
                "Invalid value for '{}': must be from {least} to {most}.",
                self.path
            );
            Problem::value(&self.path, message)
        })
    }

    pub(super) fn number(&self, range: RangeInclusive<f64>) -> Result<f64, Problem> {
        let value = self.value.as_f64();
        let value = value.ok_or_else(|| Problem::wrong_type(&self.path, "a number"))?;
        if range.contains(&value) {
            return Ok(value);
        }
        let (least, most) = (range.start(), range.end());
        let message = format!(
            "Invalid value for '{}': must be from {least} to {most}.",
            self.path
        );
        Err(Problem::value(&self.path, message))
    }

    pub(super) fn list(&self) -> Result<Vec<Self>, Problem> {
        let Value::Array(values) = self.value else {
            return Err(Problem::wrong_type(&self.path, "an array"));
        };
        let fields = values.iter().enumerate();
        let fields = fields.map(|(index, value)| Self {
            path: format!("{}[{index}]", self.path),
            value,
        });
        Ok(fields.collect())
    }

    /// One of these words, and what it means.
    pub(super) fn one_of<T: Copy>(&self, words: &[(&str, T)]) -> Result<T, Problem> {
        let text = self.text()?;
        let found = words.iter().find(|(word, _)| *word == text);
        let names = words.iter().map(|(word, _)| *word);
        found
            .map(|(_, meaning)| *meaning)
            .ok_or_else(|| self.none_of(names))
    }

    /// It is none of these words.
    pub(super) fn none_of<'w>(&self, words: impl Iterator<Item = &'w str>) -> Problem {
        let text = quoted(self.value.as_str().unwrap_or_default());
        let mut message = format!("Invalid value: '{text}'. Supported values are:");
        for (index, word) in words.enumerate() {
            let separator = if index == 0 { "" } else { "," };
            let _ = write!(message, "{separator} '{word}'");
        }
        message.push('.');
        Problem::value(&self.path, message)
    }
}
