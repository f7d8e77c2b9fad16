//! `tf.Example`: named lists of bytes, floats or integers, in protocol buffers.
//!
//! Source: `tensorflow/core/example/{example,feature}.proto`. Lists of numbers are read packed and unpacked and written
//! packed; features are written in the order of their names, so equal examples are equal bytes.

use std::collections::BTreeMap;

use prost::bytes::Bytes;

/// One example.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Example {
    /// The features, wrapped as the format has it.
    #[prost(message, optional, tag = "1")]
    pub features: Option<Features>,
}

/// The features of an example.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Features {
    /// The features by name.
    #[prost(btree_map = "string, message", tag = "1")]
    pub feature: BTreeMap<String, Feature>,
}

/// One feature: a list of one kind, or of none.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Feature {
    /// The list; `None` is an empty list of unknown kind.
    #[prost(oneof = "Kind", tags = "1, 2, 3")]
    pub kind: Option<Kind>,
}

/// The three kinds of list.
#[derive(Clone, PartialEq, prost::Oneof)]
pub enum Kind {
    /// Byte strings: text, or anything encoded.
    #[prost(message, tag = "1")]
    Bytes(BytesList),
    /// Numbers with a fraction.
    #[prost(message, tag = "2")]
    Float(FloatList),
    /// Whole numbers.
    #[prost(message, tag = "3")]
    Int64(Int64List),
}

/// A list of byte strings.
#[derive(Clone, PartialEq, prost::Message)]
pub struct BytesList {
    /// The byte strings; decoded from [`Bytes`], they are parts of those and no copies.
    #[prost(bytes = "bytes", repeated, tag = "1")]
    pub value: Vec<Bytes>,
}

/// A list of floats.
#[derive(Clone, PartialEq, prost::Message)]
pub struct FloatList {
    /// The floats.
    #[prost(float, repeated, tag = "1")]
    pub value: Vec<f32>,
}

/// A list of integers.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Int64List {
    /// The integers.
    #[prost(int64, repeated, tag = "1")]
    pub value: Vec<i64>,
}

impl Example {
    /// An example of these features.
    pub fn new(features: impl IntoIterator<Item = (String, Feature)>) -> Self {
        Self { features: Some(Features { feature: features.into_iter().collect() }) }
    }

    /// The feature `name`, if there is one.
    pub fn feature(&self, name: &str) -> Option<&Feature> {
        self.features.as_ref()?.feature.get(name)
    }
}

impl Feature {
    /// A list of byte strings.
    pub fn bytes(value: Vec<Vec<u8>>) -> Self {
        Self { kind: Some(Kind::Bytes(BytesList { value: value.into_iter().map(Bytes::from).collect() })) }
    }

    /// A list of floats.
    pub fn floats(value: Vec<f32>) -> Self {
        Self { kind: Some(Kind::Float(FloatList { value })) }
    }

    /// A list of integers.
    pub fn integers(value: Vec<i64>) -> Self {
        Self { kind: Some(Kind::Int64(Int64List { value })) }
    }

    /// What the list holds, in words.
    pub(crate) fn kind_name(&self) -> &'static str {
        match &self.kind {
            None => "an empty list",
            Some(Kind::Bytes(_)) => "a list of bytes",
            Some(Kind::Float(_)) => "a list of floats",
            Some(Kind::Int64(_)) => "a list of integers",
        }
    }
}

#[cfg(test)]
mod tests {
    use prost::Message;

    use super::*;

    /// Encoded by hand: tag byte = field number · 8 + 2 (length-delimited).
    #[test]
    fn bytes_are_tensorflows() {
        let example = Example::new([("id".to_owned(), Feature::bytes(vec![b"7".to_vec()]))]);
        let list = [0x0a, 1, b'7']; // BytesList.value = "7"
        let feature = [&[0x0a, 3], &list[..]].concat(); // Feature.bytes_list
        let entry = [&[0x0a, 2, b'i', b'd', 0x12, 5], &feature[..]].concat(); // key, value
        let features = [&[0x0a, 11], &entry[..]].concat(); // Features.feature
        assert_eq!(example.encode_to_vec(), [&[0x0a, 13], &features[..]].concat());
    }

    #[test]
    fn integers_are_read_packed_and_unpacked() {
        let packed = Int64List::decode(&[0x0a, 2, 5, 6][..]).unwrap();
        let unpacked = Int64List::decode(&[0x08, 5, 0x08, 6][..]).unwrap();
        assert_eq!((packed.value, unpacked.value), (vec![5, 6], vec![5, 6]));
    }

    #[test]
    fn byte_strings_are_parts_of_what_is_decoded() {
        let bytes = Bytes::from(Feature::bytes(vec![b"first".to_vec(), b"second".to_vec()]).encode_to_vec());
        let Some(Kind::Bytes(list)) = Feature::decode(bytes.clone()).unwrap().kind else { panic!("a list of bytes") };
        assert_eq!(list.value, [&b"first"[..], b"second"]);
        let range = bytes.as_ptr_range();
        assert!(list.value.iter().all(|value| range.contains(&value.as_ptr())));
    }

    #[test]
    fn cut_and_changed_bytes_fail_the_same_whether_shared_or_copied() {
        let features = [("id", Feature::bytes(vec![b"7".to_vec()])), ("tag", Feature::integers(vec![5, 300]))];
        let bytes = Example::new(features.map(|(name, feature)| (name.to_owned(), feature))).encode_to_vec();
        for at in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[at] ^= 0xff;
            for hostile in [bytes[..at].to_vec(), changed] {
                let copied = Example::decode(&hostile[..]);
                assert_eq!(Example::decode(Bytes::from(hostile)), copied, "byte {at}");
            }
        }
    }

    #[test]
    fn empty_list_keeps_its_kind() {
        let feature = Feature::integers(Vec::new());
        assert_eq!(Feature::decode(&feature.encode_to_vec()[..]).unwrap(), feature);
        assert_ne!(feature, Feature { kind: None });
    }
}
