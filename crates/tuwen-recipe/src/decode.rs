//! From the tree to the schema's types, with the way to each value kept for errors.

use serde::de::{Deserialize, DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Unexpected, Visitor};

use crate::decode_enum::Choice;
use crate::decode_key::KeyDecoder;
use crate::fault::{Fault, Reason};
use crate::key::Step;
use crate::node::{Asked, Node, Value, parse_float};
use crate::wording::expected_type;

/// The recipe in `root`.
pub(crate) fn decode<'a, T: Deserialize<'a>>(root: &'a Node) -> Result<T, Fault> {
    T::deserialize(Decoder(root))
}

/// Hands one value to serde.
#[derive(Clone, Copy)]
pub(crate) struct Decoder<'a>(pub(crate) &'a Node);

impl<'a> Decoder<'a> {
    fn visit<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Fault> {
        match &self.0.value {
            Value::String(text) => visitor.visit_borrowed_str(text),
            Value::Integer(number) => visit_integer(*number, visitor),
            Value::Float(text) => visitor.visit_f64(parse_float(text)),
            Value::Boolean(truth) => visitor.visit_bool(*truth),
            Value::Datetime(_) => Err(Fault::invalid_type(Unexpected::Other(&self.0.describe()), &visitor)),
            Value::Array(items) => visit_array(items, visitor),
            Value::Table(table) => visitor.visit_map(Entries::new(&table.entries, None)),
        }
    }
}

fn visit_integer<'a, V: Visitor<'a>>(number: i128, visitor: V) -> Result<V::Value, Fault> {
    if let Ok(number) = i64::try_from(number) {
        return visitor.visit_i64(number);
    }
    if let Ok(number) = u64::try_from(number) {
        return visitor.visit_u64(number);
    }
    // Serde's narrower types would report a wrong type here.
    let too_wide = Fault::invalid_value(Unexpected::Other(&format!("the number {number}")), &visitor);
    visitor.visit_i128(number).map_err(|_: Fault| too_wide)
}

fn visit_array<'a, V: Visitor<'a>>(items: &'a [Node], visitor: V) -> Result<V::Value, Fault> {
    let too_long = Fault::invalid_length(items.len(), &visitor);
    let mut entries = Items { items: items.iter().enumerate() };
    let value = visitor.visit_seq(&mut entries)?;
    // A tuple stops reading when it is full.
    if entries.items.len() == 0 { Ok(value) } else { Err(too_long) }
}

macro_rules! visit {
    ($($method:ident)*) => {
        $(fn $method<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Fault> {
            self.visit(visitor)
        })*
    };
}

