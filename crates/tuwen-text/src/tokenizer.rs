//! BERT's WordPiece for English and Chinese, from `vocab.txt` or `tokenizer.json`.

use std::collections::HashMap;
use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::json;
use tokenizers::models::wordpiece::WordPiece;
use tokenizers::normalizers::BertNormalizer;
use tokenizers::pre_tokenizers::bert::BertPreTokenizer;
use tokenizers::{AddedToken, ModelWrapper};

use crate::{SpecialIds, TextError, Vocabulary};

/// A table of names this long is a broken file, not a vocabulary.
const MOST_IDS: usize = 1 << 24;

/// What happens to `[SEP]`, `[MASK]` … written out in a text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LiteralSpecials {
    /// They are text like any other: no title can inject a special id.
    #[default]
    Text,
    /// They become the special id, as in both reference systems; ALBEF's VQA answers end in a written `[SEP]`.
    Seed,
}

/// The tokens of one text, without the special tokens of a layout.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TokenizedText {
    /// Ids, one per token.
    pub ids: Vec<u32>,
    /// Number of the word each token belongs to, ascending from 0; whole-word masking keeps these together.
    pub words: Vec<u32>,
    /// Where each token comes from: first and past-the-end byte in the text.
    pub offsets: Vec<(usize, usize)>,
}

/// BERT WordPiece: cleans, lower-cases, strips accents, parts Chinese characters and punctuation, then takes the
/// longest piece of the vocabulary each time (Devlin et al., arXiv:1810.04805; pieces within a word begin with `##`).
///
/// Characters that Unicode gained after the `tokenizers` library's tables were made are unknown words here, where the
/// references' Python drops those that its own tables lack.
#[derive(Clone, Debug)]
pub struct Tokenizer {
    inner: tokenizers::Tokenizer,
    tokens: Vec<Option<String>>,
    special: SpecialIds,
}

impl Tokenizer {
    /// Reads `tokenizer.json` or `vocab.txt`, told apart by the ending `.json` or a first character `{`.
    pub fn from_file(path: impl AsRef<Path>) -> Result<Self, TextError> {
        let (path, text) = (path.as_ref(), read(path.as_ref())?);
        let is_json = path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("json"));
        if is_json || text.trim_start().starts_with('{') {
            parse_json(&place(path), &text)
        } else {
            parse_vocab(path, &text)
        }
    }

    /// Reads a `vocab.txt`: one token a line, the line's number from 0 is its id. Lower-cases and strips accents.
    pub fn from_vocab(path: impl AsRef<Path>) -> Result<Self, TextError> {
        parse_vocab(path.as_ref(), &read(path.as_ref())?)
    }

    /// Reads a `tokenizer.json` of the `tokenizers` library, whose own cleaning rules hold. The model must be WordPiece.
    pub fn from_json(path: impl AsRef<Path>) -> Result<Self, TextError> {
        parse_json(&place(path.as_ref()), &read(path.as_ref())?)
    }

    /// Reads what [`Tokenizer::to_json`] wrote; `place` names its origin in errors.
    pub fn from_json_text(place: &str, json: &str) -> Result<Self, TextError> {
        parse_json(place, json)
    }

    /// Builds the tokenizer of a vocabulary given in order of ids. Of a token given twice the later id counts.
    pub fn from_tokens<T: Into<String>>(tokens: impl IntoIterator<Item = T>) -> Result<Self, TextError> {
        from_list("token list", tokens.into_iter().map(Into::into))
    }

    /// The tokenizer as a `tokenizer.json`, to travel with a checkpoint: reloaded it gives equal ids.
    pub fn to_json(&self) -> Result<String, TextError> {
        self.inner.to_string(false).map_err(|error| bad_json("tokenizer", error))
    }

    /// Writes [`Tokenizer::to_json`] to a file.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<(), TextError> {
        let path = path.as_ref();
        std::fs::write(path, self.to_json()?).map_err(|source| TextError::Io { path: place(path), source })
    }

    /// The tokens of `text`; special tokens written out in it are text.
    pub fn encode(&self, text: &str) -> Result<TokenizedText, TextError> {
        self.encode_with(text, LiteralSpecials::Text)
    }

    /// The tokens of `text`; `literal` says what a special token written out in it becomes.
    pub fn encode_with(&self, text: &str, literal: LiteralSpecials) -> Result<TokenizedText, TextError> {
        let mut tokens = TokenizedText::default();
        match literal {
            LiteralSpecials::Text => self.append(&mut tokens, text, 0)?,
            LiteralSpecials::Seed => {
                let mut start = 0;
                while let Some((found, name, id)) = self.next_special(text, start) {
                    self.append(&mut tokens, &text[start..found], start)?;
                    start = found + name.len();
                    tokens.words.push(tokens.words.last().map_or(0, |word| word + 1));
                    tokens.ids.push(id);
                    tokens.offsets.push((found, start));
                }
                self.append(&mut tokens, &text[start..], start)?;
            }
        }
        Ok(tokens)
    }

    /// The first special token written out at or after byte `start`: its place, name and id.
    fn next_special(&self, text: &str, start: usize) -> Option<(usize, &'static str, u32)> {
        text[start..].match_indices('[').find_map(|(i, _)| {
            let found = start + i;
            let mut named = SpecialIds::NAMES.into_iter().zip(self.special.all());
            named.find(|(name, _)| text[found..].starts_with(name)).map(|(name, id)| (found, name, id))
        })
    }

    /// Appends the tokens of `part`, which begins at byte `start` of the whole text.
    fn append(&self, tokens: &mut TokenizedText, part: &str, start: usize) -> Result<(), TextError> {
        let encoding = self
            .inner
            .encode(part, false)
            .map_err(|error| TextError::Encode { bytes: part.len(), reason: error.to_string() })?;
        tokens.ids.extend_from_slice(encoding.get_ids());
        tokens.offsets.extend(encoding.get_offsets().iter().map(|&(from, to)| (start + from, start + to)));
        // The library counts words afresh in every part and leaves gaps; here they run on without any.
        let mut before = None;
        for &word in encoding.get_word_ids() {
            let same = word.is_some() && before == Some(word);
            tokens.words.push(tokens.words.last().map_or(0, |last| last + u32::from(!same)));
            before = Some(word);
        }
        Ok(())
    }

    /// Number of ids: one more than the largest.
    pub fn vocab_size(&self) -> usize {
        self.tokens.len()
    }

    /// The special ids.
    pub fn special_ids(&self) -> SpecialIds {
        self.special
    }

    /// What masking needs to know.
    pub fn vocabulary(&self) -> Vocabulary {
        Vocabulary { size: self.tokens.len() as u32, special: self.special }
    }

    /// The token that `id` stands for.
    pub fn token(&self, id: u32) -> Option<&str> {
        self.tokens.get(id as usize)?.as_deref()
    }
}

