//! Operations of a sample, nothing saved: the same count for everyone who is compared. Matrix products alone, 2 for a
//! multiplication and an addition, the backward pass at twice the forward.

use tuwen_encoder::albef::AlbefConfig;
use tuwen_encoder::unibert::UniBertConfig;
use tuwen_train::albef::{Savings, Stage, StepSize, step_flops};

/// ALBEF: every pass by itself, the vocabulary at every position, the similarities with the queue.
pub(super) fn albef(config: &AlbefConfig, stage: &Stage, alpha: f64, [batch, tokens]: [usize; 2]) -> f64 {
    let size = StepSize { batch, tokens, real: batch * tokens, masked: batch * tokens };
    let passes = step_flops(config, stage, alpha, size, &Savings::NONE) as f64 / batch as f64;
    // Both ways; forward and the gradient of the own features, and the momentum encoder's once.
    let similarities = 2 * 2 * config.embedding_size * (batch + stage.queue());
    passes + 3.0 * similarities as f64
}

/// The sizes of a batch of clips.
#[derive(Clone, Copy, Debug)]
pub(super) struct ClipSizes {
    pub(super) batch: usize,
    pub(super) tokens: usize,
    pub(super) frames: usize,
    pub(super) tags: usize,
}

/// UniBERT: `passes` through the encoder; the word head at every position of the sequence, as the reference has it.
pub(super) fn unibert(config: &UniBertConfig, sizes: ClipSizes, passes: usize) -> f64 {
    let [hidden, inner, layers, words, width] =
        [config.hidden_size, config.intermediate_size, config.num_hidden_layers, config.vocab_size, config.frame_dim]
            .map(|size| size as f64);
    let (frames, length) = (sizes.frames as f64, (sizes.frames + sizes.tokens) as f64);
    let layer = 8.0 * length * hidden * hidden + 4.0 * length * length * hidden + 4.0 * length * hidden * inner;
    let word_head = 2.0 * length * hidden * (hidden + words);
    let frame_head = 2.0 * frames * hidden * (hidden + width);
    let all_frames = 2.0 * sizes.batch as f64 * frames * frames * width;
    let projection = 2.0 * frames * width * hidden;
    let tags = 2.0 * hidden * sizes.tags as f64;
    // Frames themselves get no gradient.
    3.0 * (passes as f64 * layers * layer + word_head + frame_head + tags) + 2.0 * (all_frames + projection)
}

#[cfg(test)]
mod tests {
    use super::*;
    use tuwen_train::{Recipe, find_recipe};

    #[test]
    fn albef_base_is_300_gflop() {
        let Recipe::Albef(recipe) = find_recipe("albef-base", &[], &[]).unwrap() else { panic!("it is an ALBEF") };
        let count = albef(&recipe.model.encoder, &recipe.stages[0], 0.4, [64, 30]);
        assert!((count / 300.1e9 - 1.0).abs() < 5e-3, "{count:e}");
    }

    #[test]
    fn unibert_large_is_135_gflop_with_36_tokens_and_587_with_256() {
        let recipe = find_recipe("unibert-large", &[], &[]).unwrap().unibert().unwrap();
        for (tokens, expected) in [(36, 135.4e9), (256, 587.1e9)] {
            let count = unibert(&recipe.model.encoder, ClipSizes { batch: 128, tokens, frames: 32, tags: 10_000 }, 1);
            assert!((count / expected - 1.0).abs() < 2e-3, "{tokens} tokens: {count:e}");
        }
    }
}
