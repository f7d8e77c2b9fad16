//! Tokenising with vocabularies of a few words.

use super::*;

const LINES: [&str; 14] =
    ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a", "cafe", "sit", "##s", "猫", "[", "]", "sep", "##p"];

fn tokenizer() -> Tokenizer {
    Tokenizer::from_tokens(LINES).unwrap()
}

fn ids(text: &str) -> Vec<u32> {
    tokenizer().encode(text).unwrap().ids
}

/// Writes `content` to a file of that name and reads it back as a tokenizer.
fn from_content(name: &str, content: &[u8]) -> Result<Tokenizer, TextError> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    std::fs::write(&path, content).unwrap();
    Tokenizer::from_file(path)
}

#[test]
fn case_accents_and_chinese_characters() {
    assert_eq!(ids("A CAFÉ\tsits 猫猫"), [5, 6, 7, 8, 9, 9]);
    assert_eq!(ids("dog"), [1]);
    assert_eq!(ids(""), [] as [u32; 0]);
}

#[test]
fn words_count_without_gaps_and_offsets_are_bytes() {
    let tokens = tokenizer().encode("é sits猫").unwrap();
    assert_eq!(tokens.ids, [1, 7, 8, 9]); // é is 2 bytes, the vocabulary has no e
    assert_eq!(tokens.words, [0, 1, 1, 2]);
    assert_eq!(tokens.offsets, [(0, 2), (3, 6), (6, 7), (7, 10)]);
}

#[test]
fn a_written_separator_is_text_by_default_and_special_under_seed() {
    let tokenizer = tokenizer();
    assert_eq!(tokenizer.encode("a[SEP]sits").unwrap().ids, [5, 10, 12, 11, 7, 8]);
    let seed = tokenizer.encode_with("a[SEP]sits[MASK]", LiteralSpecials::Seed).unwrap();
    assert_eq!(seed.ids, [5, 3, 7, 8, 4]);
    assert_eq!(seed.words, [0, 1, 2, 2, 3]);
    assert_eq!(seed.offsets, [(0, 1), (1, 6), (6, 9), (9, 10), (10, 16)]);
    let lower = tokenizer.encode_with("[sep][SE", LiteralSpecials::Seed).unwrap();
    assert_eq!(lower.ids, [10, 12, 11, 10, 1]);
}

#[test]
fn saved_and_loaded_it_gives_equal_ids() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tokenizer.json");
    let first = tokenizer();
    first.save(&path).unwrap();
    let again = Tokenizer::from_file(&path).unwrap();
    assert_eq!(again.vocabulary(), first.vocabulary());
    assert_eq!(again.to_json().unwrap(), first.to_json().unwrap());
    for text in ["A café sits[SEP] 猫", "[MASK] unknown", ""] {
        for literal in [LiteralSpecials::Text, LiteralSpecials::Seed] {
            assert_eq!(again.encode_with(text, literal).unwrap(), first.encode_with(text, literal).unwrap());
        }
    }
    let text = Tokenizer::from_json_text("checkpoint", &first.to_json().unwrap()).unwrap();
    assert_eq!(text.special_ids(), first.special_ids());
}

#[test]
fn a_vocabulary_file_may_have_windows_line_ends_a_mark_and_a_blank_end() {
    let lines = LINES.join("\r\n");
    let tokenizer = from_content("vocab.txt", format!("\u{feff}{lines}\r\n\n").as_bytes()).unwrap();
    assert_eq!(tokenizer.vocab_size(), LINES.len());
    assert_eq!(tokenizer.special_ids(), SpecialIds { pad: 0, unk: 1, cls: 2, sep: 3, mask: 4 });
    assert_eq!((tokenizer.token(9), tokenizer.token(14)), (Some("猫"), None));
}

#[test]
fn json_is_known_by_its_content_too() {
    let json = tokenizer().to_json().unwrap();
    assert_eq!(from_content("vocabulary", json.as_bytes()).unwrap().vocab_size(), LINES.len());
}

#[test]
fn padding_and_cutting_that_a_file_asks_for_are_ignored() {
    let mut json: serde_json::Value = serde_json::from_str(&tokenizer().to_json().unwrap()).unwrap();
    json["truncation"] = json!({"direction": "Right", "max_length": 2, "strategy": "LongestFirst", "stride": 0});
    json["padding"] = json!({"strategy": {"Fixed": 9}, "direction": "Right", "pad_to_multiple_of": null,
        "pad_id": 0, "pad_type_id": 0, "pad_token": "[PAD]"});
    let tokenizer = Tokenizer::from_json_text("file", &json.to_string()).unwrap();
    assert_eq!(tokenizer.encode("a a a").unwrap().ids, [5, 5, 5]);
}

#[test]
fn a_missing_special_token_is_named_with_its_file() {
    let error = from_content("vocab.txt", b"[PAD]\n[UNK]\n[CLS]\na").unwrap_err().to_string();
    assert!(error.contains("vocab.txt: `[SEP]` is missing"), "{error}");
    assert!(matches!(Tokenizer::from_tokens(["a"; 0]), Err(TextError::MissingSpecial { token: "[PAD]", .. })));
}

#[test]
fn files_that_are_none_are_refused() {
    let missing = Tokenizer::from_vocab("/no/such/vocab.txt").unwrap_err();
    assert!(matches!(missing, TextError::Io { .. }) && missing.to_string().starts_with("/no/such/vocab.txt"));
    let broken = from_content("vocab.txt", b"[PAD]\n\xff").unwrap_err();
    assert!(matches!(broken, TextError::NotUtf8 { offset: 6, .. }), "{broken}");
    let cut = from_content("tokenizer.json", b"{\"model\": {").unwrap_err();
    assert!(matches!(cut, TextError::Json { .. }), "{cut}");
}

#[test]
fn another_model_or_a_wild_id_is_refused() {
    let json = tokenizer().to_json().unwrap();
    let level = json!({"type": "WordLevel", "vocab": {"[UNK]": 0}, "unk_token": "[UNK]"});
    let mut other: serde_json::Value = serde_json::from_str(&json).unwrap();
    other["model"] = level;
    let error = Tokenizer::from_json_text("file", &other.to_string()).unwrap_err();
    assert!(matches!(error, TextError::NotWordPiece { .. }), "{error}");
    let wild = json.replace("\"##p\":13", "\"##p\":4000000000");
    assert!(matches!(Tokenizer::from_json_text("file", &wild), Err(TextError::Json { .. })));
}

#[test]
fn a_model_without_unknown_word_fails_on_one_and_not_before() {
    let mut json: serde_json::Value = serde_json::from_str(&tokenizer().to_json().unwrap()).unwrap();
    json["model"]["vocab"].as_object_mut().unwrap().remove("[UNK]"); // still among `added_tokens`
    let tokenizer = Tokenizer::from_json_text("file", &json.to_string()).unwrap();
    assert_eq!(tokenizer.encode("a").unwrap().ids, [5]);
    let error = tokenizer.encode("dog").unwrap_err();
    assert!(matches!(error, TextError::Encode { bytes: 3, .. }), "{error}");
}
