//! The sets that come with the program: what their notes say of them is found in them.

use std::path::{Path, PathBuf};

use tuwen_data::{DataFormat, TitleField, WebDatasetFields};
use tuwen_doctor::{
    Diagnosis, Examination, Expectations, PositivesExpectation, Script, SideExpectation, TagsExpectation,
    TextExpectation, examine,
};
use tuwen_text::{Layout, Padding, TextLayout, Tokenizer};

fn datasets() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../datasets")
}

fn text(layout: Layout, max_length: usize, caption_words: Option<usize>) -> Option<TextExpectation> {
    let tokenizer = Tokenizer::from_file(datasets().join("emoji/vocab.txt")).expect("a vocabulary");
    let layout = TextLayout { padding: Padding::Longest, ..TextLayout::new(layout, max_length) };
    Some(TextExpectation { tokenizer, layout: Some(layout), caption_words })
}

fn titles(field: &str) -> Vec<TitleField> {
    ["en", "zh"].map(|language| TitleField::new(language, format!("{field}_{language}"))).to_vec()
}

fn diagnosis(set: &str, expectations: &Expectations) -> Diagnosis {
    let (train, heldout) = (datasets().join(set).join("train.tar"), datasets().join(set).join("heldout.tar"));
    let examination = Examination { train: &train, heldout: Some(&heldout), expectations, limit: None };
    let found = examine(&examination, &mut |_| {}).expect("a set that comes with the program");
    println!("{found}");
    found
}

#[test]
fn emoji() {
    let fields = WebDatasetFields {
        titles: titles("caption"),
        tags: vec!["keywords_en".to_owned()],
        id: Some("image_id".to_owned()),
        ..WebDatasetFields::default()
    };
    let expectations = Expectations {
        text: text(Layout::ClsTitle, 25, Some(30)),
        side: Some(SideExpectation { key: "vision.side", side: 64, multiple_of: 16 }),
        positives: PositivesExpectation::SharedImageOrCaption,
        tags: TagsExpectation::NotLearned,
        ..Expectations::none(DataFormat::WebDataset(fields))
    };
    let found = diagnosis("emoji", &expectations);
    assert_eq!((found.records, found.unreadable.records), (3214, 0));
    assert_eq!((found.pictures.widths.quantile(0), found.pictures.heights.quantile(100)), (Some(64), Some(64)));
    assert_eq!((found.visuals.distinct, found.visuals.repeated), (3214, 0)); // identical pictures are left out
    // Without punctuation, `keycap: #` and `keycap: *` are the same caption.
    assert_eq!(found.captions["en"].repeats.examples, [["0023-fe0f-20e3", "002a-fe0f-20e3"]]);
    let numbers = serde_json::to_value(&found).expect("serialisable");
    assert_eq!(numbers["pictures"]["widths"]["64"], 3214);
    assert_eq!(
        numbers["captions"]["zh"]["scripts"]["latin_and_han"],
        found.captions["zh"].scripts[&Script::LatinAndHan]
    );
    let overlap = found.overlap.expect("compared");
    assert!(overlap.heldout_records == 387 && overlap.is_none());
}

#[test]
fn fluent_clips() {
    let fields = WebDatasetFields {
        titles: titles("title"),
        tags: vec!["tags_en".to_owned()],
        id: Some("clip_id".to_owned()),
        frames: Some("frames".to_owned()),
        ..WebDatasetFields::default()
    };
    let expectations = Expectations {
        text: text(Layout::ClsSepTitleSep, 24, None),
        side: Some(SideExpectation { key: "vision.descriptor.side", side: 16, multiple_of: 1 }),
        frames: Some(8),
        positives: PositivesExpectation::NoSuchKey,
        tags: TagsExpectation::MostFrequent(200),
        ..Expectations::none(DataFormat::WebDataset(fields))
    };
    let found = diagnosis("fluent-clips", &expectations);
    assert_eq!((found.records, found.unreadable.records, found.clips.clips()), (962, 0, 962));
    assert_eq!((found.clips.frames.quantile(0), found.clips.frames.quantile(100)), (Some(8), Some(8)));
}
