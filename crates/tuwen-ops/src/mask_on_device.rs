//! Dropout masks drawn where the tensor is: the same numbers as on the host, by Burn's operations on whole numbers.

use burn::tensor::{DType, Device, Int, Tensor};
use tuwen_random::Draws;

/// The low 32 bits, which are all that a word of the cipher has.
const WORD: i64 = 0xFFFF_FFFF;
const MULTIPLIERS: [i64; 2] = [0xD251_1F53, 0xCD9E_8D57];
const KEY_STEPS: [u32; 2] = [0x9E37_79B9, 0xBB67_AE85];

type Words = Tensor<1, Int>;

/// `1 / (1 − rate)` where an element is kept and 0 where it is dropped, of shape `dims`. Nothing is uploaded, so that a
/// device that is ahead of the host is not held up.
pub(crate) fn mask<const D: usize>(draws: &Draws, rate: f64, dims: [usize; D], device: &Device) -> Tensor<D> {
    let count: usize = dims.iter().product();
    let blocks = count.div_ceil(4);
    let threshold = i64::from((rate * f64::from(u32::MAX)) as u32);
    // Word 0 of all blocks, then word 1 …: put side by side, they are in the order of the elements.
    let words = blocks_of(draws, blocks, device).map(|word| word.unsqueeze_dim::<2>(1));
    let bits: Tensor<1, Int> = Tensor::cat(words.to_vec(), 1).reshape([4 * blocks]);
    let kept = bits.narrow(0, 0, count).greater_equal_elem(threshold);
    kept.float().mul_scalar(1.0 / (1.0 - rate)).reshape(dims)
}

/// [`Draws::block`] of the positions below `blocks`: its four words, `[blocks]` each.
fn blocks_of(draws: &Draws, blocks: usize, device: &Device) -> [Words; 4] {
    let (mut key, sample) = draws.words();
    let position = Words::arange(0..blocks as i64, (device, DType::I64));
    let constant = |word: u32| position.zeros_like().add_scalar(i64::from(word));
    let mut counter = [low(position.clone()), high(position.clone()), constant(sample[0]), constant(sample[1])];
    for _ in 0..10 {
        let [a, b, c, d] = counter;
        let products = [a.mul_scalar(MULTIPLIERS[0]), c.mul_scalar(MULTIPLIERS[1])];
        let [first, second] = products.map(|product| (high(product.clone()), low(product)));
        counter = [mixed(second.0, b, key[0]), second.1, mixed(first.0, d, key[1]), first.1];
        key = [key[0].wrapping_add(KEY_STEPS[0]), key[1].wrapping_add(KEY_STEPS[1])];
    }
    counter
}

fn mixed(word: Words, other: Words, key: u32) -> Words {
    word.bitwise_xor(other).bitwise_xor_scalar(i64::from(key))
}

fn low(product: Words) -> Words {
    product.bitwise_and_scalar(WORD)
}

/// The upper half of a product of two words. It fills all 64 bits, the sign too, which the shift copies and the mask removes.
fn high(product: Words) -> Words {
    product.bitwise_right_shift_scalar(32).bitwise_and_scalar(WORD)
}

#[cfg(test)]
mod tests {
    use super::*;
    use tuwen_random::Stream;

    const STREAM: Stream = Stream::named("test.mask");

    #[test]
    fn blocks_are_those_of_the_host() {
        for (seed, sample) in [(0, 0), (42, 7), (u64::MAX, u64::MAX)] {
            let draws = Draws::new(seed, STREAM, 3, sample);
            let words =
                blocks_of(&draws, 1000, &Device::flex()).map(|word| word.into_data().iter::<i64>().collect::<Vec<_>>());
            for position in [0, 1, 2, 500, 999] {
                let expected = draws.block(position).map(i64::from);
                assert_eq!([0, 1, 2, 3].map(|word: usize| words[word][position as usize]), expected);
            }
        }
    }

    #[test]
    fn masks_are_those_of_the_host() {
        let draws = Draws::new(42, STREAM, 3, 7);
        for dims in [[1, 1], [3, 5], [17, 64]] {
            let drawn: Vec<f32> = mask(&draws, 0.1, dims, &Device::flex()).try_into_vec_as().unwrap();
            assert_eq!(drawn, crate::naive::mask(&draws, 0.1, dims[0] * dims[1]));
        }
    }
}
