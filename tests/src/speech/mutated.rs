//! Requests for speech that somebody broke on purpose, the same ones each time.

use serde_json::{Map, Value, json};

use super::{PATH, TYPE};
use crate::kind::{Mutated, Mutator};
use crate::mutation::{cut, flip_bits, graft, move_pieces};
use crate::random::Random;
use crate::wire;

/// Short texts, spoken fast: what is still good when it is broken costs little.
fn originals() -> [Value; 6] {
    [
        json!({"input": "Hi.", "model": "tts-1", "voice": "alloy", "response_format": "wav"}),
        json!({"input": "At 5 o'clock.", "speed": 4, "response_format": "pcm",
            "sample_rate": 16000}),
        json!({"input": "Yes — “no”: 50 %.", "voice": {"id": "en_US-joe-medium"}, "speaker": 0,
            "stream_format": "sse", "instructions": "calm", "speed": 3.5}),
        json!({"input": "# One\n\n- *two*\n- [three](four)", "response_format": "flac",
            "speed": 4}),
        json!({"input": "<b>Ä</b> &amp; &#x1F600;", "response_format": "opus", "speed": 4}),
        json!({"input": "e.g. 3.5 kg…", "model": "en_US-joe-medium", "speed": 4}),
    ]
}

/// Fields that mean something, and one that doesn't.
const FIELDS: [&str; 10] = [
    "input",
    "model",
    "voice",
    "response_format",
    "speed",
    "stream_format",
    "sample_rate",
    "speaker",
    "instructions",
    "unknown",
];

/// JSON, or nearly, that stands where something else was expected.
const VALUES: [&str; 40] = [
    "null",
    "true",
    "[]",
    "{}",
    "\"\"",
    "\" \"",
    "\"\\u0000\"",
    "\"\\ud800\"",
    "\"\\ud83d\\ude00\"",
    "\"../../etc/passwd\"",
    "\"NaN\"",
    "\"%s%n\"",
    "\"$(reboot)\"",
    "NaN",
    "Infinity",
    "-Infinity",
    "0",
    "-0",
    "0.25",
    "4",
    "1e-400",
    "1e999",
    "-1",
    "1.5",
    "8000",
    "11025",
    "48000",
    "4294967296",
    "18446744073709551616",
    "9223372036854775807",
    "\"mp3\"",
    "\"aac\"",
    "\"wav\"",
    "\"sse\"",
    "\"audio\"",
    "{\"id\": null}",
    "{\"id\": {\"id\": {}}}",
    "[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]",
    "'",
    "",
];

/// Where odd characters live: controls, marks, directions, joiners, symbols, private use,
/// letters of several scripts, pictures, variation selectors, and far beyond.
const ODD_CHARACTERS: [std::ops::Range<u32>; 14] = [
    0..0x20,
    0x7f..0xa0,
    0x300..0x370,
    0x590..0x700,
    0x900..0x980,
    0x2000..0x2070,
    0x20d0..0x2100,
    0x2190..0x2600,
    0x3000..0x3100,
    0x4e00..0x4f00,
    0xe000..0xe100,
    0xfe00..0x1_0000,
    0x1_f300..0x1_f700,
    0xe_0000..0xe_0200,
];
/// Many a one is read by its name.
const MOST_ODD_CHARACTERS: usize = 15;

/// Gives the broken request of a seed and a number.
pub fn broken_requests() -> Mutator {
    let originals = originals().map(|it| it.to_string().into_bytes());
    Box::new(move |seed, index| {
        let mut random = Random::new(seed, index);
        let original = random.below(originals.len());
        let mut body = originals[original].clone();
        let done = match index % 8 {
            0 => flip_bits(&mut body, &mut random, usize::MAX),
            1 => cut(&mut body, &mut random),
            2 => move_pieces(&mut body, &mut random),
            3 => {
                let other = random.below(originals.len());
                graft(&mut body, &originals[other], &mut random);
                format!("with the tail of {other}")
            }
            4 => put_odd_text(&mut body, &mut random),
            5 => wrap(&mut body, &mut random),
            _ => put_odd_value(&mut body, &mut random),
        };
        let shown = String::from_utf8_lossy(&body);
        Mutated {
            what: format!("request {original} {done}: {shown}"),
            bytes: wire::announcing(PATH, TYPE, body.len(), &body),
        }
    })
}

fn object(body: &[u8]) -> Map<String, Value> {
    serde_json::from_slice(body).expect("the originals are objects")
}

/// Replaces or adds a field, or has it twice.
fn put_odd_value(body: &mut Vec<u8>, random: &mut Random) -> String {
    let (name, value) = (*random.pick(&FIELDS), *random.pick(&VALUES));
    let mut fields = object(body);
    let twice = random.below(4) == 0;
    if !twice {
        fields.remove(name);
    }
    let mut text = Value::Object(fields).to_string();
    text.pop();
    let comma = if text == "{" { "" } else { "," };
    *body = format!("{text}{comma}\"{name}\":{value}}}").into_bytes();
    format!("with {name} {}", if twice { "twice" } else { "replaced" })
}

fn put_odd_text(body: &mut Vec<u8>, random: &mut Random) -> String {
    let length = 1 + random.below(MOST_ODD_CHARACTERS);
    let mut text = String::new();
    while text.chars().count() < length {
        let range = random.pick(&ODD_CHARACTERS).clone();
        let code = range.start + random.below(range.len()) as u32;
        let repeated = 1 + random.below(4);
        if let Some(character) = char::from_u32(code) {
            text.extend(std::iter::repeat_n(character, repeated));
        }
        if random.below(3) == 0 {
            text.push_str(random.pick::<&str>(&["a", "1", ". ", "\n", "<", "\\", "[["]));
        }
    }
    let mut fields = object(body);
    fields.insert("input".into(), text.into());
    fields.insert("speed".into(), 4.into());
    *body = Value::Object(fields).to_string().into_bytes();
    "with odd text".into()
}

/// Puts something around or before it.
fn wrap(body: &mut Vec<u8>, random: &mut Random) -> String {
    let (before, after) = *random.pick(&[
        ("[", "]"),
        ("{\"input\":", "}"),
        ("\u{feff}", ""),
        ("", "\0"),
        ("\n\n\t ", " \r\n"),
        ("", "{}"),
        ("/* */", ""),
        ("\"", "\""),
    ]);
    *body = [before.as_bytes(), body, after.as_bytes()].concat();
    format!("between {before:?} and {after:?}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_depends_on_seed_and_number_only() {
        let broken = broken_requests();
        for index in 0..400 {
            assert!(broken(1, index).bytes == broken(1, index).bytes);
        }
        let same = |it: &u64| broken(1, *it).bytes == broken(2, *it).bytes;
        assert!((0..400).filter(same).count() < 20);
    }
}
