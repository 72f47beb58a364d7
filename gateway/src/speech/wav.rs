//! Samples as a WAV file.

/// Mono, 16 bits a sample.
pub(crate) fn wav(samples: &[i16], rate_hz: u32) -> Vec<u8> {
    const BYTES_A_SAMPLE: u16 = 2;
    let data_bytes = u32::try_from(samples.len() * usize::from(BYTES_A_SAMPLE))
        .expect("turns are limited to minutes");
    let mut file = Vec::with_capacity(44 + samples.len() * usize::from(BYTES_A_SAMPLE));
    file.extend(b"RIFF");
    file.extend((36 + data_bytes).to_le_bytes());
    file.extend(b"WAVEfmt ");
    file.extend(16_u32.to_le_bytes());
    // PCM, one channel.
    file.extend(1_u16.to_le_bytes());
    file.extend(1_u16.to_le_bytes());
    file.extend(rate_hz.to_le_bytes());
    file.extend((rate_hz * u32::from(BYTES_A_SAMPLE)).to_le_bytes());
    file.extend(BYTES_A_SAMPLE.to_le_bytes());
    file.extend((8 * BYTES_A_SAMPLE).to_le_bytes());
    file.extend(b"data");
    file.extend(data_bytes.to_le_bytes());
    file.extend(samples.iter().flat_map(|it| it.to_le_bytes()));
    file
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_header_says_what_follows() {
        let file = wav(&[1, -2], 16_000);
        assert_eq!(file.len(), 48);
        assert_eq!(
            file[..44],
            *b"RIFF\x28\0\0\0WAVEfmt \x10\0\0\0\x01\0\x01\0\x80\x3e\0\0\0\x7d\0\0\x02\0\x10\0data\x04\0\0\0"
        );
        assert_eq!(file[44..], [1, 0, 0xfe, 0xff]);
    }
}
