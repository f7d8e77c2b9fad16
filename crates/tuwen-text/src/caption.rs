//! ALBEF's cleaning of captions and questions before they are tokenised.
//!
//! Equal to the Python of the reference (`dataset/utils.py`), whose idea of whitespace is wider than Rust's.

/// Python's `str.isspace`, which its `\s` follows: Unicode's whitespace and the four information separators.
fn is_python_space(c: char) -> bool {
    c.is_whitespace() || ('\u{1c}'..='\u{1f}').contains(&c)
}

/// Lower case, without `,.'!?"()*#:;~`, hyphens and slashes turned to spaces.
fn lower_without_punctuation(text: &str) -> String {
    text.to_lowercase()
        .chars()
        .filter(|c| !",.'!?\"()*#:;~".contains(*c))
        .map(|c| if c == '-' || c == '/' { ' ' } else { c })
        .collect()
}

/// One space for each run of two or more whitespace characters; a single one stays what it is.
fn collapse_spaces(text: &str) -> String {
    let mut collapsed = String::with_capacity(text.len());
    let mut characters = text.chars().peekable();
    while let Some(c) = characters.next() {
        let mut longer = false;
        while is_python_space(c) && characters.next_if(|&next| is_python_space(next)).is_some() {
            longer = true;
        }
        collapsed.push(if longer { ' ' } else { c });
    }
    collapsed
}

/// The first `max_words` pieces between single spaces; two spaces in a row have an empty word between them.
fn first_words(text: &str, max_words: usize) -> String {
    text.split(' ').take(max_words).collect::<Vec<_>>().join(" ")
}

/// A caption in lower case without punctuation, whitespace collapsed, at most `max_words` words (ALBEF: 30).
///
/// A newline at the end goes, a tab there stays, as in the reference.
pub fn pre_caption(text: &str, max_words: usize) -> String {
    let caption = collapse_spaces(&lower_without_punctuation(text).replace("<person>", "person"));
    first_words(caption.trim_end_matches('\n').trim_matches(' '), max_words)
}

/// A question in lower case without punctuation, at most `max_words` words; spaces are not collapsed, so that empty
/// words count, and only spaces at the end go (ALBEF's `pre_question`).
pub fn pre_question(text: &str, max_words: usize) -> String {
    first_words(lower_without_punctuation(text).trim_end_matches(' '), max_words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn captions_lose_case_punctuation_and_hyphens() {
        assert_eq!(
            pre_caption("Don't stop; it's a state-of-the-art \"phone\"!", 30),
            "dont stop its a state of the art phone"
        );
        assert_eq!(pre_caption("<person> and <PERSON> and < person >", 30), "person and person and < person >");
    }

    #[test]
    fn runs_of_any_whitespace_become_one_space() {
        assert_eq!(pre_caption("a\t\tb \u{a0}c\u{1c}\u{1d}d\u{3000}\u{85}e", 30), "a b c d e");
        assert_eq!(pre_caption("a\tb\u{3000}c\u{1f}d", 30), "a\tb\u{3000}c\u{1f}d"); // single ones stay
    }

    #[test]
    fn only_newlines_and_spaces_are_cut_at_the_ends() {
        assert_eq!(pre_caption("  end\n", 30), "end");
        assert_eq!(pre_caption("end\t", 30), "end\t");
        assert_eq!(pre_caption("\nend", 30), "\nend");
    }

    #[test]
    fn words_are_counted_after_cleaning() {
        assert_eq!(pre_caption("a-b-c d", 3), "a b c");
        assert_eq!(pre_caption("a b", 0), "");
    }

    #[test]
    fn questions_count_empty_words() {
        assert_eq!(pre_question("a - b - c?", 5), "a   b "); // a, nothing, nothing, b, nothing
        assert_eq!(pre_question(" Lead?  ", 5), " lead");
    }
}
