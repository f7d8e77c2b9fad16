//! Lines of text in a bitmap font: GNU Unifont, 16 pixels high, with Chinese.

use unifont::{Glyph, get_glyph};

/// Pixels from one line's top to its bottom.
pub(crate) const GLYPH_HEIGHT: u32 = 16;
/// Pixels from one line's top to the next one's.
pub(crate) const LINE_HEIGHT: u32 = 20;

/// Opening marks, which may not end a line.
const OPENING: [char; 6] = ['（', '《', '「', '『', '【', '('];
/// Closing marks, which may not begin a line.
const CLOSING: &str = "，。、；：！？）》」』】…,.;:!?)";

/// The glyph of a character; what the font lacks, such as emoji, becomes the replacement mark, and what has no shape of
/// its own (controls, joiners, variation selectors) none.
pub(crate) fn glyph(c: char) -> Option<&'static Glyph> {
    let shapeless = matches!(c, '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{206F}')
        || matches!(c, '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}' | '\u{AD}');
    if c.is_control() || shapeless { None } else { get_glyph(c).or_else(|| get_glyph(char::REPLACEMENT_CHARACTER)) }
}

/// Pixels a text takes in one line.
pub(crate) fn text_width(text: &str) -> u32 {
    text.chars().filter_map(glyph).map(|glyph| glyph.get_width() as u32).sum()
}

/// Breaks a text into at most `most` lines of at most `width` pixels: between words, between Chinese characters, and inside
/// a word that is wider than a line. What does not fit ends in `…`. Runs of white space count as one space.
pub(crate) fn wrap(text: &str, width: u32, most: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let mut line = String::new();
    for unit in text.split_whitespace().flat_map(|word| units(word, width)) {
        let joined = format!("{line}{unit}");
        if line.is_empty() || text_width(joined.trim_end()) <= width {
            line = joined;
        } else {
            lines.push(std::mem::replace(&mut line, unit).trim_end().to_owned());
        }
    }
    lines.push(line.trim_end().to_owned());
    if lines.len() > most {
        lines.truncate(most);
        let last = lines.last_mut().expect("at least one line is asked for");
        while !last.is_empty() && text_width(last) + text_width("…") > width {
            last.pop();
        }
        last.push('…');
    }
    lines
}

/// What may not be parted: a Chinese character with the marks that open before and close after it, or a run of others. The last one
/// ends with the space that follows the word.
fn units(word: &str, width: u32) -> Vec<String> {
    let wide = |c: char| glyph(c).is_some_and(Glyph::is_fullwidth);
    let mut units: Vec<String> = Vec::new();
    for c in word.chars() {
        let fits = |unit: &&mut String| {
            let together =
                CLOSING.contains(c) || unit.ends_with(OPENING) || !(wide(c) || unit.chars().last().is_some_and(wide));
            together && text_width(unit) + text_width(c.encode_utf8(&mut [0; 4])) <= width
        };
        match units.last_mut().filter(fits) {
            Some(unit) => unit.push(c),
            None => units.push(c.into()),
        }
    }
    units.last_mut().into_iter().for_each(|unit| unit.push(' '));
    units
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_stay_whole() {
        // Eight pixels a letter: `a brown` is 56 wide.
        assert_eq!(wrap("a  brown dog\tran ", 56, 9), ["a brown", "dog ran"]);
        assert_eq!(wrap("a brown dog ran", 55, 9), ["a", "brown", "dog", "ran"]);
        assert_eq!(wrap("extraordinary", 40, 9), ["extra", "ordin", "ary"]);
        assert_eq!(wrap("", 40, 9), [""]);
    }

    #[test]
    fn chinese_breaks_anywhere_but_at_marks() {
        // Sixteen pixels a character.
        assert_eq!(wrap("女消防员，中等肤色", 64, 9), ["女消防", "员，中等", "肤色"]);
        assert_eq!(wrap("女（消防12）员", 48, 9), ["女（消", "防12）", "员"]);
        assert_eq!(wrap("一只dog跑了", 48, 9), ["一只", "dog跑", "了"]);
    }

    #[test]
    fn what_does_not_fit_is_marked() {
        assert_eq!(wrap("one two three four", 40, 2), ["one", "two…"]);
        assert_eq!(wrap("中等肤色的女消防员", 64, 1), ["中等肤…"]);
    }

    #[test]
    fn every_character_has_a_shape_or_none() {
        assert_eq!(["a", "é", "女", "·", "✓", "→"].map(text_width), [8, 8, 16, 8, 16, 8]);
        assert_eq!(text_width("a\u{200D}\u{FE0F}\u{7}"), 8);
        assert_eq!(glyph('🚒'), get_glyph('\u{FFFD}')); // beyond the font
    }
}
