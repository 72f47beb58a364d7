//! Ogg pages on their way to the demuxer: only whole ones, and without their tags.
//!
//! The demuxer searches a damaged page again from its fifth byte on, and so on for each of
//! the thousands of pages that may be claimed inside of it. It keeps all comments of all
//! chained streams, at a hundred bytes of memory for five of the file. And it takes every
//! first page for a stream of its own to prepare for. Here, pages are read once, and what it
//! gets are sound ones whose comments say nothing.

use std::collections::BTreeSet;
use std::io::{self, Read, Seek, SeekFrom};

use symphonia::core::io::MediaSource;

const MARKER: &[u8] = b"OggS";
const HEADER_BYTES: usize = 27;
const CHECKSUM_AT: usize = 22;
const MAX_PAGE_BYTES: usize = HEADER_BYTES + 255 + 255 * 255;
const READ_BYTES: usize = 4 * MAX_PAGE_BYTES;

const CONTINUED: u8 = 1;
const FIRST: u8 = 2;

/// Streams that begin together. A film with all its languages has fewer.
const MAX_FIRST_PAGES_IN_A_ROW: usize = 64;
/// Checksums over pages that turned out broken. Behind a broken page the next one is looked for
/// inside of it; from here on, behind it.
const MAX_BROKEN_BYTES: usize = 16 << 20;

/// Shows the sound pages of an Ogg file, one after the other, and nothing between them.
pub(crate) struct Pages<R> {
    source: R,
    /// Read ahead; from `at` on it is not yet looked at.
    ahead: Vec<u8>,
    at: usize,
    is_at_end: bool,
    /// The page that is being handed out, from `shown` on.
    page: Vec<u8>,
    shown: usize,
    broken_bytes: usize,
    first_pages_in_a_row: usize,
    /// Streams of FLAC, whose comments have no signature.
    flac_serials: BTreeSet<[u8; 4]>,
}

impl<R: Read> Pages<R> {
    pub(crate) fn new(source: R) -> Self {
        Self {
            source,
            ahead: Vec::new(),
            at: 0,
            is_at_end: false,
            page: Vec::new(),
            shown: 0,
            broken_bytes: 0,
            first_pages_in_a_row: 0,
            flac_serials: BTreeSet::new(),
        }
    }

    /// Reads until a whole page is ahead, or all that there is.
    fn look_ahead(&mut self) -> io::Result<()> {
        if self.ahead.len() - self.at < MAX_PAGE_BYTES && !self.is_at_end {
            self.ahead.drain(..self.at);
            self.at = 0;
            let missing = READ_BYTES - self.ahead.len();
            let read = (&mut self.source)
                .take(missing as u64)
                .read_to_end(&mut self.ahead)?;
            self.is_at_end = read < missing;
        }
        Ok(())
    }

    /// Goes to the next marker; `false` at the end.
    fn find_marker(&mut self) -> io::Result<bool> {
        loop {
            self.look_ahead()?;
            let ahead = &self.ahead[self.at..];
            let found = ahead.windows(MARKER.len()).position(|it| it == MARKER);
            if let Some(start) = found {
                self.at += start;
                return Ok(true);
            }
            if self.is_at_end {
                return Ok(false);
            }
            // The marker may be cut by the end of what was read.
            self.at = self.ahead.len() - ahead.len().min(MARKER.len() - 1);
        }
    }

    /// Takes the next sound page; `false` at the end.
    fn next_page(&mut self) -> io::Result<bool> {
        while self.find_marker()? {
            self.look_ahead()?;
            let ahead = &self.ahead[self.at..];
            let claimed = page_bytes(ahead);
            match claimed.and_then(|len| ahead.get(..len)) {
                Some(page) if is_sound(page) => {
                    self.page.clear();
                    self.page.extend_from_slice(page);
                    self.shown = 0;
                    self.at += self.page.len();
                    if self.is_wanted() {
                        self.silence_comments();
                        return Ok(true);
                    }
                }
                _ => {
                    let len = claimed.unwrap_or(0).min(ahead.len());
                    self.broken_bytes += len;
                    let is_patient = self.broken_bytes <= MAX_BROKEN_BYTES;
                    self.at += MARKER.len().max(if is_patient { 0 } else { len });
                }
            }
        }
        Ok(false)
    }

    /// Whether the present page may pass: not when streams only ever begin.
    fn is_wanted(&mut self) -> bool {
        if self.page[5] & FIRST == 0 {
            self.first_pages_in_a_row = 0;
        } else {
            self.first_pages_in_a_row += 1;
        }
        self.first_pages_in_a_row <= MAX_FIRST_PAGES_IN_A_ROW
    }

