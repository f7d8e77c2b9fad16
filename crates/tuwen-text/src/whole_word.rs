//! Which tokens form a word: `##` pieces go with their head, Chinese characters with their neighbours as jieba cuts.

use std::collections::HashMap;

use jieba_rs::Jieba;

use crate::TokenizedText;
use crate::masking::MaskUnit;

/// For each position the first position of its unit: itself, or where its word begins.
pub(crate) fn units(words: &[Option<u32>], unit: MaskUnit) -> Vec<usize> {
    let mut begins = HashMap::new();
    let mut last = None; // pieces follow one another: most words need no look-up
    let first = |(i, word): (usize, &Option<u32>)| {
        let (MaskUnit::WholeWord, Some(word)) = (unit, word) else { return i };
        match last {
            Some((before, begin)) if before == *word => begin,
            _ => {
                let begin = *begins.entry(*word).or_insert(i);
                last = Some((*word, begin));
                begin
            }
        }
    };
    words.iter().enumerate().map(first).collect()
}

/// Joins Chinese characters into words, so that whole-word masking hides 天气 and not half of it.
///
/// WordPiece parts every Chinese character; this puts the characters of a word under one number, words being those of
/// jieba's dictionary and its hidden Markov model (as for the `wwm` checkpoints, Cui et al., arXiv:1906.08101, whose
/// own segmenter was another). Building one takes a good part of a second: build it once.
#[derive(Clone, Debug)]
pub struct ChineseWords {
    jieba: Jieba,
}

impl Default for ChineseWords {
    fn default() -> Self {
        Self::new()
    }
}

impl ChineseWords {
    /// Loads the built-in dictionary.
    pub fn new() -> Self {
        Self { jieba: Jieba::new() }
    }

    /// Renumbers the words of `tokens`, which came from `text`. Tokens stay together if WordPiece cut them from one word
    /// or if they lie in one of jieba's words that holds a Chinese character; a text without any is left alone.
    pub fn join(&self, text: &str, tokens: &mut TokenizedText) {
        if !text.chars().any(is_chinese) {
            return;
        }
        let cut = self.jieba.cut(text, true);
        // Both lists are in order of the text, so one walk pairs them.
        let mut cut = cut.iter().enumerate().peekable();
        let mut before: Option<(u32, Option<usize>)> = None;
        let mut number = 0;
        for (word, &(start, _)) in tokens.words.iter_mut().zip(&tokens.offsets) {
            while cut.next_if(|(_, piece)| piece.byte_end <= start).is_some() {}
            let chinese = cut.peek().filter(|(_, piece)| piece.word.chars().any(is_chinese)).map(|&(i, _)| i);
            if let Some((old, joined)) = before {
                let same = old == *word || (joined.is_some() && joined == chinese);
                number += u32::from(!same);
            }
            before = Some((*word, chinese));
            *word = number;
        }
    }
}

/// The blocks whose characters BERT parts from one another.
fn is_chinese(c: char) -> bool {
    matches!(u32::from(c), 0x4E00..=0x9FFF | 0x3400..=0x4DBF | 0x20000..=0x2CEAF | 0xF900..=0xFAFF | 0x2F800..=0x2FA1F)
}

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;

    use super::*;
    use crate::{LiteralSpecials, Tokenizer};

    static WORDS: LazyLock<ChineseWords> = LazyLock::new(ChineseWords::new);

    fn joined(text: &str) -> Vec<(u32, String)> {
        let specials = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"];
        let words = "今 天 气 真 好 我 爱 自 然 语 言 处 理 t 恤 un ##aff ##able ! ##t";
        let tokenizer = Tokenizer::from_tokens(specials.into_iter().chain(words.split(' '))).unwrap();
        let mut tokens = tokenizer.encode_with(text, LiteralSpecials::Seed).unwrap();
        WORDS.join(text, &mut tokens);
        let text = |&(from, to): &(usize, usize)| text[from..to].to_string();
        tokens.words.iter().copied().zip(tokens.offsets.iter().map(text)).collect()
    }

    /// The words' texts, pieces of a word run together.
    fn words(text: &str) -> Vec<String> {
        let mut words: Vec<String> = vec![];
        for (number, piece) in joined(text) {
            match words.get_mut(number as usize) {
                Some(word) => word.push_str(&piece),
                None => words.push(piece),
            }
        }
        words
    }

    #[test]
    fn characters_join_as_jieba_cuts() {
        assert_eq!(words("今天天气真好"), ["今天天气", "真", "好"]);
        assert_eq!(words("我爱自然语言处理"), ["我", "爱", "自然语言", "处理"]);
    }

    #[test]
    fn pieces_go_with_their_head_and_mixed_words_hold_together() {
        assert_eq!(words("unaffable! 天气"), ["unaffable", "!", "天气"]);
        assert_eq!(words("好T恤"), ["好", "T恤"]);
    }

    #[test]
    fn accents_and_dropped_characters_do_not_shift_words() {
        assert_eq!(words("u\u{0}n\u{301} 今\u{200b}天 好"), ["u\u{0}n", "今", "天", "好"]);
    }

    #[test]
    fn a_written_special_token_is_a_word_of_its_own() {
        assert_eq!(words("天气[SEP]天气"), ["天气", "[SEP]", "天气"]);
    }

    #[test]
    fn units_begin_where_their_word_does() {
        let words = [None, Some(0), Some(1), Some(1), None];
        assert_eq!(units(&words, MaskUnit::WholeWord), [0, 1, 2, 2, 4]);
        assert_eq!(units(&words, MaskUnit::Token), [0, 1, 2, 3, 4]);
    }
}
