//! Settings guessed from the fields' names, kinds and shares.

use std::num::NonZeroUsize;

use super::field_report::{FieldReport, KindReport};
use super::field_value::ValueKind;
use crate::{AnnotationFields, DataFormat, QqSchema, TitleField, WebDatasetFields};

/// What a field of titles may be called, best first.
const TITLE_WORDS: [&[&str]; 2] = [&["caption", "title"], &["text", "description", "sentence", ".txt"]];
const TAG_WORDS: [&str; 3] = ["tag", "keyword", "label"];
const ID_NAMES: [&str; 6] = ["id", "image_id", "clip_id", "video_id", "uid", "key"];
const FRAME_COUNT_NAMES: [&str; 3] = ["frames", "num_frames", "n_frames"];
const FEATURE_WORDS: [&str; 2] = ["frame", "feature"];
const IMAGE_NAMES: [&str; 5] = ["image", "file_name", "filename", "file", "path"];

/// `detected` with field names for this data set; what can't be guessed stays at its default.
pub(crate) fn settings(detected: &DataFormat, fields: &[FieldReport], records: usize) -> DataFormat {
    let guess = Guess { fields, records };
    match detected {
        DataFormat::TfRecord(schema) => DataFormat::TfRecord(guess.schema(schema.clone())),
        DataFormat::WebDataset(fields) => DataFormat::WebDataset(guess.webdataset(fields.clone())),
        DataFormat::Annotation(fields) => DataFormat::Annotation(guess.annotation(fields.clone())),
    }
}

struct Guess<'a> {
    fields: &'a [FieldReport],
    records: usize,
}

impl<'a> Guess<'a> {
    fn schema(&self, default: QqSchema) -> QqSchema {
        let frames = self.with_words(&FEATURE_WORDS, &[ValueKind::Bytes]).next();
        let width = frames.and_then(|(_, report)| report.usual_bytes()).filter(|bytes| bytes % 2 == 0);
        QqSchema {
            id: self.called(&ID_NAMES, &[ValueKind::Text]).unwrap_or(default.id),
            titles: self.titles(&[ValueKind::Text, ValueKind::Texts]).unwrap_or(default.titles),
            tags: self.tags().into_iter().next().unwrap_or(default.tags),
            frames: frames.map_or(default.frames, |(name, _)| name.to_owned()),
            width: width.and_then(|bytes| NonZeroUsize::new(bytes / 2)).unwrap_or(default.width),
        }
    }

    fn webdataset(&self, default: WebDatasetFields) -> WebDatasetFields {
        let mut image = default.image;
        for (name, _) in self.with_words(&["."], &[ValueKind::Picture]) {
            let extension = &name[1..];
            if !image.iter().any(|known| known == extension) {
                image.push(extension.to_owned());
            }
        }
        WebDatasetFields {
            image,
            titles: self.titles(&[ValueKind::Text, ValueKind::Texts]).unwrap_or(default.titles),
            tags: self.tags(),
            id: self.called(&ID_NAMES, &[ValueKind::Text, ValueKind::Whole]),
            frames: self.called(&FRAME_COUNT_NAMES, &[ValueKind::Whole]),
        }
    }

    fn annotation(&self, default: AnnotationFields) -> AnnotationFields {
        AnnotationFields {
            image: self.called(&IMAGE_NAMES, &[ValueKind::Text]).unwrap_or(default.image),
            titles: self.titles(&[ValueKind::Text, ValueKind::Texts]).unwrap_or(default.titles),
            tags: self.tags(),
            id: self.called(&ID_NAMES, &[ValueKind::Text, ValueKind::Whole]).unwrap_or(default.id),
            image_root: default.image_root,
        }
    }

    fn titles(&self, kinds: &[ValueKind]) -> Option<Vec<TitleField>> {
        let named = TITLE_WORDS.iter().map(|words| {
            let fields = self.with_words(words, kinds).filter(|(_, report)| 2 * report.records >= self.records);
            fields.map(|(name, _)| TitleField::new(language(name), name.trim_start_matches('.'))).collect::<Vec<_>>()
        });
        named.into_iter().find(|titles| !titles.is_empty())
    }

    fn tags(&self) -> Vec<String> {
        let fields = self.with_words(&TAG_WORDS, &[ValueKind::Texts, ValueKind::Wholes]);
        fields.map(|(name, _)| name.to_owned()).collect()
    }

    /// The first of `names` that is a field of these kinds in every record.
    fn called(&self, names: &[&str], kinds: &[ValueKind]) -> Option<String> {
        let is_there =
            |name: &&&str| self.of_kinds(kinds).any(|(n, report)| n == **name && report.records == self.records);
        names.iter().find(is_there).map(|&name| name.to_owned())
    }

