//! What a step of UniBERT computes, counted: two floating-point operations for each multiplication with its addition, in
//! matrix products alone; a backward pass costs twice its forward pass, and once where the input is data.

use super::plan::Plan;
use super::recipe::{Recipe, TagInput};
use crate::part::{Part, attention, present, product};

/// The sizes of a batch of clips.
#[derive(Clone, Copy, Debug)]
pub struct ClipSize {
    /// B.
    pub batch: usize,
    /// L.
    pub tokens: usize,
    /// T.
    pub frames: usize,
    /// Masked tokens of the whole batch.
    pub masked_tokens: usize,
    /// Masked frames of the whole batch.
    pub masked_frames: usize,
    /// Tags that are known.
    pub tags: usize,
}

/// The operations of one step of `recipe`, part by part.
pub fn step_parts(recipe: &Recipe, size: ClipSize) -> Vec<Part> {
    let (config, tasks) = (&recipe.model.encoder, &recipe.tasks);
    let (hidden, passes) = (config.hidden_size, Plan::of(tasks).0.len() as u64);
    let (batch, length) = (size.batch as u64, size.tokens + size.frames);
    let (rows, frames) = (batch * length as u64, batch * size.frames as u64);
    let layer = product(rows, hidden, 4 * hidden)
        + attention(rows, length, hidden)
        + 2 * product(rows, hidden, config.intermediate_size);
    let words = product(size.masked_tokens as u64, hidden, hidden + config.vocab_size);
    let masked = size.masked_frames as u64;
    let head = product(masked, hidden, hidden + config.frame_dim);
    // The frames that they are compared with are data.
    let compared = product(masked, config.frame_dim, frames as usize);
    let tag_width = |input| if input == TagInput::Cls { hidden } else { recipe.model.embedding_size };
    let embedding = product(batch, hidden, recipe.model.embedding_size);
    let tags = tasks.tag.as_ref().map_or(0, |tag| {
        let pooled = if tag.input == TagInput::Embedding { embedding } else { 0 };
        pooled + product(batch, tag_width(tag.input), size.tags)
    });
    present(&[
        ("encoder", 3 * passes * config.num_hidden_layers as u64 * layer),
        ("frame projection", 2 * passes * product(frames, config.frame_dim, hidden)),
        ("masked words", if tasks.mlm.is_some() { 3 * words } else { 0 }),
        ("masked frames", if tasks.mfm.is_some() { 3 * head + 2 * compared } else { 0 }),
        ("matching", if tasks.itm.is_some() { 3 * product(batch, hidden, 1) } else { 0 }),
        ("tags", 3 * tags),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::find_recipe;
    use tuwen_recipe::Override;

    #[test]
    fn a_small_step_by_hand() {
        let set =
            ["model.encoder.hidden_size=2", "model.encoder.num_attention_heads=1", "model.encoder.num_hidden_layers=1"];
        let more = ["model.encoder.intermediate_size=5", "model.encoder.vocab_size=7"];
        let set: Vec<Override> = set.iter().chain(&more).map(|text| Override::parse(text).unwrap()).collect();
        let recipe = find_recipe("unibert-tiny", &[], &set).unwrap().unibert().unwrap();
        let size = ClipSize { batch: 2, tokens: 3, frames: 4, masked_tokens: 1, masked_frames: 3, tags: 6 };
        let parts: Vec<(&str, u64)> = step_parts(&recipe, size).iter().map(|part| (part.name, part.amount)).collect();
        // Two passes: all tasks but matching share one. 14 places, 7 a clip: query, key, value and output 2·8, attention
        // over 7, feed-forward 2·2·5.
        let layer = 2 * 14 * 2 * 8 + 4 * 14 * 7 * 2 + 2 * 2 * 14 * 2 * 5;
        let expected = [
            ("encoder", 3 * 2 * layer),
            ("frame projection", 2 * 2 * 2 * 8 * 768 * 2),
            ("masked words", 3 * 2 * 2 * (2 + 7)),
            ("masked frames", 3 * (2 * 3 * 2 * (2 + 768)) + 2 * (2 * 3 * 768 * 8)),
            ("matching", 3 * 2 * 2 * 2),
            ("tags", 3 * 2 * 2 * 2 * 6),
        ];
        assert_eq!(parts, expected);
    }
}
