//! Sounds that are no speech, as WAV.

const RATE: u32 = 16_000;

/// Mono 16-bit WAV of 16 kHz samples in -1..=1.
pub fn wav(samples: &[f32]) -> Vec<u8> {
    let data = u32::try_from(samples.len() * 2).expect("test audio is short");
    let mut bytes = Vec::with_capacity(44 + samples.len() * 2);
    bytes.extend_from_slice(b"RIFF");
    bytes.extend_from_slice(&(36 + data).to_le_bytes());
    bytes.extend_from_slice(b"WAVEfmt \x10\0\0\0\x01\0\x01\0");
    bytes.extend_from_slice(&RATE.to_le_bytes());
    bytes.extend_from_slice(&(RATE * 2).to_le_bytes());
    bytes.extend_from_slice(b"\x02\0\x10\0data");
    bytes.extend_from_slice(&data.to_le_bytes());
    for sample in samples {
        bytes.extend_from_slice(&((sample.clamp(-1.0, 1.0) * 32_767.0) as i16).to_le_bytes());
    }
    bytes
}

fn of_seconds(seconds: f32, mut at: impl FnMut(f32) -> f32) -> Vec<u8> {
    let samples: Vec<f32> = (0..(seconds * RATE as f32) as usize)
        .map(|it| at(it as f32 / RATE as f32))
        .collect();
    wav(&samples)
}

/// Nothing.
pub fn silence(seconds: f32) -> Vec<u8> {
    of_seconds(seconds, |_| 0.0)
}

/// The same noise each time, at the given loudness.
pub fn white_noise(seconds: f32, loudness: f32) -> Vec<u8> {
    let mut state = 0x2545_F491_u32;
    of_seconds(seconds, |_| {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        (state as f32 / u32::MAX as f32 * 2.0 - 1.0) * loudness
    })
}

/// A chord progression with overtones and a decay a beat, like a simple piano.
pub fn music(seconds: f32) -> Vec<u8> {
    const CHORDS: [[f32; 3]; 4] = [
        [261.63, 329.63, 392.00],
        [220.00, 261.63, 329.63],
        [174.61, 220.00, 261.63],
        [196.00, 246.94, 293.66],
    ];
    of_seconds(seconds, |time| {
        let beat = (time * 2.0) as usize;
        let since_beat = time * 2.0 - beat as f32;
        let chord = CHORDS[beat / 4 % CHORDS.len()];
        let tones: f32 = chord
            .iter()
            .flat_map(|tone| [(1.0, 1.0), (2.0, 0.5), (3.0, 0.25)].map(|(n, a)| (tone * n, a)))
            .map(|(hertz, amplitude)| amplitude * (time * hertz * std::f32::consts::TAU).sin())
            .sum();
        tones * 0.12 * (-3.0 * since_beat).exp()
    })
}
