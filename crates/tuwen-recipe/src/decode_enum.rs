//! Enums: a variant's bare name, or a table with that name as its only key.

use serde::de::{DeserializeSeed, Deserializer, EnumAccess, Error as _, Unexpected, VariantAccess, Visitor};

use crate::decode::Decoder;
use crate::decode_key::KeyDecoder;
use crate::fault::Fault;
use crate::key::Step;
use crate::node::{Node, Value};
use crate::wording::one_line;

/// The variant that a value names, and its content.
pub(crate) struct Choice<'a> {
    name: &'a str,
    /// `None`: a bare name.
    content: Option<&'a Node>,
}

impl<'a> Choice<'a> {
    pub(crate) fn new(node: &'a Node, variants: &[&str]) -> Result<Self, Fault> {
        let wrong = |found: &str| {
            let expected = format!("one of `{}`", variants.join("`, `"));
            Err(Fault::invalid_type(Unexpected::Other(found), &expected.as_str()))
        };
        match &node.value {
            Value::String(name) => Ok(Self { name, content: None }),
            Value::Table(table) => match table.entries.as_slice() {
                [(name, content)] => Ok(Self { name, content: Some(content) }),
                entries => wrong(&format!("a table of {} keys", entries.len())),
            },
            _ => wrong(&node.describe()),
        }
    }

    /// The content of a variant that has some.
    fn content(&self) -> Result<Decoder<'a>, Fault> {
        let found = format!("the bare name `{}`", one_line(self.name));
        let expected = format!("a table `{{ {} = … }}`", self.name);
        let missing = || Fault::invalid_type(Unexpected::Other(&found), &expected.as_str());
        self.content.map(Decoder).ok_or_else(missing)
    }

    fn within(&self, fault: Fault) -> Fault {
        fault.within(Step::Name(self.name.to_owned()))
    }
}

impl<'a> EnumAccess<'a> for Choice<'a> {
    type Error = Fault;
    type Variant = Self;

    fn variant_seed<V: DeserializeSeed<'a>>(self, seed: V) -> Result<(V::Value, Self), Fault> {
        Ok((seed.deserialize(KeyDecoder(self.name))?, self))
    }
}

impl<'a> VariantAccess<'a> for Choice<'a> {
    type Error = Fault;

    fn unit_variant(self) -> Result<(), Fault> {
        match self.content {
            None => Ok(()),
            Some(_) => {
                let expected = format!("the bare name `{}`", self.name);
                Err(Fault::invalid_type(Unexpected::Other("a table"), &expected.as_str()))
            }
        }
    }

    fn newtype_variant_seed<T: DeserializeSeed<'a>>(self, seed: T) -> Result<T::Value, Fault> {
        seed.deserialize(self.content()?).map_err(|fault| self.within(fault))
    }

    fn tuple_variant<V: Visitor<'a>>(self, length: usize, visitor: V) -> Result<V::Value, Fault> {
        self.content()?.deserialize_tuple(length, visitor).map_err(|fault| self.within(fault))
    }

    fn struct_variant<V: Visitor<'a>>(self, fields: &'static [&'static str], visitor: V) -> Result<V::Value, Fault> {
        self.content()?.deserialize_struct("", fields, visitor).map_err(|fault| self.within(fault))
    }
}
