//! espeak-ng, made safe. The only file that calls it.
//!
//! Its public `espeak_TextToPhonemes` does not tell how a clause ended, which decides what
//! punctuation the voice hears and where a sentence ends. The functions that it is made of do.
//!
//! Known crash: espeak-ng 1.52.0.1 can read wild pointers (in its `InterpretPhoneme`) where one
//! clause holds two languages or scripts besides the voice's own: U+10A54, a hyphen and U+0F73
//! in Hindi do it. Among random texts it is about one in thousands, and none was found for
//! `en-us`. `readable` keeps the likeliest cause away, emoji; only a process of its own would
//! make it safe.
#![allow(unsafe_code)]

use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use espeak_rs_sys as sys;
use parking_lot::Mutex;

// Internal functions of the statically linked library, as its headers declare them.
unsafe extern "C" {
    static mut p_decoder: *mut c_void;
    static mut translator: *mut c_void;
    fn create_text_decoder() -> *mut c_void;
    fn text_decoder_decode_string_multibyte(
        decoder: *mut c_void,
        text: *const c_void,
        encoding: c_int,
        flags: c_int,
    ) -> c_int;
    fn text_decoder_get_buffer(decoder: *mut c_void) -> *const c_void;
    fn TranslateClauseWithTerminator(
        translator: *mut c_void,
        tone: *mut c_int,
        voice_change: *mut *mut c_char,
        terminator: *mut c_int,
    );
    fn GetTranslatedPhonemeString(mode: c_int) -> *const c_char;
    fn InitText2();
}

/// The text's own flags say that it is UTF-8.
const ENCODING_UNSET: c_int = 0;
/// Phonemes in the International Phonetic Alphabet.
const MODE_IPA: c_int = 2;
/// The library keeps the directory in 160 bytes and cuts what is longer.
const MAX_DIRECTORY_BYTES: usize = 140;
/// One of the files without which nothing works.
const ESSENTIAL_FILE: &str = "phontab";

// Bits of a clause's terminator, from espeak-ng's `translate.h`; the lowest are the pause
// after it, in hundredths of a second.
const PUNCTUATION_BITS: c_int = 0x000F_FFFF;
const TYPE_SENTENCE: c_int = 0x0008_0000;
const TYPE_CLAUSE: c_int = 0x0004_0000;
const INTONATION_COMMA: c_int = 0x1000;
const INTONATION_QUESTION: c_int = 0x2000;
const INTONATION_EXCLAMATION: c_int = 0x3000;
const PERIOD: c_int = 0x28 | TYPE_SENTENCE;
const QUESTION: c_int = 0x28 | INTONATION_QUESTION | TYPE_SENTENCE;
const EXCLAMATION: c_int = 0x2D | INTONATION_EXCLAMATION | TYPE_SENTENCE;
const COMMA: c_int = 0x14 | INTONATION_COMMA | TYPE_CLAUSE;
const SEMICOLON: c_int = 0x1E | INTONATION_COMMA | TYPE_CLAUSE;
const COLON: c_int = 0x1E | TYPE_CLAUSE;

/// A part of a sentence as espeak-ng reads it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Clause {
    /// IPA; words of another language than the voice's are between flags such as `(de)`.
    pub phonemes: String,
    /// The punctuation that ended it, if it is one that voices know.
    pub punctuation: Option<char>,
    /// Whether the sentence ends with it.
    pub ends_sentence: bool,
}

impl Clause {
    fn new(phonemes: String, terminator: c_int) -> Self {
        // Compared whole: full-width punctuation and the end of the text have further bits
        // set, and voices were trained without any punctuation there.
        let punctuation = match terminator & PUNCTUATION_BITS {
            PERIOD => Some('.'),
            QUESTION => Some('?'),
            EXCLAMATION => Some('!'),
            COMMA => Some(','),
            SEMICOLON => Some(';'),
            COLON => Some(':'),
            _ => None,
        };
        Self {
            phonemes,
            punctuation,
            ends_sentence: terminator & TYPE_SENTENCE != 0,
        }
    }
}

/// espeak-ng, whose state is the process's: there is one of this, with one lock around it.
#[derive(Debug)]
pub struct Espeak {
    data: PathBuf,
    calls: Mutex<()>,
}

/// The one that there is, once it has started.
static OWNER: Mutex<Option<Arc<Espeak>>> = Mutex::new(None);

