//! Odd batches, captions and pictures: what ALBEF does with each is defined.

use image::{DynamicImage, GrayImage, ImageEncoder, Luma, Rgb, RgbImage, Rgba, RgbaImage};
use tuwen::train::albef::Assembly;
use tuwen::train::{StartFrom, Summary};

use crate::albef_fixture::{Pair, batches, encoded, everything, first_losses, on_shard, picture, write_pairs};
use crate::fixture::run;

const KEYS: [&str; 9] = ["a", "b", "c", "d", "e", "f", "g", "h", "i"];
const CAPTIONS: [&str; 9] =
    ["a red boat", "green tea", "a house", "two cats", "the sun", "rain", "a blue car", "an old man", "a cake"];

/// Nine pairs of different pictures and, if `caption` is none, different captions.
fn nine(caption: Option<&'static str>) -> Vec<Pair<'static>> {
    (0..9).map(|i| (KEYS[i], picture(25 * i as u8), caption.unwrap_or(CAPTIONS[i]), "字")).collect()
}

/// Trains to the end: every loss is finite, nothing is skipped.
fn trained(assembly: &Assembly) -> Summary {
    let folder = tempfile::tempdir().unwrap();
    let (summary, skipped) = run(assembly, folder.path(), StartFrom::Scratch).unwrap();
    assert_eq!((summary.skipped_steps, skipped), (0, vec![]));
    let finite = |losses: &[f64; 2]| losses.iter().all(|loss| loss.is_finite());
    assert!(summary.training_losses.values().all(finite), "{:?}", summary.training_losses);
    assert!(summary.heldout.tasks.values().all(|result| result.loss.is_finite()), "{:?}", summary.heldout.tasks);
    summary
}

#[test]
fn albef_batches_of_one_and_two_and_larger_than_the_queue() {
    let folder = tempfile::tempdir().unwrap();
    let shard = write_pairs(folder.path(), &nine(None));
    for (batch, queue) in [(1, 20), (1, 0), (2, 3), (2, 20), (8, 3), (8, 1)] {
        let batch = format!("data.loader.batch_size={batch}");
        let summary = trained(&on_shard(&shard, &[&everything(queue, 0.4), &batch]).unwrap());
        assert_eq!(summary.training_losses.keys().collect::<Vec<_>>(), ["ita", "itm", "mlm"], "{batch}, {queue}");
    }
    // A batch of one is tested on alignment and words, and has no negative to be matched with.
    let one = ["evaluation.batch_size=1", "data.loader.batch_size=1", "evaluation.records=3"];
    let summary = trained(&on_shard(&shard, &[&one[..], &[&everything(3, 0.4)]].concat()).unwrap());
    assert_eq!(summary.heldout.tasks.keys().collect::<Vec<_>>(), ["ita", "mlm"]);
    assert_eq!(summary.heldout.tasks["ita"].accuracy, 1.0, "the nearest of one is the right one");
}

#[test]
fn albef_batch_of_one_aligns_with_certainty() {
    let folder = tempfile::tempdir().unwrap();
    let shard = write_pairs(folder.path(), &nine(None));
    let assembly = on_shard(&shard, &[&everything(20, 0.4), "data.loader.batch_size=1"]).unwrap();
    let [ita, itm] = first_losses(&assembly, &batches(&assembly, 1)[0], ["ita", "itm"]);
    assert_eq!(ita, 0.0, "an empty queue and one pair: one answer");
    assert!((itm - 2.0_f32.ln()).abs() < 0.3, "{itm}: the match alone counts");
}

#[test]
fn albef_captions_that_are_equal_empty_blank_or_long() {
    let folder = tempfile::tempdir().unwrap();
    let long: &'static str = String::leak("red sea ".repeat(250)); // 500 words
    for (caption, tokens) in [("a red sea", 4), ("", 1), (" \t\u{3000}\n", 1), (long, 25)] {
        let shard = write_pairs(folder.path(), &nine(Some(caption)));
        let assembly = on_shard(&shard, &[&everything(5, 0.4)]).unwrap();
        for example in &batches(&assembly, 1)[0] {
            assert_eq!(example.text.len(), tokens, "{caption:.9}");
        }
        let summary = trained(&assembly);
        // Of [CLS] alone no word can be masked; the other tasks go on.
        assert_eq!(summary.training_losses.contains_key("mlm"), tokens > 1, "{caption:.9}");
        assert!(!summary.heldout.tasks.contains_key("itm"), "no negative to tell a pair from: {summary:?}");
        let table = &summary.heldout.retrieval[0].table;
        assert_eq!(table.i2t.recall, [100.0; 3], "every caption is right: {table:?}");
    }
}

#[test]
fn albef_stage_of_words_alone_on_empty_captions_says_that_nothing_is_left() {
    let folder = tempfile::tempdir().unwrap();
    let shard = write_pairs(folder.path(), &nine(Some("")));
    let assembly = on_shard(&shard, &["stages=[{mlm={weight=1.0}}]"]).unwrap();
    let error = run(&assembly, folder.path(), StartFrom::Scratch).unwrap_err().to_string();
    assert!(error.starts_with("step 1: no task has anything to predict"), "{error}");
}

/// A CMYK JPEG of 8 × 8 red pixels, as Photoshop writes them, with inks inverted: C 255, M 0, Y 0, K 255.
fn cmyk() -> Vec<u8> {
    let adobe = [b"\xFF\xD8\xFF\xEE\0\x0EAdobe\0\x64\0\0\0\0\0".as_slice(), b"\xFF\xDB\0\x43\0\x08", &[1; 63]].concat();
    let frame = b"\xFF\xC0\0\x14\x08\0\x08\0\x08\x04\x01\x11\0\x02\x11\0\x03\x11\0\x04\x11\0";
    let dc = b"\xFF\xC4\0\x16\0\0\x03\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x07\x08"; // 00, 01, 10: 0, 7, 8 bits
    let ac = b"\xFF\xC4\0\x14\x10\x01\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"; // 0: the block ends
    let scan = b"\xFF\xDA\0\x0E\x04\x01\0\x02\0\x03\0\x04\0\0\x3F\0"; // +127, −128, −128, +127
    [&adobe, frame.as_slice(), dc, ac, scan, b"\x7F\xA7\xF4\xFE\x7F\xBF\xFF\xD9"].concat()
}

/// A PNG whose left half is white and whose right half is black, to be turned by 90° to the right.
fn turned() -> Vec<u8> {
    let exif =
        [b"MM\0*".as_slice(), &[0, 0, 0, 8, 0, 1, 0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, 6, 0, 0, 0, 0, 0, 0]].concat();
    let pixels: Vec<u8> = (0..16 * 8).flat_map(|i| if i % 16 < 8 { [255; 3] } else { [0; 3] }).collect();
    let mut bytes = Vec::new();
    let mut encoder = image::codecs::png::PngEncoder::new(&mut bytes);
    encoder.set_exif_metadata(exif).unwrap();
    encoder.write_image(&pixels, 16, 8, image::ExtendedColorType::Rgb8).unwrap();
    bytes
}

fn animation() -> Vec<u8> {
    let mut bytes = Vec::new();
    let frames = [[0, 0, 255, 255], [255, 0, 0, 255]].map(|c| image::Frame::new(RgbaImage::from_pixel(6, 5, Rgba(c))));
    image::codecs::gif::GifEncoder::new(&mut bytes).encode_frames(frames).unwrap();
    bytes
}

#[test]
fn albef_pictures_of_every_kind_are_trained_on() {
    let wide = RgbImage::from_fn(10_000, 10, |x, _| Rgb([(x / 40) as u8, 0, 0]));
    let sixteen: DynamicImage = image::ImageBuffer::from_pixel(4, 4, Rgb([0, 257_u16 * 100, u16::MAX])).into();
    // Key, file, size and the pixel in the upper left corner.
    let kinds = [
        ("dot", encoded(RgbImage::from_pixel(1, 1, Rgb([1, 2, 3]))), (1, 1), [1, 2, 3]),
        ("wide", encoded(wide), (10_000, 10), [0, 0, 0]),
        ("cmyk", cmyk(), (8, 8), [255, 0, 0]),
        ("grey", encoded(GrayImage::from_pixel(3, 3, Luma([90]))), (3, 3), [90; 3]),
        // 0.2 · 100 + 0.8 · 255: alpha lies on white.
        ("alpha", encoded(RgbaImage::from_pixel(3, 3, Rgba([100, 100, 0, 51]))), (3, 3), [224, 224, 204]),
        ("deep", encoded(sixteen), (4, 4), [0, 100, 255]),
        ("moving", animation(), (6, 5), [0, 0, 255]),
        ("turned", turned(), (8, 16), [255; 3]),
    ];
    let folder = tempfile::tempdir().unwrap();
    let pairs: Vec<Pair<'_>> = kinds.iter().map(|(key, bytes, ..)| (*key, bytes.clone(), *key, "图")).collect();
    let assembly = on_shard(&write_pairs(folder.path(), &pairs), &[&everything(5, 0.4)]).unwrap();
    trained(&assembly);
    let pictures = assembly.heldout_pairs(&mut |message| panic!("{message}")).unwrap().gallery.pictures;
    for ((key, _, size, corner), picture) in kinds.iter().zip(&pictures) {
        assert_eq!((picture.image.width(), picture.image.height()), *size, "{key}");
        assert_eq!(&picture.image.pixels()[..3], corner, "{key}");
    }
    // Upright, white lies on top and black below.
    assert_eq!(pictures[7].image.pixels()[3 * 8 * 15], 0);
}

#[test]
fn albef_broken_pictures_are_named_counted_and_skipped() {
    let folder = tempfile::tempdir().unwrap();
    let whole = picture(77);
    let mut jpeg = std::io::Cursor::new(Vec::new());
    RgbImage::from_fn(64, 64, |x, y| Rgb([x as u8, y as u8, 9])).write_to(&mut jpeg, image::ImageFormat::Jpeg).unwrap();
    let jpeg = jpeg.into_inner();
    let mut pairs = nine(None);
    pairs.push(("cut", whole[..whole.len() / 2].to_vec(), "half a picture", "半"));
    pairs.push(("cutjpeg", jpeg[..jpeg.len() / 2].to_vec(), "half a photo", "半"));
    pairs.push(("text", b"no picture at all".to_vec(), "words", "字"));
    pairs.push(("none", Vec::new(), "nothing", "无"));
    let shard = write_pairs(folder.path(), &pairs);
    // Two passes of the thirteen and more, so that every bad one has had its turn, and one of the held-out records.
    let assembly = on_shard(&shard, &["schedule.duration={steps=3}", "data.loader.batch_size=9"]).unwrap();
    let (summary, skipped) = run(&assembly, folder.path(), StartFrom::Scratch).unwrap();
    for key in ["cut", "cutjpeg", "text", "none"] {
        let named: Vec<_> = skipped.iter().filter(|text| text.contains(&format!("record `{key}`:"))).collect();
        assert!(named.len() >= 2 && named[0].contains("pairs.tar"), "{key} in {skipped:#?}");
    }
    assert!(summary.skipped_records >= 4, "{}", summary.skipped_records);
    assert_eq!(summary.heldout.retrieval[0].table.i2t.queries, 9, "the held-out part is left with the good ones");
}
