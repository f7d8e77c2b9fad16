//! Whatever a title holds, it becomes a text of the asked length and can be masked and put back.

use tuwen_random::{Draws, Stream};
use tuwen_text::{
    AtLeast, ChineseWords, Layout, LiteralSpecials, MaskUnit, MaskingConfig, RandomWords, SampleKey, TextLayout,
    TokenDraws, Tokenizer, mask_tokens, pre_caption, pre_question,
};

const TEXTS: Stream = Stream::named("test.texts");
/// Pieces that have broken tokenizers: specials and halves of them, marks, joiners, separators, rare planes.
const PIECES: [&str; 28] = [
    "[SEP]",
    "[MASK]",
    "[CLS",
    "]",
    "[",
    "##",
    "a",
    "猫",
    "天气",
    "un",
    "T恤",
    " ",
    "\u{0}",
    "\u{1c}",
    "\u{85}",
    "\u{200d}",
    "\u{301}",
    "\u{fe0f}",
    "😀",
    "👩‍👩‍👧",
    "𠀀",
    "\u{2b820}",
    "가",
    "İ",
    "ﬁ",
    "\u{fffd}",
    "\r\n",
    "\u{e000}",
];

fn tokenizer() -> Tokenizer {
    let lines = "[PAD] [UNK] [CLS] [SEP] [MASK] a ##a un ##un 猫 天 气 t 恤 [ ] # i fi se ##p mask ##cl";
    Tokenizer::from_tokens(lines.split(' ')).unwrap()
}

/// A random string: half of it from `PIECES`, half any character at all.
fn random_text(number: u64) -> String {
    let draws = Draws::new(1, TEXTS, 0, number);
    let length = draws.below(0, 40);
    let piece = |i: u64| match draws.below(3 * i, 2) {
        0 => PIECES[draws.below(3 * i + 1, PIECES.len() as u64) as usize].to_string(),
        _ => char::from_u32(draws.below(3 * i + 1, 0x11_0000) as u32).unwrap_or('?').to_string(),
    };
    (1..=length).map(piece).collect()
}

/// Tokenises, joins, lays out, masks and restores `text`, checking what must hold on the way.
fn survive(tokenizer: &Tokenizer, words: &ChineseWords, text: &str, number: u64) {
    let literal = if number.is_multiple_of(2) { LiteralSpecials::Text } else { LiteralSpecials::Seed };
    let mut tokens = tokenizer.encode_with(text, literal).unwrap();
    words.join(text, &mut tokens);
    assert_eq!((tokens.words.len(), tokens.offsets.len()), (tokens.ids.len(), tokens.ids.len()));
    assert!(tokens.offsets.iter().all(|&(from, to)| from <= to && text.get(from..to).is_some()), "{text:?}");
    assert!(tokens.words.windows(2).all(|pair| pair[1] == pair[0] || pair[1] == pair[0] + 1), "{text:?}");
    let special = tokenizer.special_ids();
    if literal == LiteralSpecials::Text {
        assert!(tokens.ids.iter().all(|&id| id == special.unk || !special.contains(id)), "{text:?}");
    }
    let layout = TextLayout::new(Layout::ClsSepTitleSep, 16);
    let input = layout.arrange(&tokens, &special).unwrap();
    assert_eq!(input.len(), 16);
    let vocabulary = tokenizer.vocabulary();
    let key = SampleKey { seed: 3, epoch: 0, sample: number };
    let draws = TokenDraws::draw(key, input.len(), &vocabulary, RandomWords::WordsOnly).unwrap();
    let config = MaskingConfig { unit: MaskUnit::WholeWord, at_least: AtLeast::OneMasked, ..MaskingConfig::default() };
    let mut masked = mask_tokens(&input, &vocabulary, &config, &draws).unwrap();
    assert_eq!(masked.positions.is_empty(), input.input_ids.iter().all(|&id| special.contains(id)), "{text:?}");
    for (&position, &label) in masked.positions.iter().zip(&masked.labels) {
        masked.input_ids[position as usize] = label;
    }
    assert_eq!(masked.input_ids, input.input_ids, "{text:?}");
}

#[test]
fn random_strings_never_panic_and_masking_can_be_undone() {
    let (tokenizer, words) = (tokenizer(), ChineseWords::new());
    for number in 0..20_000 {
        let text = random_text(number);
        survive(&tokenizer, &words, &text, number);
        let caption = pre_caption(&text, 30);
        assert!(caption.split(' ').count() <= 30 && !caption.contains("  ") && !caption.ends_with('\n'), "{text:?}");
        assert!(pre_question(&text, 5).split(' ').count() <= 5);
    }
}

#[test]
fn long_and_odd_titles_survive() {
    let (tokenizer, words) = (tokenizer(), ChineseWords::new());
    let long = ["a", "猫", "a ", "\u{0}", "\u{301}", "😀", "[SEP]", "[", "天气", "\u{2b820}"];
    for (number, piece) in long.into_iter().enumerate() {
        for text in [piece.to_string(), piece.repeat(10_000), format!("{}a", piece.repeat(10_000))] {
            survive(&tokenizer, &words, &text, number as u64);
            survive(&tokenizer, &words, &text, number as u64 + 1);
        }
    }
    for empty in ["", " ", "\u{0}\u{0}", "\n\t\u{200b}"] {
        assert!(tokenizer.encode(empty).unwrap().ids.is_empty());
        survive(&tokenizer, &words, empty, 0);
    }
}

#[test]
fn the_shipped_vocabularies_survive_too() {
    let (folder, words) = (concat!(env!("CARGO_MANIFEST_DIR"), "/../../datasets"), ChineseWords::new());
    for name in ["vocab/bert-base-chinese.txt", "vocab/bert-base-uncased.txt", "emoji/vocab.txt"] {
        let tokenizer = Tokenizer::from_file(format!("{folder}/{name}")).unwrap();
        let again = Tokenizer::from_json_text(name, &tokenizer.to_json().unwrap()).unwrap();
        for number in 0..1_000 {
            let text = random_text(number);
            survive(&tokenizer, &words, &text, number);
            assert_eq!(again.encode(&text).unwrap(), tokenizer.encode(&text).unwrap());
        }
    }
}