impl Espeak {
    /// Starts espeak-ng with the data of this directory (that with `phontab` in it), or gives
    /// the running one. Sets the process's `LC_CTYPE`, as espeak-ng needs it.
    ///
    /// # Errors
    /// The data are missing or broken, or it runs with those of another directory.
    pub fn start(data: &Path) -> Result<Arc<Self>, String> {
        let mut owner = OWNER.lock();
        if let Some(running) = owner.as_ref() {
            if running.data == data {
                return Ok(Arc::clone(running));
            }
            return Err(format!(
                "espeak-ng runs with the data in {} already and can't change to {}",
                running.data.display(),
                data.display()
            ));
        }
        // Without these checks it would silently look in other places.
        if !data.join(ESSENTIAL_FILE).is_file() {
            return Err(format!(
                "no espeak-ng data in {}: {ESSENTIAL_FILE} is missing",
                data.display()
            ));
        }
        let bytes = data.as_os_str().as_bytes();
        let Some(path) = CString::new(bytes)
            .ok()
            .filter(|_| bytes.len() <= MAX_DIRECTORY_BYTES)
        else {
            return Err(format!(
                "the path of espeak-ng's data is longer than {MAX_DIRECTORY_BYTES} bytes, \
                 more than espeak-ng can keep: {}",
                data.display()
            ));
        };
        // SAFETY: the lock on OWNER is held and no other thread has an Espeak, so this is the only
        // call; the path outlives it, and the context is one that espeak-ng made or null.
        let status = unsafe {
            let mut context: sys::espeak_ng_ERROR_CONTEXT = std::ptr::null_mut();
            sys::espeak_ng_InitializePath(path.as_ptr());
            let status = sys::espeak_ng_Initialize(&raw mut context);
            sys::espeak_ng_ClearErrorContext(&raw mut context);
            status
        };
        if status != sys::espeak_ng_STATUS_ENS_OK {
            return Err(format!(
                "espeak-ng can't use the data in {} (status {status:#x})",
                data.display()
            ));
        }
        let started = Arc::new(Self {
            data: data.to_owned(),
            calls: Mutex::new(()),
        });
        *owner = Some(Arc::clone(&started));
        Ok(started)
    }

    /// Whether there is a voice (a language's rules) of this name, such as `en-us`.
    pub fn has_voice(&self, voice: &str) -> bool {
        let _only_caller = self.calls.lock();
        set_voice(voice).is_ok()
    }

    /// The clauses of a text. Characters that control espeak-ng itself are read as spaces, and
    /// so are emoji in other languages than English; what came before in the process makes no
    /// difference.
    ///
    /// # Errors
    /// There is no such voice.
    pub fn clauses(&self, voice: &str, text: &str) -> Result<Vec<Clause>, String> {
        let text: String = text.chars().map(|it| readable(it, voice)).collect();
        let text = CString::new(text).map_err(|_| "a NUL in the text".to_owned())?;
        let _only_caller = self.calls.lock();
        // Also makes the translator anew, which remembers things from text to text.
        set_voice(voice)?;
        let mut clauses = Vec::new();
        // SAFETY: the lock is held, the library is initialised and has a voice, therefore a
        // translator. The position stays within `text`, which outlives the loop: the decoder
        // ends at its NUL and then gives null. The phonemes are copied before the next call.
        unsafe {
            if p_decoder.is_null() {
                p_decoder = create_text_decoder();
            }
            InitText2();
            let mut position: *const c_void = text.as_ptr().cast();
            while !position.is_null() {
                let status = text_decoder_decode_string_multibyte(
                    p_decoder,
                    position,
                    ENCODING_UNSET,
                    sys::espeakCHARS_UTF8 as c_int,
                );
                if status != 0 {
                    return Err(format!(
                        "espeak-ng can't read the text (status {status:#x})"
                    ));
                }
                let mut terminator = 0;
                TranslateClauseWithTerminator(
                    translator,
                    std::ptr::null_mut(),
                    std::ptr::null_mut(),
                    &raw mut terminator,
                );
                position = text_decoder_get_buffer(p_decoder);
                let phonemes = CStr::from_ptr(GetTranslatedPhonemeString(MODE_IPA));
                clauses.push(Clause::new(
                    phonemes.to_string_lossy().into_owned(),
                    terminator,
                ));
            }
        }
        Ok(clauses)
    }
}

/// The character, or a space for what espeak-ng must not see.
fn readable(it: char, voice: &str) -> char {
    match it {
        '\t' | '\n' | '\r' => it,
        // A NUL would end the text early; 0x01 starts commands that change how later texts
        // are read.
        '\0'..' ' | '\x7F' => ' ',
        // Their names are English words in the dictionaries of some other languages, and a
        // second change of language in the same clause makes espeak-ng read wild pointers:
        // "🚼 Ж" in German ends the process, with Piper 1.8.0's espeak-ng as well.
        '\u{2600}'..='\u{27BF}' | '\u{1F000}'..='\u{1FFFF}' if !voice.starts_with("en") => ' ',
        _ => it,
    }
}

/// To be called with the lock held.
fn set_voice(voice: &str) -> Result<(), String> {
    // The name becomes part of a path.
    let plain = |it: u8| it.is_ascii_alphanumeric() || matches!(it, b'-' | b'_');
    let c_voice = CString::new(voice)
        .ok()
        .filter(|_| (1..=40).contains(&voice.len()) && voice.bytes().all(plain));
    // SAFETY: the caller holds the lock; the name outlives the call.
    let found = c_voice.is_some_and(|it| unsafe {
        sys::espeak_ng_SetVoiceByName(it.as_ptr()) == sys::espeak_ng_STATUS_ENS_OK
    });
    if found {
        Ok(())
    } else {
        Err(format!("espeak-ng has no voice {voice:?}"))
    }
}

#[cfg(test)]
#[path = "library_tests.rs"]
mod tests;
