//! The QQ schema: what comes back, and every way to be wrong.

use super::*;

/// Two values a frame.
fn schema() -> QqSchema {
    QqSchema { width: NonZeroUsize::new(2).unwrap(), ..QqSchema::default() }
}

/// f16: 1.0 is `0x3c00`, −2.0 is `0xc000`, +∞ is `0x7c00`.
const FRAME: [u8; 4] = [0x00, 0x3c, 0x00, 0xc0];

fn example_with(field: &str, feature: Option<Feature>) -> Example {
    let mut example = Example::new([
        ("id".to_owned(), Feature::bytes(vec![b"17".to_vec()])),
        ("title".to_owned(), Feature::bytes(vec!["猫".into()])),
        ("tag_id".to_owned(), Feature::integers(vec![5, 3])),
        ("category_id".to_owned(), Feature::integers(vec![1])),
        ("frame_feature".to_owned(), Feature::bytes(vec![FRAME.to_vec()])),
    ]);
    let features = &mut example.features.as_mut().unwrap().feature;
    match feature {
        Some(feature) => features.insert(field.to_owned(), feature),
        None => features.remove(field),
    };
    example
}

fn record() -> Record {
    Record {
        id: "17".to_owned(),
        titles: vec![Title { language: "title".to_owned(), text: "猫".to_owned() }],
        tags: Some(vec!["5".to_owned(), "3".to_owned()]),
        visual: Visual::Features { values: vec![1.0, -2.0], width: 2 },
    }
}

/// The error when `field` is replaced, or taken away.
fn error_with(field: &str, feature: Option<Feature>) -> String {
    schema().record_from(&example_with(field, feature)).unwrap_err().to_string()
}

#[test]
fn example_becomes_a_record() {
    assert_eq!(schema().record_from(&example_with("asr_text", None)).unwrap(), record());
}

#[test]
fn record_becomes_an_example_and_comes_back() {
    let example = schema().example_from(&record()).unwrap();
    assert_eq!(example, example_with("category_id", None));
    assert_eq!(schema().record_from(&example).unwrap(), record());
}

#[test]
fn missing_tags_are_not_no_tags() {
    let tags = |feature| schema().record_from(&example_with("tag_id", feature)).unwrap().tags;
    assert_eq!(tags(None), None);
    assert_eq!(tags(Some(Feature::integers(Vec::new()))), Some(Vec::new()));
    assert_eq!(tags(Some(Feature { kind: None })), Some(Vec::new()));
}

#[test]
fn word_tags_are_written_as_texts() {
    for (tags, kind) in
        [(["7", "-1"], "a list of integers"), (["7", "red"], "a list of bytes"), (["7", "007"], "a list of bytes")]
    {
        let record = Record { tags: Some(tags.map(str::to_owned).to_vec()), ..record() };
        let example = schema().example_from(&record).unwrap();
        assert_eq!(example.feature("tag_id").unwrap().kind_name(), kind);
        assert_eq!(schema().record_from(&example).unwrap(), record);
    }
}

#[test]
fn titles_of_several_fields_and_entries() {
    let titles = vec![TitleField::new("zh", "title"), TitleField::new("en", "title_en")];
    let schema = QqSchema { titles, ..schema() };
    let example = example_with("title_en", Some(Feature::bytes(vec![b"cat".to_vec(), b"".to_vec()])));
    let record = schema.record_from(&example).unwrap();
    let titles: Vec<(&str, &str)> = record.titles.iter().map(|t| (t.language.as_str(), t.text.as_str())).collect();
    assert_eq!(titles, [("zh", "猫"), ("en", "cat"), ("en", "")]);
    assert_eq!(schema.record_from(&schema.example_from(&record).unwrap()).unwrap(), record);
}

#[test]
fn missing_and_empty_fields_are_named() {
    assert_eq!(error_with("title", None), "no field `title`");
    assert_eq!(error_with("id", Some(Feature { kind: None })), "`id` is empty");
    assert_eq!(error_with("frame_feature", Some(Feature::bytes(Vec::new()))), "`frame_feature` is empty");
}

#[test]
fn wrong_kinds_are_named() {
    let integer = Feature::integers(vec![17]);
    assert_eq!(error_with("id", Some(integer)), "`id` is a list of integers, expected a list of bytes");
    let floats = Feature::floats(vec![0.5]);
    assert_eq!(
        error_with("tag_id", Some(floats)),
        "`tag_id` is a list of floats, expected a list of integers or bytes"
    );
}

#[test]
fn text_that_is_not_utf8() {
    assert_eq!(error_with("title", Some(Feature::bytes(vec![vec![0xff]]))), "`title` is not UTF-8");
}

#[test]
fn frame_of_the_wrong_size() {
    for bytes in [0, 3, 5, 6] {
        let frames = Feature::bytes(vec![FRAME.to_vec(), vec![0; bytes]]);
        let expected = format!("`frame_feature` entry 1 is {bytes} bytes, expected 4 (2 × f16)");
        assert_eq!(error_with("frame_feature", Some(frames)), expected);
    }
}

#[test]
fn frame_that_is_not_finite() {
    let frames = Feature::bytes(vec![FRAME.to_vec(), vec![0, 0, 0x00, 0x7c]]);
    let expected = "`frame_feature` entry 1, value 1 is `inf`, expected a finite f16";
    assert_eq!(error_with("frame_feature", Some(frames)), expected);
}

#[test]
fn what_the_schema_has_no_place_for_is_not_written() {
    let error = |change: fn(&mut Record)| {
        let mut record = record();
        change(&mut record);
        schema().example_from(&record).unwrap_err().to_string()
    };
    let features = |values: Vec<f32>, width| Visual::Features { values, width };
    assert_eq!(error(|r| r.titles[0].language = "en".to_owned()), "no title `title`");
    let extra: fn(&mut Record) = |r| r.titles.push(Title { language: "en".to_owned(), text: String::new() });
    assert_eq!(error(extra), "no field for the title `en`");
    let cases = [
        (Visual::Image(vec![1]), "`frame_feature` is a picture, expected frame features"),
        (features(vec![0.0; 3], 2), "features are 3 values in rows of 2, expected whole rows of 2"),
        (features(vec![0.0; 3], 3), "features are 3 values in rows of 3, expected whole rows of 2"),
        (features(Vec::new(), 2), "`frame_feature` is empty"),
        (features(vec![0.0, 1e6], 2), "`frame_feature` entry 0, value 1 is `inf`, expected a finite f16"),
    ];
    for (visual, expected) in cases {
        assert_eq!(schema().example_from(&Record { visual, ..record() }).unwrap_err().to_string(), expected);
    }
}

#[test]
fn settings_refuse_unknown_names_and_no_width() {
    let read = |text: &str| toml::from_str::<QqSchema>(text).map_err(|error| error.to_string());
    assert_eq!(read("").unwrap(), QqSchema::default());
    assert!(read("feature_width = 8").unwrap_err().contains("unknown field `feature_width`"));
    assert!(read("width = 0").unwrap_err().contains("nonzero"));
}
