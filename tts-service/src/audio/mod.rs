//! Speech made ready to be heard: trimmed, levelled, joined with pauses, resampled.