    /// The fields of these kinds whose names contain one of `words`.
    fn with_words<'b>(
        &'b self,
        words: &'b [&str],
        kinds: &'b [ValueKind],
    ) -> impl Iterator<Item = (&'a str, &'a KindReport)> + 'b {
        let named = |name: &str| words.iter().any(|word| name.to_lowercase().contains(word));
        self.of_kinds(kinds).filter(move |(name, _)| named(name))
    }

    fn of_kinds<'b>(&'b self, kinds: &'b [ValueKind]) -> impl Iterator<Item = (&'a str, &'a KindReport)> + 'b {
        let fields = self.fields.iter().filter_map(|field| field.main().map(|(kind, report)| (field, kind, report)));
        fields.filter(|(_, kind, _)| kinds.contains(kind)).map(|(field, _, report)| (field.name.as_str(), report))
    }
}

/// `caption_en` is in `en`; a name that ends otherwise is its own language.
fn language(name: &str) -> &str {
    let name = name.trim_start_matches('.');
    let code = |code: &&str| (2..=3).contains(&code.len()) && code.bytes().all(|byte| byte.is_ascii_lowercase());
    name.rsplit_once(['_', '-']).map(|(_, code)| code).filter(code).unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::super::field_report::FieldTable;
    use super::super::field_value::FieldValue;
    use super::*;

    fn guessed(detected: DataFormat, record: Vec<(&str, FieldValue)>) -> DataFormat {
        let mut table = FieldTable::default();
        table.add(record.into_iter().map(|(name, value)| (name.to_owned(), value)).collect());
        let (fields, records) = table.finish();
        settings(&detected, &fields, records)
    }

    fn text() -> FieldValue {
        FieldValue::Text("a cat".to_owned())
    }

    #[test]
    fn language_is_a_code_at_the_end_of_the_name() {
        let names = ["caption_en", "title-zh", "title", "asr_text", ".txt", "caption_EN"];
        assert_eq!(names.map(language), ["en", "zh", "title", "asr_text", "txt", "caption_EN"]);
    }

    #[test]
    fn qq_record_gives_the_default() {
        let record = vec![
            ("asr_text", text()),
            ("category_id", FieldValue::Wholes(vec![1])),
            ("frame_feature", FieldValue::Bytes(vec![3072; 2])),
            ("id", text()),
            ("tag_id", FieldValue::Wholes(vec![1, 2])),
            ("title", text()),
        ];
        let default = DataFormat::TfRecord(QqSchema::default());
        assert_eq!(guessed(default.clone(), record), default);
    }

    #[test]
    fn clip_shard_gives_languages_tags_and_frames() {
        let record = vec![
            (".gif", FieldValue::Picture(512, 64)),
            ("clip_id", text()),
            ("frames", FieldValue::Whole(8)),
            ("tags_en", FieldValue::Texts(vec!["pet".to_owned()])),
            ("title_en", text()),
            ("title_zh", text()),
        ];
        let expected = WebDatasetFields {
            image: ["jpg", "jpeg", "png", "webp", "gif"].map(str::to_owned).to_vec(),
            titles: vec![TitleField::new("en", "title_en"), TitleField::new("zh", "title_zh")],
            tags: vec!["tags_en".to_owned()],
            id: Some("clip_id".to_owned()),
            frames: Some("frames".to_owned()),
        };
        let format = guessed(DataFormat::WebDataset(WebDatasetFields::default()), record);
        assert_eq!(format, DataFormat::WebDataset(expected));
    }

    #[test]
    fn caption_entry_is_taken_where_there_is_no_field() {
        let record = vec![(".jpg", FieldValue::Picture(1, 1)), (".txt", text())];
        let DataFormat::WebDataset(fields) = guessed(DataFormat::WebDataset(WebDatasetFields::default()), record)
        else {
            panic!("the format is kept");
        };
        assert_eq!(fields.titles, [TitleField::new("txt", "txt")]);
    }

    #[test]
    fn annotation_fields_by_name() {
        let record = vec![("file_name", text()), ("captions", FieldValue::Texts(vec!["a cat".to_owned()]))];
        let expected = AnnotationFields {
            image: "file_name".to_owned(),
            titles: vec![TitleField::new("captions", "captions")],
            ..AnnotationFields::default()
        };
        let format = guessed(DataFormat::Annotation(AnnotationFields::default()), record);
        assert_eq!(format, DataFormat::Annotation(expected));
    }
}
