//! Pictures and texts of a batch on a device, and the classes that a model gives them.

use burn::tensor::activation::softmax;
use burn::tensor::{Device, Int, Tensor};
use tuwen_eval::GivenAnswer;
use tuwen_text::TextInput;
use tuwen_vision::PixelPlanes;

use crate::albef::downstream::Texts;
use crate::albef::pixel_tensor;
use crate::objective::given;

/// Answers that are shown.
const SHOWN: usize = 3;

/// Pictures `[B, 3, R, R]`, normalised, with a text each; at least one.
pub(super) fn asked<'a>(
    rows: impl Iterator<Item = (&'a PixelPlanes, &'a TextInput)>,
    pad: u32,
    device: &Device,
) -> (Tensor<4>, Texts) {
    let (pixels, texts): (Vec<&PixelPlanes>, Vec<&TextInput>) = rows.unzip();
    (pixel_tensor(&pixels, device), Texts::new(&texts, pad, device))
}

/// Numbers `[N]` on a device.
pub(super) fn numbers(values: impl Iterator<Item = u32>, device: &Device) -> Tensor<1, Int> {
    let values: Vec<i32> = values.map(|value| value as i32).collect();
    Tensor::from_ints(values.as_slice(), device)
}

/// The classes of each row of logits `[B, C]`, likeliest first, with their names and probabilities.
pub(super) fn class_answers(logits: Tensor<2>, names: &[&str]) -> Vec<Vec<(usize, GivenAnswer)>> {
    let [_, classes] = logits.dims();
    let probabilities: Vec<f32> = softmax(logits, 1).into_data().iter::<f32>().collect();
    let row = |row: &[f32]| {
        let mut order: Vec<usize> = (0..row.len()).collect();
        order.sort_by(|&a, &b| row[b].total_cmp(&row[a]));
        order.truncate(SHOWN);
        order.into_iter().map(|class| (class, given(names[class], f64::from(row[class])))).collect()
    };
    probabilities.chunks(classes.max(1)).map(row).collect()
}
