//! Text goldens: cleaning, tokenisation, batches and masking, entry by entry as the reference systems give them.
//!
//! Read from the folder `TUWEN_GOLDEN_DIR`, by default `tests/golden`; sizes come from the files.

use safetensors::{Dtype, SafeTensors};
use serde_json::Value;
use tuwen::text::{
    Layout, LiteralSpecials, MaskingConfig, Padding, RandomWords, Spared, SpecialIds, TextInput, TextLayout,
    TokenDraws, Tokenizer, Vocabulary, labels_with_ignore, mask_tokens, pre_caption, pre_question,
};

use crate::golden::{read, workspace};

fn tables() -> Value {
    serde_json::from_slice(&read("text_image_ops.json")).unwrap()
}

fn list(value: &Value) -> &Vec<Value> {
    let list = value.as_array().unwrap_or_else(|| panic!("expected a list, found {value}"));
    assert!(!list.is_empty(), "an empty table shows nothing");
    list
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("expected a text, found {value}"))
}

fn number(value: &Value) -> usize {
    value.as_u64().unwrap_or_else(|| panic!("expected a number, found {value}")) as usize
}

/// Ids of one row, which may be empty.
fn ids(value: &Value) -> Vec<u32> {
    value.as_array().expect("a list of ids").iter().map(|id| number(id) as u32).collect()
}

fn floats(value: &Value) -> Vec<f64> {
    list(value).iter().map(|x| x.as_f64().expect("a number")).collect()
}

fn vocabulary(table: &Value) -> Tokenizer {
    Tokenizer::from_file(workspace().join("datasets/vocab").join(format!("{}.txt", text(&table["vocab"])))).unwrap()
}

/// Literal special tokens become special ids, as in the references; nothing is filled up.
fn layout(layout: Layout, max_length: usize) -> TextLayout {
    let padding = Padding::Longest;
    TextLayout { padding, literal_specials: LiteralSpecials::Seed, ..TextLayout::new(layout, max_length) }
}

/// Compares each row's `column` with its text in that layout.
fn check_column(table: &Value, column: &str, layout: TextLayout) {
    let tokenizer = vocabulary(table);
    for (i, row) in list(&table["rows"]).iter().enumerate() {
        let found = layout.encode(&tokenizer, text(&row["text"])).unwrap().input_ids;
        assert_eq!(found, ids(&row[column]), "row {i}, `{column}` of {}", row["text"]);
    }
}

#[test]
fn albef_pre_caption() {
    let table = &tables()["pre_caption"];
    for (i, row) in list(&table["rows"]).iter().enumerate() {
        let max_words = number(row.get("max_words").unwrap_or(&table["max_words"]));
        assert_eq!(pre_caption(text(&row["text"]), max_words), text(&row["expect"]), "row {i}, {}", row["text"]);
    }
}

#[test]
fn albef_pre_question() {
    for (i, row) in list(&tables()["pre_question"]["rows"]).iter().enumerate() {
        let found = pre_question(text(&row["text"]), number(&row["max_words"]));
        assert_eq!(found, text(&row["expect"]), "row {i}, {}", row["text"]);
    }
}

#[test]
fn albef_wordpiece_english() {
    let table = &tables()["wordpiece_english"];
    check_column(table, "albef_ids", layout(Layout::ClsTitle, usize::MAX));
    check_column(table, "hf_ids", layout(Layout::ClsTitleSep, usize::MAX));
}

#[test]
fn unibert_wordpiece_chinese() {
    let table = &tables()["wordpiece_chinese"];
    let most = number(&table["job_max_length"]);
    check_column(table, "albef_ids", layout(Layout::ClsTitle, usize::MAX));
    check_column(table, "hf_ids", layout(Layout::ClsTitleSep, usize::MAX));
    check_column(table, "job1_ids", layout(Layout::ClsSepTitleSep, most));
    check_column(table, "job2_ids", layout(Layout::ClsTitleSep, most));
}

