//! Karpathy's splits of COCO and Flickr30k: `dataset_coco.json`, `dataset_flickr30k.json`.
//!
//! - The file is `{"images": [{"filename", "filepath", "split", "imgid", "sentences": [{"raw", "sentid"}]}]}`.
//! - The picture lies at `filepath/filename`; Flickr30k has no `filepath`.
//! - `split` is `train`, `restval`, `val` or `test`; COCO is commonly trained on `train` and `restval`.
//! - Forbidden: an `imgid` or a `sentid` that appears twice, an image without sentences.

use std::path::Path;

use crate::fields::{Object, list, object_of, optional_text, text};
use crate::file::TextFile;
use crate::ids::Ids;
use crate::{AnnotationError, Annotations, Captioned, Fault, Images};

const SPLITS: [&str; 4] = ["train", "restval", "val", "test"];

/// Reads the images of the `splits` named. Errors: a file that has no list `images`, or in which those splits have no usable
/// record.
pub fn read_karpathy(path: &Path, images: &Images, splits: &[&str]) -> Result<Annotations<Captioned>, AnnotationError> {
    let file = TextFile::open(path, "an object with a list `images` that has records of the splits asked for")?;
    let (mut ids, mut sentences) = (Ids::default(), Ids::default());
    let elements = file.elements_of("images")?;
    let read = file.records(elements, |number, object| {
        let split = split_of(object)?;
        if !splits.contains(&split.as_str()) {
            return Ok(None);
        }
        captioned(object, images, number, (&mut ids, &mut sentences)).map(Some)
    })?;
    let Annotations { path, records, skipped } = read;
    let records: Vec<Captioned> = records.into_iter().flatten().collect();
    if records.is_empty() {
        return Err(AnnotationError::NoSplit { path, splits: splits.join("`, `") });
    }
    Ok(Annotations { path, records, skipped })
}

fn split_of(object: &Object) -> Result<String, Fault> {
    let split = text(object, "split")?;
    if SPLITS.contains(&split.as_str()) {
        return Ok(split);
    }
    Err(Fault::UnknownWord { field: "split", found: split, expected: "`train`, `restval`, `val` or `test`" })
}

fn captioned(
    object: &Object,
    images: &Images,
    number: usize,
    (ids, sentence_ids): (&mut Ids, &mut Ids),
) -> Result<Captioned, Fault> {
    let filename = text(object, "filename")?;
    let image = optional_text(object, "filepath")?.map_or(filename.clone(), |folder| format!("{folder}/{filename}"));
    let image = images.existing(image)?;
    let image_id = text(object, "imgid")?;
    ids.take(&image_id, number)?;
    let captions = list(object, "sentences")?.iter().map(|sentence| {
        let sentence = object_of("sentences", sentence)?;
        sentence_ids.take(&text(sentence, "sentid")?, number)?;
        text(sentence, "raw")
    });
    Ok(Captioned { image, image_id, captions: captions.collect::<Result<_, _>>()? })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{Folder, error_of, skipped};

    fn read(text: &str, splits: &[&str]) -> Result<Annotations<Captioned>, String> {
        let folder = Folder::new();
        folder.file("val2014/3.jpg", "picture");
        let path = folder.file("dataset_coco.json", text);
        read_karpathy(&path, &folder.images(), splits).map_err(|error| error_of(&error, &path))
    }

    const TWO: &str = r#"{"dataset": "coco", "images": [
        {"filepath": "val2014", "filename": "3.jpg", "imgid": 0, "cocoid": 9, "split": "restval", "sentids": [1, 2],
         "sentences": [{"tokens": ["a"], "raw": "A cat.", "imgid": 0, "sentid": 1}, {"raw": "猫", "sentid": 2}]},
        {"filename": "1.jpg", "imgid": 1, "split": "test", "sentences": [{"raw": "A dog.", "sentid": 3}]}]}"#;

    #[test]
    fn splits_are_read_by_name() {
        let train = read(TWO, &["train", "restval"]).unwrap().strict().unwrap();
        let captions = vec!["A cat.".to_owned(), "猫".to_owned()];
        assert_eq!(train, [Captioned { image: "val2014/3.jpg".to_owned(), image_id: "0".to_owned(), captions }]);
        assert_eq!(read(TWO, &["test"]).unwrap().records[0].image, "1.jpg");
        assert_eq!(read(TWO, &["val"]).unwrap_err(), "no usable record of `val`");
    }

    #[test]
    fn malformed_records_are_skipped_with_their_reasons() {
        let good = r#"{"filename": "1.jpg", "imgid": 1, "split": "test", "sentences": [{"raw": "a", "sentid": 1}]}"#;
        let bad = |from: &str, to: &str| good.replace(from, to);
        let images = [
            good.to_owned(),
            good.to_owned(),
            bad("\"imgid\": 1", "\"imgid\": 2"),
            bad("\"imgid\": 1", "\"imgid\": 3").replace("[{\"raw\": \"a\", \"sentid\": 1}]", "[]"),
            bad("test", "tst"),
            bad("1.jpg", "9.jpg"),
            bad("\"raw\"", "\"row\""),
            bad("[{\"raw\": \"a\", \"sentid\": 1}]", "\"a\""),
        ];
        let read = read(&format!("{{\"images\": [{}]}}", images.join(",")), &["test"]).unwrap();
        let faults = skipped(&read);
        assert_eq!(faults[0], "record 1: id `1` is also that of record 0");
        assert_eq!(faults[1], "record 2: id `1` is also that of record 0");
        assert_eq!(faults[2], "record 3: `sentences` is empty");
        assert_eq!(faults[3], "record 4: `split` is `tst`, expected `train`, `restval`, `val` or `test`");
        assert!(faults[4].starts_with("record 5: no image file `"));
        assert_eq!(faults.len(), 7);
    }

    #[test]
    fn file_of_another_shape_is_refused() {
        assert!(read("[]", &["test"]).unwrap_err().contains("invalid type: sequence"));
        assert!(read("{\"images\": {}}", &["test"]).unwrap_err().contains("invalid type: map"));
        assert!(read("{\"image\": []}", &["test"]).unwrap_err().starts_with("no record in it"));
        assert!(read("{\"images\": []}", &["test"]).unwrap_err().starts_with("no record in it"));
    }
}
