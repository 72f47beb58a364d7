//! The languages that it answers in, and its sentences in them.

use jiff::Zoned;

use super::intent::words;

/// A language that it answers in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Language {
    English,
    German,
}

/// Words by which German is known where nobody said which language it is.
const GERMAN: &[&str] = &[
    "bist",
    "das",
    "der",
    "dir",
    "du",
    "ein",
    "eine",
    "erzähl",
    "es",
    "geschichte",
    "hallo",
    "ich",
    "ist",
    "mein",
    "mir",
    "nicht",
    "spät",
    "und",
    "wie",
    "wer",
];

impl Language {
    /// That of the conversation; English if it is none of these; that of the text if it is not
    /// known.
    pub(super) fn of(tag: &str, text: &str) -> Self {
        let primary = tag.split(['-', '_']).next().unwrap_or_default();
        let is_german = match primary {
            "" | "auto" | "und" => words(text).any(|it| GERMAN.contains(&it.as_str())),
            known => known.eq_ignore_ascii_case("de"),
        };
        if is_german {
            Self::German
        } else {
            Self::English
        }
    }

    pub(super) fn introduction(self) -> &'static str {
        match self {
            Self::English => {
                "I am the built-in responder of voice stack, and no language model. I repeat what I \
                 understood. You can also ask me for the time, for your balance, or for a story."
            }
            Self::German => {
                "Ich bin die eingebaute Antwort von Voice Stack und kein Sprachmodell. Ich \
                 wiederhole, was ich verstanden habe. Du kannst mich auch nach der Uhrzeit, nach \
                 deinem Kontostand oder nach einer Geschichte fragen."
            }
        }
    }

    pub(super) fn repeated(self, text: &str, is_first: bool) -> String {
        let (said, note) = match self {
            Self::English => (
                "You said:",
                "I am no language model, so I can only repeat it.",
            ),
            Self::German => (
                "Du hast gesagt:",
                "Ich bin kein Sprachmodell, deshalb kann ich es nur wiederholen.",
            ),
        };
        let end = if text.ends_with(['.', '!', '?', '…', '।', '。']) {
            ""
        } else {
            "."
        };
        let repeated = format!("{said} {text}{end}");
        if is_first {
            format!("{repeated} {note}")
        } else {
            repeated
        }
    }

    pub(super) fn time(self, now: &Zoned) -> String {
        match self {
            Self::English => format!("It is {}.", now.strftime("%-I:%M %p")),
            Self::German if now.minute() == 0 => format!("Es ist {} Uhr.", now.hour()),
            Self::German => format!("Es ist {} Uhr {}.", now.hour(), now.minute()),
        }
    }

    pub(super) fn no_balance(self) -> &'static str {
        match self {
            Self::English => "I have no tool that could look up your balance.",
            Self::German => "Ich habe kein Werkzeug, das deinen Kontostand nachsehen könnte.",
        }
    }

    pub(super) fn balance(self, amount: f64, currency: &str) -> String {
        match self {
            Self::English => format!("Your balance is {amount:.2} {currency}."),
            Self::German => {
                let amount = format!("{amount:.2}").replace('.', ",");
                format!("Dein Kontostand beträgt {amount} {currency}.")
            }
        }
    }

    pub(super) fn result(self, tool: &str, output: &str) -> String {
        match self {
            Self::English => format!("The tool {tool} says: {output}"),
            Self::German => format!("Das Werkzeug {tool} sagt: {output}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_language_of_the_conversation_goes_before_that_of_the_words() {
        for (tag, text, language) in [
            ("de", "Hello", Language::German),
            ("de_AT", "", Language::German),
            ("en", "Wie spät ist es?", Language::English),
            ("fr-FR", "Ich bin da", Language::English),
            ("", "Wie spät ist es?", Language::German),
            ("auto", "What time is it?", Language::English),
        ] {
            assert_eq!(Language::of(tag, text), language, "{tag} {text}");
        }
    }

    #[test]
    fn amounts_are_written_as_the_language_has_them() {
        assert_eq!(
            Language::German.balance(12.5, "EUR"),
            "Dein Kontostand beträgt 12,50 EUR."
        );
    }
}
