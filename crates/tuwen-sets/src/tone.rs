//! Skin tones: in code points, and in words.

use crate::language::Language;

/// A skin tone, from 1, light, to 5, dark.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Tone(u8);

/// The code points of the five tones.
const CODE_POINTS: std::ops::RangeInclusive<u32> = 0x1f3fb..=0x1f3ff;

impl Tone {
    pub(crate) const ALL: [Self; 5] = [Self(1), Self(2), Self(3), Self(4), Self(5)];

    /// The tones in a record's id, which is its code points in hexadecimal.
    pub(crate) fn in_id(id: &str) -> Vec<Self> {
        let points = id.split('-').filter_map(|part| u32::from_str_radix(part, 16).ok());
        points.filter(|point| CODE_POINTS.contains(point)).map(|point| Self((point - 0x1f3fa) as u8)).collect()
    }

    /// As captions are read, in which a hyphen is a space (ALBEF): `medium light`.
    pub(crate) fn word(self, language: Language) -> &'static str {
        let place = usize::from(self.0) - 1;
        language.pick(
            ["light", "medium light", "medium", "medium dark", "dark"][place],
            ["较浅", "中等 浅", "中等", "中等 深", "较深"][place],
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tones_stand_in_the_id() {
        let words = |id: &str| -> Vec<&str> { Tone::in_id(id).iter().map(|t| t.word(Language::English)).collect() };
        assert_eq!(words("1f469-1f3fc-200d-1f91d-200d-1f468-1f3ff"), ["medium light", "dark"]);
        assert_eq!(words("1f469-200d-1f9b1"), [""; 0]);
    }
}