    /// Takes the comments out of the present page, leaving its length as it is.
    fn silence_comments(&mut self) {
        const BEGINS_FLAC: &[u8] = b"\x7fFLAC";
        const FLAC_COMMENT: u8 = 4;
        let segments = usize::from(self.page[26]);
        let serial = [self.page[14], self.page[15], self.page[16], self.page[17]];
        let mut is_changed = false;
        let mut start = HEADER_BYTES + segments;
        let mut is_begin = self.page[5] & CONTINUED == 0;
        let mut len = 0;
        for segment in 0..segments {
            let bytes = usize::from(self.page[HEADER_BYTES + segment]);
            len += bytes;
            let is_end = bytes < 255;
            if !is_end && segment + 1 < segments {
                continue;
            }
            let packet = &mut self.page[start..start + len];
            if is_begin && packet.starts_with(BEGINS_FLAC) {
                self.flac_serials.insert(serial);
            }
            let is_flac = self.flac_serials.contains(&serial);
            let comments_at = match packet {
                [3, b'v', b'o', b'r', b'b', b'i', b's', ..] => Some(7),
                [b'O', b'p', b'u', b's', b'T', b'a', b'g', b's', ..] => Some(8),
                [kind, ..] if is_flac && *kind & 0x7f == FLAC_COMMENT => Some(4),
                _ => None,
            };
            // The length of the vendor's name, and where no name follows, the number of comments.
            let counts = comments_at.and_then(|at| packet.get_mut(at..at + 8));
            if let Some(counts) = counts.filter(|_| is_begin) {
                counts.fill(0);
                is_changed = true;
            }
            start += len;
            len = 0;
            is_begin = is_end;
        }
        if is_changed {
            let checksum = checksum(&self.page);
            self.page[CHECKSUM_AT..CHECKSUM_AT + 4].copy_from_slice(&checksum);
        }
    }
}

impl<R: Read> Read for Pages<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if self.shown == self.page.len() && !self.next_page()? {
            // What was refused last must not be shown the next time.
            self.shown = self.page.len();
            return Ok(0);
        }
        let rest = &self.page[self.shown..];
        let len = rest.len().min(buf.len());
        buf[..len].copy_from_slice(&rest[..len]);
        self.shown += len;
        Ok(len)
    }
}

impl<R> Seek for Pages<R> {
    fn seek(&mut self, _to: SeekFrom) -> io::Result<u64> {
        Err(io::ErrorKind::Unsupported.into())
    }
}

impl<R: Read + Send + Sync> MediaSource for Pages<R> {
    fn is_seekable(&self) -> bool {
        false
    }

    fn byte_len(&self) -> Option<u64> {
        None
    }
}

/// Length that the page at the start of `bytes` claims, if its header is there.
fn page_bytes(bytes: &[u8]) -> Option<usize> {
    let segments = usize::from(*bytes.get(26)?);
    let lengths = bytes.get(HEADER_BYTES..HEADER_BYTES + segments)?;
    let body: usize = lengths.iter().copied().map(usize::from).sum();
    Some(HEADER_BYTES + segments + body)
}

/// Whether the demuxer will take this page as a whole.
fn is_sound(page: &[u8]) -> bool {
    const ALL_FLAGS: u8 = 7;
    page[4] == 0 && page[5] <= ALL_FLAGS && page[CHECKSUM_AT..CHECKSUM_AT + 4] == checksum(page)
}

/// The checksum of a whole page, whatever it holds as its own.
pub(crate) fn checksum(page: &[u8]) -> [u8; 4] {
    let (before, rest) = page.split_at(CHECKSUM_AT);
    let register = [before, &[0; 4], &rest[4..]]
        .into_iter()
        .flatten()
        .fold(0_u32, |register, byte| {
            register << 8 ^ REMAINDERS[(register >> 24) as usize ^ usize::from(*byte)]
        });
    register.to_le_bytes()
}

const REMAINDERS: [u32; 256] = remainders();

const fn remainders() -> [u32; 256] {
    const POLYNOMIAL: u32 = 0x04c1_1db7;
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < table.len() {
        let mut register = (byte as u32) << 24;
        let mut bit = 0;
        while bit < 8 {
            let carry = register & 0x8000_0000 != 0;
            register = register << 1 ^ if carry { POLYNOMIAL } else { 0 };
            bit += 1;
        }
        table[byte] = register;
        byte += 1;
    }
    table
}
