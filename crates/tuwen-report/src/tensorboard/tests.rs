//! Event files read back by a decoder of their own, which knows the wire format and nothing of the messages.

use std::collections::BTreeMap;

use tuwen_data::TfRecordFile;

use super::EventWriter;

/// A field's content: numbers as bits, everything else as bytes.
#[derive(Clone, Debug, PartialEq)]
enum Field {
    Bits(u64),
    Bytes(Vec<u8>),
}

fn varint(bytes: &mut &[u8]) -> u64 {
    let mut value = 0;
    for place in 0.. {
        let (first, rest) = bytes.split_first().unwrap();
        *bytes = rest;
        value |= u64::from(first & 0x7f) << (7 * place);
        if first & 0x80 == 0 {
            break;
        }
    }
    value
}

/// The fields of a message by number, the last of each.
fn fields(mut bytes: &[u8]) -> BTreeMap<u64, Field> {
    let mut found = BTreeMap::new();
    while !bytes.is_empty() {
        let key = varint(&mut bytes);
        let field = match key & 7 {
            0 => Field::Bits(varint(&mut bytes)),
            kind => {
                let length = match kind {
                    1 => 8,
                    5 => 4,
                    _ => varint(&mut bytes) as usize,
                };
                let (content, rest) = bytes.split_at(length);
                bytes = rest;
                let mut wide = [0; 8];
                wide[..length.min(8)].copy_from_slice(&content[..length.min(8)]);
                if kind == 2 { Field::Bytes(content.to_vec()) } else { Field::Bits(u64::from_le_bytes(wide)) }
            }
        };
        found.insert(key >> 3, field);
    }
    found
}

fn inner(message: &BTreeMap<u64, Field>, number: u64) -> BTreeMap<u64, Field> {
    match &message[&number] {
        Field::Bytes(bytes) => fields(bytes),
        Field::Bits(bits) => panic!("field {number} is {bits}, expected a message"),
    }
}

fn events(writer: &EventWriter) -> Vec<BTreeMap<u64, Field>> {
    let file = TfRecordFile::open(writer.path()).unwrap();
    (0..file.len()).map(|i| fields(file.payload(i).unwrap())).collect()
}

fn text(text: &str) -> Field {
    Field::Bytes(text.as_bytes().to_vec())
}

#[test]
fn a_scalar_keeps_its_step_time_tag_and_value() {
    let folder = tempfile::tempdir().unwrap();
    let mut writer = EventWriter::create(folder.path()).unwrap();
    writer.scalar(300, 1.5, "loss/mlm", 0.25).unwrap();
    let events = events(&writer);
    assert_eq!(events.len(), 2);
    assert_eq!(events[0][&3], text("brain.Event:2"));
    assert_eq!(events[1][&1], Field::Bits(1.5_f64.to_bits()));
    assert_eq!(events[1][&2], Field::Bits(300));
    let value = inner(&inner(&events[1], 5), 1);
    assert_eq!(value[&1], text("loss/mlm"));
    assert_eq!(value[&2], Field::Bits(u64::from(0.25_f32.to_bits())));
}

#[test]
fn a_text_is_a_tensor_of_one_string_for_the_text_plugin() {
    let folder = tempfile::tempdir().unwrap();
    let mut writer = EventWriter::create(folder.path()).unwrap();
    writer.text(1, 0.0, "recipe", "seed = 42").unwrap();
    let value = inner(&inner(&events(&writer)[1], 5), 1);
    let tensor = inner(&value, 8);
    assert_eq!((&tensor[&1], &tensor[&8]), (&Field::Bits(7), &text("seed = 42")));
    assert_eq!(inner(&inner(&tensor, 2), 2)[&1], Field::Bits(1));
    assert_eq!(inner(&inner(&value, 9), 1)[&1], text("text"));
}

#[test]
fn a_picture_brings_its_size_and_what_is_none_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let mut writer = EventWriter::create(folder.path()).unwrap();
    // The first 24 bytes of a PNG: signature, IHDR, width 3, height 2.
    let mut png = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x03\0\0\0\x02".to_vec();
    png.extend([8, 2, 0, 0, 0]);
    writer.image(7, 0.0, "retrieval", png.clone()).unwrap();
    let image = inner(&inner(&inner(&events(&writer)[1], 5), 1), 4);
    assert_eq!((&image[&1], &image[&2]), (&Field::Bits(2), &Field::Bits(3)));
    assert_eq!(image[&4], Field::Bytes(png));
    let error = writer.image(7, 0.0, "retrieval", b"no picture, surely".to_vec()).unwrap_err().to_string();
    assert!(error.starts_with("retrieval: ") && error.ends_with("expected a PNG or JPEG picture"), "{error}");
}

#[test]
fn a_resumed_run_starts_a_file_that_is_read_later_and_drops_from_its_first_step() {
    let folder = tempfile::tempdir().unwrap();
    let former = EventWriter::create(folder.path()).unwrap();
    let resumed = EventWriter::resume(folder.path(), 501).unwrap();
    assert!(former.path() < resumed.path());
    let start = &events(&resumed)[1];
    assert_eq!(start[&2], Field::Bits(501));
    assert_eq!(inner(start, 7)[&1], Field::Bits(1)); // START
    assert_eq!(events(&former).len(), 1);
}

#[test]
fn values_that_are_not_finite_are_written_as_they_are() {
    let folder = tempfile::tempdir().unwrap();
    let mut writer = EventWriter::create(folder.path()).unwrap();
    writer.scalars(1, 0.0, [("gradient_norm", f64::INFINITY)]).unwrap();
    let value = inner(&inner(&events(&writer)[1], 5), 1);
    assert_eq!(value[&2], Field::Bits(u64::from(f32::INFINITY.to_bits())));
}