#[test]
fn unibert_wordpiece_chinese_filled_up() {
    let table = &tables()["wordpiece_chinese"];
    let (tokenizer, most) = (vocabulary(table), number(&table["job_max_length"]));
    let filled = TextLayout { padding: Padding::MaxLength, ..layout(Layout::ClsSepTitleSep, most) };
    for row in list(&table["rows"]) {
        let found = filled.encode(&tokenizer, text(&row["text"])).unwrap();
        let expected = ids(&row["job1_ids"]);
        assert_eq!((found.input_ids.len(), found.attention_mask.len()), (most, most));
        assert_eq!(found.input_ids[..expected.len()], expected);
        assert!(found.input_ids[expected.len()..].iter().all(|&id| id == tokenizer.special_ids().pad));
        assert_eq!(found.attention_mask.iter().filter(|&&real| real).count(), expected.len());
    }
}

/// Compares a batch's ids and masks with the recorded ones.
fn check_batch(layout: TextLayout, tokenizer: &Tokenizer, texts: &Value, expect: &Value) {
    let texts: Vec<&str> = list(texts).iter().map(text).collect();
    let (rows, masks) = (list(&expect["input_ids"]), list(&expect["attention_mask"]));
    let batch = layout.encode_batch(tokenizer, &texts).unwrap();
    assert_eq!((batch.len(), batch.len()), (rows.len(), masks.len()));
    for ((found, row), mask) in batch.iter().zip(rows).zip(masks) {
        assert_eq!(found.input_ids, ids(row));
        assert_eq!(found.attention_mask, ids(mask).iter().map(|&real| real == 1).collect::<Vec<_>>());
    }
}

#[test]
fn albef_batches() {
    let tables = tables();
    let (table, tokenizer) = (&tables["albef_batches"], vocabulary(&tables["wordpiece_english"]));
    let stages: Vec<_> = table.as_object().unwrap().iter().filter(|(_, stage)| stage.get("expect").is_some()).collect();
    assert!(!stages.is_empty());
    for (_, stage) in stages {
        let cut = stage["truncation"].as_bool().expect("whether it is cut");
        let mut layout = layout(Layout::ClsTitle, if cut { number(&stage["max_length"]) } else { usize::MAX });
        if text(&stage["padding"]) == "max_length" {
            layout.padding = Padding::MaxLength;
        }
        check_batch(layout, &tokenizer, stage.get("text").unwrap_or(&table["captions"]), &stage["expect"]);
    }
}

#[test]
fn albef_answers() {
    let tables = tables();
    let (table, tokenizer) = (&tables["albef_answers"], vocabulary(&tables["wordpiece_english"]));
    check_batch(layout(Layout::ClsTitle, usize::MAX), &tokenizer, &table["text"], &table["expect"]);
    // By default a title cannot do that: no special id but `[CLS]` and padding.
    let plain = TextLayout { literal_specials: LiteralSpecials::Text, ..layout(Layout::ClsTitle, usize::MAX) };
    for answer in list(&table["text"]) {
        assert!(!plain.encode(&tokenizer, text(answer)).unwrap().input_ids.contains(&tokenizer.special_ids().sep));
    }
}

#[test]
fn albef_mlm_masking() {
    let table = &tables()["mlm_masking_albef"];
    let id = |name: &str| number(&table[name]) as u32;
    // The table gives no `[UNK]`; nothing depends on it where only `[PAD]` and `[CLS]` are spared.
    let special = SpecialIds { pad: id("pad"), unk: id("pad"), cls: id("cls"), sep: id("sep"), mask: id("mask") };
    let vocabulary = Vocabulary { size: id("vocab_size"), special };
    let config = MaskingConfig {
        probability: table["probability"].as_f64().unwrap(),
        spared: Spared::PadAndCls,
        random_words: RandomWords::Seed,
        ..MaskingConfig::default()
    };
    for (i, row) in list(&table["ids"]).iter().enumerate() {
        let draws = TokenDraws {
            select: floats(&table["u_select"][i]),
            replace: floats(&table["u_replace"][i]),
            random: floats(&table["u_random"][i]),
            words: ids(&table["random_words"][i]),
        };
        let masked = mask_tokens(&TextInput::from_ids(ids(row), special.pad), &vocabulary, &config, &draws).unwrap();
        assert_eq!(masked.input_ids, ids(&table["expect"]["ids"][i]), "row {i}");
        let labels: Vec<i64> = list(&table["expect"]["labels"][i]).iter().map(|x| x.as_i64().unwrap()).collect();
        assert_eq!(labels_with_ignore(&masked, labels.len()), labels, "row {i}");
    }
}

