//! From the bytes of a storage to the numbers of a tensor.

use half::{bf16, f16};

use super::globals::Element;
use super::pickle::Entry;
use crate::{HostIntegers, HostTensor};

/// The numbers of a tensor.
pub(super) enum Numbers {
    Floats(HostTensor),
    Integers(HostIntegers),
}

impl Entry {
    /// How many numbers it has.
    pub(super) fn count(&self) -> Option<u64> {
        self.shape.iter().try_fold(1_u64, |product, &length| product.checked_mul(length))
    }

    /// Why its storage can't fill it, if it can't.
    pub(super) fn fault(&self) -> Option<String> {
        let (count, there) = (self.count(), self.storage.count);
        if self.shape.len() != self.strides.len() {
            return Some(format!("{} lengths and {} strides", self.shape.len(), self.strides.len()));
        }
        // A view that repeats its numbers would let a small file ask for any amount of memory.
        if count.is_none_or(|count| count > there) {
            return Some(format!("its shape {:?} asks for more numbers than the {there} of its storage", self.shape));
        }
        let reach = self.shape.iter().zip(&self.strides).try_fold(self.offset, |reach, (&length, &stride)| {
            reach.checked_add(length.saturating_sub(1).checked_mul(stride)?)
        });
        let within = count == Some(0) || reach.is_some_and(|reach| reach < there);
        (!within).then(|| format!("it reaches beyond the {there} numbers of its storage"))
    }

    /// Its numbers, row-major, from all bytes of its storage. It has no [`Self::fault`].
    pub(super) fn numbers(&self, storage: &[u8]) -> Numbers {
        let shape: Vec<usize> = self.shape.iter().map(|&length| length as usize).collect();
        let element = self.storage.element;
        let at = |index: usize| &storage[index * element.size()..(index + 1) * element.size()];
        let places = self.places();
        match element {
            Element::F64 | Element::F32 | Element::F16 | Element::BF16 => {
                let values = places.map(|index| float(element, at(index))).collect();
                Numbers::Floats(HostTensor { shape, values })
            }
            _ => Numbers::Integers(HostIntegers { shape, values: places.map(|i| integer(element, at(i))).collect() }),
        }
    }

    /// Where in the storage its numbers stand, in row-major order.
    fn places(&self) -> impl Iterator<Item = usize> {
        let count = self.count().unwrap_or(0);
        (0..count).map(|mut index| {
            let mut place = self.offset;
            for (&length, &stride) in self.shape.iter().zip(&self.strides).rev() {
                place += index % length * stride;
                index /= length;
            }
            place as usize
        })
    }
}

fn float(element: Element, bytes: &[u8]) -> f32 {
    match element {
        Element::F16 => f16::from_le_bytes([bytes[0], bytes[1]]).to_f32(),
        Element::BF16 => bf16::from_le_bytes([bytes[0], bytes[1]]).to_f32(),
        Element::F64 => {
            let mut eight = [0; 8];
            eight.copy_from_slice(bytes);
            f64::from_le_bytes(eight) as f32
        }
        _ => f32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]),
    }
}

fn integer(element: Element, bytes: &[u8]) -> i64 {
    let number = bytes.iter().rev().fold(0_u64, |number, &byte| number << 8 | u64::from(byte));
    match element {
        Element::I64 => number as i64,
        Element::I32 => i64::from(number as i32),
        Element::I16 => i64::from(number as i16),
        Element::I8 => i64::from(number as i8),
        _ => number as i64,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::torch::pickle::Storage;

    fn entry(offset: u64, shape: &[u64], strides: &[u64]) -> Entry {
        let storage = Storage { element: Element::F32, key: "0".into(), count: 6 };
        Entry { storage, offset, shape: shape.to_vec(), strides: strides.to_vec() }
    }

    #[test]
    fn a_transposed_view_is_put_in_order() {
        let storage: Vec<u8> = (0..6_u8).flat_map(|value| f32::from(value).to_le_bytes()).collect();
        let view = entry(0, &[3, 2], &[1, 3]);
        assert_eq!(view.fault(), None);
        let Numbers::Floats(tensor) = view.numbers(&storage) else { panic!("no floats") };
        assert_eq!(tensor.values, [0.0, 3.0, 1.0, 4.0, 2.0, 5.0]);
    }

    #[test]
    fn what_a_storage_cannot_fill_is_told() {
        assert!(entry(1, &[6], &[1]).fault().unwrap().contains("reaches beyond the 6 numbers"));
        assert!(entry(0, &[1 << 40, 1 << 40], &[0, 0]).fault().unwrap().contains("more numbers than the 6"));
        assert!(entry(0, &[7], &[0]).fault().unwrap().contains("more numbers than the 6"));
        assert!(entry(0, &[2], &[u64::MAX]).fault().unwrap().contains("reaches beyond"));
        assert_eq!(entry(0, &[2, 3], &[1]).fault().unwrap(), "2 lengths and 1 strides");
    }

    #[test]
    fn every_type_of_number_is_converted() {
        assert_eq!(float(Element::F64, &0.5_f64.to_le_bytes()), 0.5);
        assert_eq!(float(Element::F16, &f16::from_f32(-2.5).to_le_bytes()), -2.5);
        assert_eq!(float(Element::BF16, &bf16::from_f32(3.0).to_le_bytes()), 3.0);
        assert_eq!(integer(Element::I8, &[0xff]), -1);
        assert_eq!(integer(Element::U8, &[0xff]), 255);
        assert_eq!(integer(Element::I64, &(-7_i64).to_le_bytes()), -7);
    }
}
