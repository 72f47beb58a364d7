//! British spellings, written as in America: what transcripts are likely to contain.

/// A change in the middle of words: after these beginnings, before these endings.
struct Change {
    from: &'static str,
    to: &'static str,
    after: &'static [&'static str],
    before: &'static [&'static str],
}

const CHANGES: [Change; 4] = [
    Change {
        from: "our",
        to: "or",
        after: &[
            "arm", "behavi", "clam", "col", "endeav", "fav", "flav", "harb", "hon", "hum", "lab",
            "neighb", "od", "parl", "ranc", "rum", "sav", "splend", "vap", "vig",
        ],
        before: &[
            "", "s", "ed", "ing", "er", "ers", "y", "ies", "able", "ably", "al", "ful", "ite",
            "ites", "hood", "hoods", "less", "ly",
        ],
    },
    Change {
        from: "is",
        to: "iz",
        after: &[
            "apolog",
            "author",
            "capital",
            "character",
            "civil",
            "colon",
            "critic",
            "emphas",
            "final",
            "general",
            "real",
            "maxim",
            "memor",
            "minim",
            "mobil",
            "normal",
            "optim",
            "organ",
            "priorit",
            "recogn",
            "special",
            "stabil",
            "summar",
            "sympath",
            "util",
            "visual",
        ],
        before: &[
            "e", "es", "ed", "er", "ers", "ing", "ation", "ations", "able",
        ],
    },
    Change {
        from: "ys",
        to: "yz",
        after: &["anal", "catal", "paral"],
        before: &["e", "ed", "er", "ers", "ing"],
    },
    Change {
        from: "ll",
        to: "l",
        after: &[
            "cance", "counse", "equa", "fue", "jewe", "labe", "leve", "marve", "mode", "quarre",
            "signa", "trave",
        ],
        before: &["ed", "er", "ers", "ing", "ings", "or", "ors", "ous"],
    },
];

/// Words that change in ways of their own.
const WORDS: [(&str, &str); 66] = [
    ("aeroplane", "airplane"),
    ("aeroplanes", "airplanes"),
    ("ageing", "aging"),
    ("aluminium", "aluminum"),
    ("artefact", "artifact"),
    ("artefacts", "artifacts"),
    ("calibre", "caliber"),
    ("catalogue", "catalog"),
    ("catalogues", "catalogs"),
    ("centimetre", "centimeter"),
    ("centimetres", "centimeters"),
    ("centre", "center"),
    ("centred", "centered"),
    ("centres", "centers"),
    ("cheque", "check"),
    ("cheques", "checks"),
    ("cosy", "cozy"),
    ("defence", "defense"),
    ("defences", "defenses"),
    ("dialogue", "dialog"),
    ("dialogues", "dialogs"),
    ("draught", "draft"),
    ("draughts", "drafts"),
    ("encyclopaedia", "encyclopedia"),
    ("enrol", "enroll"),
    ("fibre", "fiber"),
    ("fibres", "fibers"),
    ("foetus", "fetus"),
    ("fulfil", "fulfill"),
    ("grey", "gray"),
    ("greys", "grays"),
    ("instalment", "installment"),
    ("jewellery", "jewelry"),
    ("judgement", "judgment"),
    ("kilometre", "kilometer"),
    ("kilometres", "kilometers"),
    ("licence", "license"),
    ("licences", "licenses"),
    ("litre", "liter"),
    ("litres", "liters"),
    ("manoeuvre", "maneuver"),
    ("manoeuvres", "maneuvers"),
    ("metre", "meter"),
    ("metres", "meters"),
    ("millimetre", "millimeter"),
    ("millimetres", "millimeters"),
    ("mould", "mold"),
    ("moustache", "mustache"),
    ("offence", "offense"),
    ("offences", "offenses"),
    ("ok", "okay"),
    ("plough", "plow"),
    ("ploughed", "plowed"),
    ("practise", "practice"),
    ("practised", "practiced"),
    ("practising", "practicing"),
    ("programme", "program"),
    ("programmes", "programs"),
    ("pyjamas", "pajamas"),
    ("sceptical", "skeptical"),
    ("skilful", "skillful"),
    ("sombre", "somber"),
    ("theatre", "theater"),
    ("theatres", "theaters"),
    ("tyre", "tire"),
    ("tyres", "tires"),
];

/// The American spelling of a lower-case word.
pub(super) fn american(word: String) -> String {
    if let Ok(index) = WORDS.binary_search_by(|it| it.0.cmp(&word)) {
        return WORDS[index].1.to_string();
    }
    CHANGES
        .iter()
        .find_map(|it| it.changed(&word))
        .unwrap_or(word)
}

impl Change {
    fn changed(&self, word: &str) -> Option<String> {
        self.after.iter().find_map(|beginning| {
            let ending = word.strip_prefix(beginning)?.strip_prefix(self.from)?;
            let is_known = self.before.contains(&ending);
            is_known.then(|| format!("{beginning}{}{ending}", self.to))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_in_order_to_be_found() {
        assert!(WORDS.is_sorted_by(|one, other| one.0 < other.0));
    }

    #[test]
    fn american_spelling_stays() {
        let changed = CHANGES.iter().flat_map(|change| {
            change.after.iter().flat_map(move |beginning| {
                change
                    .before
                    .iter()
                    .map(move |ending| format!("{beginning}{}{ending}", change.to))
            })
        });
        for word in WORDS.iter().map(|it| it.1.to_string()).chain(changed) {
            assert_eq!(american(word.clone()), word);
        }
    }

    #[test]
    fn british_spelling_changes() {
        for (british, expected) in [
            ("colour", "color"),
            ("colourful", "colorful"),
            ("favourite", "favorite"),
            ("neighbourhoods", "neighborhoods"),
            ("organisation", "organization"),
            ("realised", "realized"),
            ("analysing", "analyzing"),
            ("travelled", "traveled"),
            ("metres", "meters"),
            ("grey", "gray"),
        ] {
            assert_eq!(american(british.to_string()), expected);
        }
    }

    #[test]
    fn words_that_only_look_british_stay() {
        for word in [
            "hour",
            "four",
            "our",
            "your",
            "tour",
            "glamour",
            "realism",
            "emphasis",
            "promise",
            "noise",
            "metric",
            "central",
            "cancellation",
            "modest",
            "excellent",
            "analyses",
        ] {
            assert_eq!(american(word.to_string()), word);
        }
    }
}