/// The rows of a two-dimensional tensor as 64-bit floats, which hold its whole numbers exactly.
fn rows(file: &SafeTensors<'_>, name: &str) -> Vec<Vec<f64>> {
    let tensor = file.tensor(name).unwrap_or_else(|error| panic!("`{name}`: {error}"));
    let values: Vec<f64> = match tensor.dtype() {
        Dtype::F32 => tensor.data().as_chunks().0.iter().map(|b| f64::from(f32::from_le_bytes(*b))).collect(),
        Dtype::F64 => tensor.data().as_chunks().0.iter().map(|b| f64::from_le_bytes(*b)).collect(),
        Dtype::I64 => tensor.data().as_chunks().0.iter().map(|b| i64::from_le_bytes(*b) as f64).collect(),
        other => panic!("`{name}` holds {other:?}, expected F32, F64 or I64"),
    };
    assert!(!values.is_empty(), "`{name}` is empty");
    values.chunks(tensor.shape()[1]).map(<[f64]>::to_vec).collect()
}

fn whole<T: TryFrom<i64>>(row: &[f64]) -> Vec<T> {
    row.iter().map(|&x| T::try_from(x as i64).unwrap_or_else(|_| panic!("{x} is out of range"))).collect()
}

/// Configuration and special ids of a golden file.
fn meta(bytes: &[u8]) -> Value {
    let (_, header) = SafeTensors::read_metadata(bytes).unwrap();
    serde_json::from_str(&header.metadata().as_ref().expect("metadata")["meta"]).unwrap()
}

#[test]
fn unibert_mlm_masking() {
    let bytes = read("unibert_variants.safetensors");
    let (file, meta) = (SafeTensors::deserialize(&bytes).unwrap(), meta(&bytes));
    let vocabulary = Vocabulary {
        size: number(&meta["config"]["vocab"]) as u32,
        special: serde_json::from_value(meta["special_ids"].clone()).unwrap(),
    };
    let [ids, select, replace, random, words] = ["ids", "u_select", "u_replace", "u_random", "random_words"]
        .map(|name| rows(&file, &format!("input/masking/{name}")));
    let mut rates = 0;
    for name in file.names() {
        let Some(rate) = name.strip_prefix("expect/masking/p").and_then(|rest| rest.strip_suffix("/ids")) else {
            continue;
        };
        rates += 1;
        let config = MaskingConfig {
            probability: rate.parse().unwrap(),
            random_words: RandomWords::Seed,
            ..MaskingConfig::default()
        };
        let (expected, labels) = (rows(&file, name), rows(&file, &format!("expect/masking/p{rate}/labels")));
        assert_eq!((expected.len(), labels.len()), (ids.len(), ids.len()));
        for i in 0..ids.len() {
            let (select, replace, random) = (select[i].clone(), replace[i].clone(), random[i].clone());
            let draws = TokenDraws { select, replace, random, words: whole(&words[i]) };
            let text = TextInput::from_ids(whole(&ids[i]), vocabulary.special.pad);
            let masked = mask_tokens(&text, &vocabulary, &config, &draws).unwrap();
            assert_eq!(masked.input_ids, whole::<u32>(&expected[i]), "p{rate}, row {i}");
            assert_eq!(labels_with_ignore(&masked, text.len()), whole::<i64>(&labels[i]), "p{rate}, row {i}");
        }
    }
    assert!(rates > 0, "no rate recorded");
}