fn place(path: &Path) -> String {
    path.display().to_string()
}

fn bad_json(place: &str, error: impl ToString) -> TextError {
    TextError::Json { place: place.to_string(), reason: error.to_string() }
}

fn read(path: &Path) -> Result<String, TextError> {
    let bytes = std::fs::read(path).map_err(|source| TextError::Io { path: place(path), source })?;
    let text = String::from_utf8(bytes)
        .map_err(|error| TextError::NotUtf8 { path: place(path), offset: error.utf8_error().valid_up_to() })?;
    Ok(text.strip_prefix('\u{feff}').map(str::to_string).unwrap_or(text))
}

fn parse_vocab(path: &Path, text: &str) -> Result<Tokenizer, TextError> {
    // Blank lines at the end are no tokens; in between they keep the numbers of the lines after them right.
    from_list(&place(path), text.trim_end_matches(['\r', '\n']).lines().map(str::to_string))
}

fn parse_json(place: &str, text: &str) -> Result<Tokenizer, TextError> {
    let inner = tokenizers::Tokenizer::from_bytes(text).map_err(|error| bad_json(place, error))?;
    finish(place, inner)
}

fn from_list(place: &str, tokens: impl Iterator<Item = String>) -> Result<Tokenizer, TextError> {
    let model = json!({
        "type": "WordPiece",
        "unk_token": SpecialIds::NAMES[1],
        "continuing_subword_prefix": "##",
        "max_input_chars_per_word": 100, // a longer word is `[UNK]`, as in BERT
        "vocab": tokens.zip(0_u32..).collect::<HashMap<_, _>>(),
    });
    let model: WordPiece = serde_json::from_str(&model.to_string()).map_err(|error| bad_json(place, error))?;
    let mut inner = tokenizers::Tokenizer::new(model);
    inner.with_normalizer(Some(BertNormalizer::default())).with_pre_tokenizer(Some(BertPreTokenizer));
    // Checked first: the library would append a missing special token to the vocabulary.
    SpecialIds::look_up(place, |name| inner.token_to_id(name))?;
    inner.add_special_tokens(&SpecialIds::NAMES.map(|name| AddedToken::from(name, true)));
    finish(place, inner)
}

/// Settles what a file may leave open and looks up the special ids.
fn finish(place: &str, mut inner: tokenizers::Tokenizer) -> Result<Tokenizer, TextError> {
    let found = match inner.get_model() {
        ModelWrapper::WordPiece(model) if model.unk_token == SpecialIds::NAMES[1] => None,
        ModelWrapper::WordPiece(model) => Some(format!("WordPiece with `{}`", model.unk_token)),
        ModelWrapper::BPE(_) => Some("BPE".to_string()),
        ModelWrapper::WordLevel(_) => Some("WordLevel".to_string()),
        ModelWrapper::Unigram(_) => Some("Unigram".to_string()),
    };
    if let Some(found) = found {
        return Err(TextError::NotWordPiece { place: place.to_string(), found });
    }
    let special = SpecialIds::look_up(place, |name| inner.token_to_id(name))?;
    // Length is the layout's business, and special tokens written out in a text are split off before the library.
    inner
        .with_padding(None)
        .with_truncation(None)
        .map_err(|error| bad_json(place, error))?
        .set_encode_special_tokens(true);
    let mut tokens = Vec::new();
    for (token, id) in inner.get_vocab(true) {
        let id = id as usize;
        if id >= MOST_IDS {
            return Err(bad_json(place, format!("the id of `{token}` is {id}, at most {MOST_IDS} are supported")));
        }
        if tokens.len() <= id {
            tokens.resize(id + 1, None);
        }
        tokens[id] = Some(token);
    }
    Ok(Tokenizer { inner, tokens, special })
}

#[cfg(test)]
#[path = "tokenizer_tests.rs"]
mod tests;
