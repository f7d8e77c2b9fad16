//! Which script a caption is written in, by its letters.

use serde::Serialize;

/// The scripts that the letters of a caption belong to; digits, signs and emoji belong to none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Script {
    /// Latin letters alone.
    Latin,
    /// Chinese characters alone.
    Han,
    /// Latin letters and Chinese characters.
    LatinAndHan,
    /// Some other script, alone or beside these.
    Other,
    /// No letter at all.
    NoLetters,
}

impl Script {
    /// The script of `text`.
    pub fn of(text: &str) -> Self {
        let (mut latin, mut han, mut other) = (false, false, false);
        for character in text.chars() {
            match character {
                'a'..='z' | 'A'..='Z' => latin = true,
                c if !c.is_alphabetic() => {}
                '\u{aa}' | '\u{ba}' | '\u{c0}'..='\u{24f}' | '\u{1e00}'..='\u{1eff}' => latin = true,
                '\u{3005}'..='\u{3007}' | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' => han = true,
                '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{323af}' => han = true,
                _ => other = true,
            }
        }
        match (latin, han, other) {
            (_, _, true) => Self::Other,
            (true, true, _) => Self::LatinAndHan,
            (true, ..) => Self::Latin,
            (_, true, _) => Self::Han,
            _ => Self::NoLetters,
        }
    }

    /// Its name in a sentence.
    pub fn name(self) -> &'static str {
        match self {
            Self::Latin => "Latin",
            Self::Han => "Han",
            Self::LatinAndHan => "Latin and Han together",
            Self::Other => "another script",
            Self::NoLetters => "no letters",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_decide() {
        assert_eq!(["a cat, 2 dogs", "Éclair"].map(Script::of), [Script::Latin; 2]);
        assert_eq!(["一只猫!", "㐀𠀀"].map(Script::of), [Script::Han; 2]);
        assert_eq!(Script::of("T恤"), Script::LatinAndHan);
        assert_eq!(["кот", "a кот", "ねこ"].map(Script::of), [Script::Other; 3]);
        assert_eq!(["", "12 😀!"].map(Script::of), [Script::NoLetters; 2]);
    }
}