impl<'a> Deserializer<'a> for Decoder<'a> {
    type Error = Fault;

    visit! {
        deserialize_bool deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64 deserialize_i128
        deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64 deserialize_u128 deserialize_f64
        deserialize_char deserialize_str deserialize_string deserialize_bytes deserialize_byte_buf deserialize_unit
        deserialize_seq deserialize_map deserialize_identifier
    }

    fn deserialize_any<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Fault> {
        self.0.asked.set(Asked::Untyped);
        match &self.0.value {
            Value::Datetime(date) => visitor.visit_string(date.to_string()),
            _ => self.visit(visitor),
        }
    }

    fn deserialize_ignored_any<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Fault> {
        self.0.asked.set(Asked::Untyped);
        visitor.visit_unit()
    }

    /// From the text: by way of an `f64` some numbers (7.038531e-26) would be rounded twice.
    fn deserialize_f32<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Fault> {
        let Value::Float(text) = &self.0.value else { return self.visit(visitor) };
        match text.parse::<f32>() {
            Ok(number) if number.is_finite() || !parse_float(text).is_finite() => visitor.visit_f32(number),
            _ => Err(Fault::invalid_value(Unexpected::Float(parse_float(text)), &"f32")),
        }
    }

    fn deserialize_option<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_some(self)
    }

    fn deserialize_unit_struct<V: Visitor<'a>>(self, _: &'static str, visitor: V) -> Result<V::Value, Fault> {
        self.visit(visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'a>>(self, _: &'static str, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_tuple<V: Visitor<'a>>(self, _: usize, visitor: V) -> Result<V::Value, Fault> {
        self.visit(visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'a>>(self, _: &str, _: usize, visitor: V) -> Result<V::Value, Fault> {
        self.visit(visitor)
    }

    fn deserialize_struct<V: Visitor<'a>>(
        self,
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        let wrong_type = Fault::invalid_type(Unexpected::Other(&self.0.describe()), &visitor);
        match &self.0.value {
            Value::Table(table) => visitor.visit_map(Entries::new(&table.entries, Some(fields))),
            // TOML's own date type is a struct under a private name; its own deserializer knows that name.
            Value::Datetime(date) => {
                toml::Value::Datetime(*date).deserialize_struct(name, fields, visitor).map_err(|_| wrong_type)
            }
            // Serde would take an array for a struct, its entries in the order of the fields.
            _ => Err(wrong_type),
        }
    }

    fn deserialize_enum<V: Visitor<'a>>(
        self,
        _: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        visitor.visit_enum(Choice::new(self.0, variants)?)
    }
}

struct Items<'a> {
    items: std::iter::Enumerate<std::slice::Iter<'a, Node>>,
}

impl<'a> SeqAccess<'a> for &mut Items<'a> {
    type Error = Fault;

    fn next_element_seed<T: DeserializeSeed<'a>>(&mut self, seed: T) -> Result<Option<T::Value>, Fault> {
        let Some((index, node)) = self.items.next() else { return Ok(None) };
        seed.deserialize(Decoder(node)).map(Some).map_err(|fault| fault.within(Step::Index(index)))
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.items.len())
    }
}

/// The entries of a table, and the names that its struct knows.
pub(crate) struct Entries<'a> {
    entries: std::slice::Iter<'a, (String, Node)>,
    current: Option<&'a (String, Node)>,
    known: Option<&'static [&'static str]>,
}

impl<'a> Entries<'a> {
    pub(crate) fn new(entries: &'a [(String, Node)], known: Option<&'static [&'static str]>) -> Self {
        Self { entries: entries.iter(), current: None, known }
    }
}

impl<'a> MapAccess<'a> for Entries<'a> {
    type Error = Fault;

    fn next_key_seed<K: DeserializeSeed<'a>>(&mut self, seed: K) -> Result<Option<K::Value>, Fault> {
        self.current = self.entries.next();
        let Some((name, _)) = self.current else { return Ok(None) };
        match self.known {
            Some(known) if !known.contains(&name.as_str()) => {
                Err(Fault::new(Reason::UnknownKey { key: name.clone(), known: Some(known) }))
            }
            _ => seed.deserialize(KeyDecoder(name)).map(Some).map_err(|fault| refused_key(name, fault.reason)),
        }
    }

    fn next_value_seed<T: DeserializeSeed<'a>>(&mut self, seed: T) -> Result<T::Value, Fault> {
        let (name, node) = self.current.take().ok_or_else(|| Fault::custom("a value was asked for before its key"))?;
        seed.deserialize(Decoder(node)).map_err(|fault| fault.within(Step::Name(name.clone())))
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.entries.len())
    }
}

/// A map refuses the key itself: what serde says of a value is about a name here.
fn refused_key(name: &str, reason: Reason) -> Fault {
    match reason {
        Reason::UnknownName { name, known } => Fault::new(Reason::UnknownKey { key: name, known: Some(known) }),
        Reason::WrongType { found, expected } => {
            let message = format!("the key is {found}, expected {}", expected_type(&expected));
            Fault::new(Reason::Other { message }).within(Step::Name(name.to_owned()))
        }
        other => Fault::new(other),
    }
}
