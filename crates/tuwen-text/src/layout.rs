//! Where a text's special tokens stand, how long it may be, and the arrays an encoder reads.

use serde::{Deserialize, Serialize};

use crate::{LiteralSpecials, SpecialIds, TextError, TokenizedText, Tokenizer};

/// Nothing is padded beyond this many tokens: a larger number is a slip, and would only fill the memory.
const MOST_PADDED: usize = 1 << 20;

/// The order of special tokens and title.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Layout {
    /// `[CLS][SEP] title [SEP]`: UniBERT jobs 1, 4, 5 and 6; the frames later go between `[CLS]` and `[SEP]`.
    ClsSepTitleSep,
    /// `[CLS] title [SEP]`: BERT's own, and UniBERT jobs 2 and 3.
    ClsTitleSep,
    /// `[CLS] title`: ALBEF, whose tokenizer appends no separator.
    ClsTitle,
}

impl Layout {
    /// The special ids before the title and after it.
    fn around(self, special: &SpecialIds) -> (Vec<u32>, Vec<u32>) {
        match self {
            Self::ClsSepTitleSep => (vec![special.cls, special.sep], vec![special.sep]),
            Self::ClsTitleSep => (vec![special.cls], vec![special.sep]),
            Self::ClsTitle => (vec![special.cls], vec![]),
        }
    }

    /// The name it has in a recipe.
    pub const fn name(self) -> &'static str {
        match self {
            Self::ClsSepTitleSep => "cls_sep_title_sep",
            Self::ClsTitleSep => "cls_title_sep",
            Self::ClsTitle => "cls_title",
        }
    }

    /// How many special tokens it adds.
    pub const fn special_tokens(self) -> usize {
        match self {
            Self::ClsSepTitleSep => 3,
            Self::ClsTitleSep => 2,
            Self::ClsTitle => 1,
        }
    }
}

/// How far a text is filled up with `[PAD]`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Padding {
    /// To `max_length`.
    #[default]
    MaxLength,
    /// To the longest text of the batch.
    Longest,
}

/// How titles become arrays; a section of a recipe.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TextLayout {
    /// The order of special tokens and title.
    pub layout: Layout,
    /// The most tokens, special ones included; of a longer title the end is cut, never the final `[SEP]`.
    pub max_length: usize,
    /// How far to fill up.
    #[serde(default)]
    pub padding: Padding,
    /// What a special token written out in a title becomes.
    #[serde(default)]
    pub literal_specials: LiteralSpecials,
}

/// One text as an encoder reads it; L tokens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TextInput {
    /// `[L]`: ids, filled up with `[PAD]`.
    pub input_ids: Vec<u32>,
    /// `[L]`: true where a token stands, false on padding.
    pub attention_mask: Vec<bool>,
    /// `[L]`: number of the word a token belongs to, nothing on the layout's special tokens and padding.
    pub words: Vec<Option<u32>>,
}

impl TextLayout {
    /// `layout` cut and filled up to `max_length`, special tokens written out in a title being text.
    pub const fn new(layout: Layout, max_length: usize) -> Self {
        Self { layout, max_length, padding: Padding::MaxLength, literal_specials: LiteralSpecials::Text }
    }

    /// One title as an array of `max_length` tokens; with [`Padding::Longest`] it is a batch of one, not filled up.
    pub fn encode(&self, tokenizer: &Tokenizer, title: &str) -> Result<TextInput, TextError> {
        let tokens = tokenizer.encode_with(title, self.literal_specials)?;
        self.arrange(&tokens, &tokenizer.special_ids())
    }

    /// A batch of titles, all equally long.
    pub fn encode_batch<T: AsRef<str>>(
        &self,
        tokenizer: &Tokenizer,
        titles: &[T],
    ) -> Result<Vec<TextInput>, TextError> {
        let mut batch: Vec<TextInput> =
            titles.iter().map(|title| self.encode(tokenizer, title.as_ref())).collect::<Result<_, _>>()?;
        let longest = batch.iter().map(TextInput::len).max().unwrap_or(0);
        batch.iter_mut().for_each(|text| text.pad_to(longest, tokenizer.special_ids().pad));
        Ok(batch)
    }

    /// Puts the special tokens around a tokenised title, cuts and fills up.
    pub fn arrange(&self, tokens: &TokenizedText, special: &SpecialIds) -> Result<TextInput, TextError> {
        let room = self.room()?;
        let (before, after) = self.layout.around(special);
        let title = &tokens.ids[..tokens.ids.len().min(room)];
        let input_ids = [&before[..], title, &after[..]].concat();
        let mut words = vec![None; input_ids.len()];
        for (slot, &word) in words[before.len()..][..title.len()].iter_mut().zip(&tokens.words) {
            *slot = Some(word);
        }
        let mut text = TextInput { attention_mask: vec![true; input_ids.len()], input_ids, words };
        if self.padding == Padding::MaxLength {
            text.pad_to(self.max_length, special.pad);
        }
        Ok(text)
    }

