//! Bytes of an upload that readers show differently from what was sent.

/// Length of every patch: the name of a chunk, box or element, or the head of a block.
pub(crate) const PATCH_BYTES: usize = 4;

/// Four-byte replacements, none overlapping another.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Patches {
    /// By position.
    sorted: Vec<(u64, [u8; PATCH_BYTES])>,
}

impl Patches {
    /// Adds a patch behind all others.
    pub(crate) fn push(&mut self, position: u64, bytes: [u8; PATCH_BYTES]) {
        debug_assert!(
            self.sorted
                .last()
                .is_none_or(|(last, _)| last + PATCH_BYTES as u64 <= position),
            "patches come in order"
        );
        self.sorted.push((position, bytes));
    }

    pub(crate) fn len(&self) -> usize {
        self.sorted.len()
    }

    /// Patches `bytes`, which were read at `position`.
    pub(crate) fn apply(&self, position: u64, bytes: &mut [u8]) {
        let end = position + bytes.len() as u64;
        let first = self
            .sorted
            .partition_point(|(at, _)| at + PATCH_BYTES as u64 <= position);
        for (at, patch) in self.sorted[first..].iter().take_while(|(at, _)| *at < end) {
            for (offset, byte) in patch.iter().enumerate() {
                let index = (at + offset as u64).checked_sub(position);
                let target = index.and_then(|index| bytes.get_mut(usize::try_from(index).ok()?));
                if let Some(target) = target {
                    *target = *byte;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_patch_shows_however_the_reads_fall() {
        let mut patches = Patches::default();
        patches.push(2, *b"abcd");
        patches.push(8, *b"efgh");
        for piece in 1..14 {
            let mut shown = Vec::new();
            for (index, part) in b"0123456789ABC".chunks(piece).enumerate() {
                let mut part = part.to_vec();
                patches.apply((index * piece) as u64, &mut part);
                shown.extend(part);
            }
            assert_eq!(shown, b"01abcd67efghC", "read by {piece}");
        }
    }
}
