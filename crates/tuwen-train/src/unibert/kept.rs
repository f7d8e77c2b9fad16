//! What a step of UniBERT keeps in memory for its backward pass, estimated: the inputs of its operations, in numbers of
//! four bytes. Temporary values of a single operation are left out, but for the widest gradients.

use super::flops::ClipSize;
use super::plan::Plan;
use super::recipe::Recipe;
use crate::part::{Part, kept_by_layer, passing_through, present};

/// The numbers that a step of `recipe` keeps, part by part.
pub fn kept_parts(recipe: &Recipe, size: ClipSize) -> Vec<Part> {
    let (config, tasks) = (&recipe.model.encoder, &recipe.tasks);
    let (hidden, passes) = (config.hidden_size as u64, Plan::of(tasks).0.len() as u64);
    let (batch, width) = (size.batch as u64, config.frame_dim as u64);
    let (rows, frames) = (batch * (size.tokens + size.frames) as u64, batch * size.frames as u64);
    let layers =
        config.num_hidden_layers as u64 * kept_by_layer([rows; 2], config.hidden_size, config.intermediate_size);
    let masked = size.masked_frames as u64;
    // The head's input and its inner values, the predicted frames, their scores with all frames, the frames themselves.
    let compared = masked * (4 * hidden + 2 * width + 2 * frames) + frames * width;
    present(&[
        ("encoder", passes * layers),
        ("embeddings", passes * rows * hidden),
        // As they are, with some hidden, and beside other titles.
        ("batch", 3 * frames * width),
        (
            "masked words",
            tasks.mlm.as_ref().map_or(0, |_| size.masked_tokens as u64 * (4 * hidden + 2 * config.vocab_size as u64)),
        ),
        ("masked frames", tasks.mfm.as_ref().map_or(0, |_| compared)),
        ("gradients in passing", passing_through(rows, config.hidden_size, config.intermediate_size)),
        ("tags", tasks.tag.as_ref().map_or(0, |_| 2 * batch * size.tags as u64)),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::find_recipe;

    #[test]
    fn a_step_by_hand() {
        let recipe = find_recipe("unibert-tiny", &[], &[]).unwrap().unibert().unwrap();
        let size = ClipSize { batch: 2, tokens: 3, frames: 4, masked_tokens: 1, masked_frames: 3, tags: 6 };
        let parts: Vec<(&str, u64)> = kept_parts(&recipe, size).iter().map(|part| (part.name, part.amount)).collect();
        // Width 64, 256 inside, 4 layers, 2,725 words, frames of 768 values; two passes of 14 places, 8 of them frames.
        let expected = [
            ("encoder", 2 * 4 * 14 * (8 * 64 + 2 * 256)),
            ("embeddings", 2 * 14 * 64),
            ("batch", 3 * 8 * 768),
            ("masked words", 4 * 64 + 2 * 2725),
            ("masked frames", 3 * (4 * 64 + 2 * 768 + 2 * 8) + 8 * 768),
            ("gradients in passing", 14 * (4 * 64 + 2 * 256)),
            ("tags", 2 * 2 * 6),
        ];
        assert_eq!(parts, expected);
    }
}