    /// How many tokens of a title fit.
    pub fn room(&self) -> Result<usize, TextError> {
        let least = self.layout.special_tokens();
        if self.padding == Padding::MaxLength && self.max_length > MOST_PADDED {
            return Err(TextError::TooLong { max_length: self.max_length, most: MOST_PADDED });
        }
        self.max_length.checked_sub(least).ok_or_else(|| TextError::TooShort {
            max_length: self.max_length,
            least,
            layout: self.layout.name(),
        })
    }
}

impl TextInput {
    /// A text of which only the ids are known; `pad` is what fills it up. No token has a word number.
    pub fn from_ids(input_ids: Vec<u32>, pad: u32) -> Self {
        let attention_mask = input_ids.iter().map(|&id| id != pad).collect();
        Self { attention_mask, words: vec![None; input_ids.len()], input_ids }
    }

    /// Number of tokens L, padding included.
    pub fn len(&self) -> usize {
        self.input_ids.len()
    }

    /// Whether there is no token at all; a layout never leaves that.
    pub fn is_empty(&self) -> bool {
        self.input_ids.is_empty()
    }

    /// Fills up to `length` tokens; a longer text stays as it is.
    pub fn pad_to(&mut self, length: usize, pad: u32) {
        let length = length.max(self.len());
        self.input_ids.resize(length, pad);
        self.attention_mask.resize(length, false);
        self.words.resize(length, None);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SPECIAL: SpecialIds = SpecialIds { pad: 0, unk: 1, cls: 2, sep: 3, mask: 4 };

    /// "a bc": `a` is one piece, `bc` two.
    fn title() -> TokenizedText {
        TokenizedText { ids: vec![5, 6, 7], words: vec![0, 1, 1], offsets: vec![(0, 1), (2, 3), (3, 4)] }
    }

    fn ids(layout: Layout, max_length: usize) -> Vec<u32> {
        TextLayout::new(layout, max_length).arrange(&title(), &SPECIAL).unwrap().input_ids
    }

    #[test]
    fn each_layout_has_its_own_special_tokens() {
        assert_eq!(ids(Layout::ClsSepTitleSep, 8), [2, 3, 5, 6, 7, 3, 0, 0]);
        assert_eq!(ids(Layout::ClsTitleSep, 8), [2, 5, 6, 7, 3, 0, 0, 0]);
        assert_eq!(ids(Layout::ClsTitle, 8), [2, 5, 6, 7, 0, 0, 0, 0]);
    }

    #[test]
    fn the_title_is_cut_and_the_last_separator_stays() {
        assert_eq!(ids(Layout::ClsSepTitleSep, 5), [2, 3, 5, 6, 3]);
        assert_eq!(ids(Layout::ClsTitleSep, 3), [2, 5, 3]);
        assert_eq!(ids(Layout::ClsTitleSep, 2), [2, 3]);
        assert_eq!(ids(Layout::ClsTitle, 2), [2, 5]);
    }

    #[test]
    fn words_and_mask_know_specials_and_padding() {
        let text = TextLayout::new(Layout::ClsTitleSep, 7).arrange(&title(), &SPECIAL).unwrap();
        assert_eq!(text.words, [None, Some(0), Some(1), Some(1), None, None, None]);
        assert_eq!(text.attention_mask, [true, true, true, true, true, false, false]);
    }

    #[test]
    fn names_are_those_of_recipes() {
        for layout in [Layout::ClsSepTitleSep, Layout::ClsTitleSep, Layout::ClsTitle] {
            assert_eq!(serde_json::to_value(layout).unwrap(), layout.name());
        }
    }

    #[test]
    fn too_short_for_the_specials_is_an_error() {
        for (layout, least) in [(Layout::ClsSepTitleSep, 3), (Layout::ClsTitleSep, 2), (Layout::ClsTitle, 1)] {
            assert_eq!(TextLayout::new(layout, least).room().unwrap(), 0);
            let error = TextLayout::new(layout, least - 1).room().unwrap_err();
            assert!(matches!(error, TextError::TooShort { least: found, .. } if found == least), "{error}");
        }
    }

    #[test]
    fn padding_beyond_reason_is_an_error_but_cutting_late_is_not() {
        let mut layout = TextLayout::new(Layout::ClsTitle, usize::MAX);
        assert!(matches!(layout.room(), Err(TextError::TooLong { .. })));
        layout.padding = Padding::Longest;
        assert_eq!(layout.arrange(&title(), &SPECIAL).unwrap().input_ids, [2, 5, 6, 7]);
    }

    #[test]
    fn a_recipe_names_the_choices_and_refuses_others() {
        let layout: TextLayout = toml::from_str("layout = \"cls_sep_title_sep\"\nmax_length = 36").unwrap();
        assert_eq!(layout, TextLayout::new(Layout::ClsSepTitleSep, 36));
        assert!(toml::from_str::<TextLayout>("layout = \"cls_title\"\nmax_length = 36\ncut = true").is_err());
    }
}
