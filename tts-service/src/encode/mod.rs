//! Audio as clients want it: mp3, opus, aac, flac, wav, pcm, encoded as it is made.
