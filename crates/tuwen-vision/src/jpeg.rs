//! Finds out whether a JPEG picture is all there, because decoders paint a missing rest grey without a word.

/// Whether the bytes of a JPEG reach its end marker (`FF D9`): segments are stepped over by their length, so the
/// marker of an embedded thumbnail does not count. ITU-T T.81, annex B.
pub(crate) fn reaches_end_marker(bytes: &[u8]) -> bool {
    let mut at = 2; // after `FF D8`
    loop {
        // Between segments and inside scans alike, the next marker is `FF` and a byte that is no stuffing.
        let Some((marker, after)) = next_marker(bytes, at) else { return false };
        at = match marker {
            0xD9 => return true,
            0x01 | 0xD0..=0xD8 => after, // markers without a segment
            _ => match bytes.get(after..after + 2) {
                Some(&[high, low]) => after + usize::from(u16::from_be_bytes([high, low])).max(2),
                _ => return false,
            },
        };
    }
}

/// The next marker at or after `from`, and where its segment begins. `FF 00` is a stuffed data byte, `FF FF` filling.
fn next_marker(bytes: &[u8], from: usize) -> Option<(u8, usize)> {
    let rest = bytes.get(from..)?;
    memchr::memchr_iter(0xFF, rest).find_map(|at| match rest.get(at + 1) {
        None | Some(0x00 | 0xFF) => None,
        Some(&marker) => Some((marker, from + at + 2)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Start, one application segment that holds an end marker, a scan with stuffing and a restart marker.
    const OPEN: [u8; 19] =
        [0xFF, 0xD8, 0xFF, 0xE1, 0, 5, 1, 0xFF, 0xD9, 0xFF, 0xDA, 0, 3, 9, 0xFF, 0x00, 0xFF, 0xD0, 8];

    #[test]
    fn only_the_end_marker_of_the_picture_itself_counts() {
        assert!(!reaches_end_marker(&OPEN));
        assert!(reaches_end_marker(&[OPEN.as_slice(), &[0xFF, 0xFF, 0xD9]].concat()));
        assert!(
            reaches_end_marker(&[OPEN.as_slice(), &[0xFF, 0xD9, 1, 2, 3]].concat()),
            "bytes after the end are fine"
        );
    }

    #[test]
    fn every_prefix_is_open() {
        for length in 0..OPEN.len() {
            assert!(!reaches_end_marker(&OPEN[..length]), "{length}");
        }
    }
}
