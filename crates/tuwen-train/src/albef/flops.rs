//! What a step computes, counted: two floating-point operations for each multiplication with its addition, in matrix
//! products alone; a backward pass costs twice its forward pass.

use tuwen_encoder::VitConfig;
use tuwen_encoder::albef::{AlbefConfig, TextConfig};

use super::{Savings, Stage};
use crate::part::{Part, attention, present, product};

/// The sizes of a batch.
#[derive(Clone, Copy, Debug)]
pub struct StepSize {
    /// B.
    pub batch: usize,
    /// L.
    pub tokens: usize,
    /// Tokens of the whole batch that are no padding.
    pub real: usize,
    /// Masked tokens of the whole batch.
    pub masked: usize,
}

/// The operations of one step of `stage` with soft targets of weight `alpha`.
pub fn step_flops(config: &AlbefConfig, stage: &Stage, alpha: f64, size: StepSize, savings: &Savings) -> u64 {
    Part::sum(&step_parts(config, stage, alpha, size, savings))
}

/// The operations of [`step_flops`], part by part.
pub fn step_parts(config: &AlbefConfig, stage: &Stage, alpha: f64, size: StepSize, savings: &Savings) -> Vec<Part> {
    let rows = if savings.packed_texts.is_on() { size.real } else { size.batch * size.tokens };
    let cost = Cost { vision: &config.vision, text: &config.text, size, rows };
    let (batch, words) = (size.batch as u64, stage.mlm.is_some());
    let texts = batch * (1 + u64::from(words));
    let projections = cost.projections(batch, config.embedding_size);
    let mut teacher = 0;
    if stage.needs_teacher() {
        let asked = words && (alpha > 0.0 || !savings.idle_teacher.is_on());
        teacher += cost.image(batch) + cost.text(batch * (1 + u64::from(asked))) + projections;
        if asked {
            teacher += cost.memory(batch) + config.text.fusion_layers as u64 * cost.fusion(batch) + cost.words(savings);
        }
    }
    present(&[
        ("image encoder", 3 * cost.image(batch)),
        ("text encoder", 3 * cost.text(texts)),
        ("projections", 3 * projections),
        ("fusion", 3 * cost.fused(stage, savings)),
        ("masked words", if words { 3 * cost.words(savings) } else { 0 }),
        ("momentum encoder", teacher),
    ])
}

struct Cost<'a> {
    vision: &'a VitConfig,
    text: &'a TextConfig,
    size: StepSize,
    /// Tokens of the batch that are computed. Texts that are drawn as negatives are taken to be as long as the others.
    rows: usize,
}

impl Cost<'_> {
    fn image(&self, batch: u64) -> u64 {
        let VitConfig { patch_size, hidden_size: width, intermediate_size, num_hidden_layers, .. } = *self.vision;
        let patches = self.vision.patches();
        let rows = batch * (patches as u64 + 1);
        let layer = product(rows, width, 4 * width)
            + attention(rows, patches + 1, width)
            + 2 * product(rows, width, intermediate_size);
        product(batch * patches as u64, 3 * patch_size * patch_size, width) + num_hidden_layers as u64 * layer
    }

    fn text(&self, batch: u64) -> u64 {
        self.text.text_layers as u64 * self.text_layer(batch)
    }

    /// Rows of `batch` texts.
    fn rows(&self, batch: u64) -> u64 {
        batch * self.rows as u64 / self.size.batch as u64
    }

    fn text_layer(&self, batch: u64) -> u64 {
        let (hidden, rows) = (self.text.hidden_size, self.rows(batch));
        product(rows, hidden, 4 * hidden)
            + attention(batch * self.size.tokens as u64, self.size.tokens, hidden)
            + 2 * product(rows, hidden, self.text.intermediate_size)
    }

    fn projections(&self, batch: u64, size: usize) -> u64 {
        product(batch, self.vision.hidden_size, size) + product(batch, self.text.hidden_size, size)
    }

    /// All passes through the fusion layers: three for matching, one for masked words.
    fn fused(&self, stage: &Stage, savings: &Savings) -> u64 {
        let (batch, words) = (self.size.batch as u64, u64::from(stage.mlm.is_some()));
        let matching = if stage.itm.is_some() { 3 * batch } else { 0 };
        let passes = matching / batch + words;
        if passes == 0 {
            return 0;
        }
        let shared = savings.shared_image_memory.is_on();
        let below = (self.text.fusion_layers as u64 - 1) * self.fusion(matching + words * batch);
        let last = if savings.matching_cls.is_on() { self.fusion_cls(matching) } else { self.fusion(matching) };
        self.memory(if shared { batch } else { passes * batch }) + below + last + words * self.fusion(batch)
    }

    /// Keys and values of all fusion layers.
    fn memory(&self, batch: u64) -> u64 {
        let rows = batch * (self.vision.patches() as u64 + 1);
        self.text.fusion_layers as u64 * product(rows, self.vision.hidden_size, 2 * self.text.hidden_size)
    }

    fn fusion(&self, batch: u64) -> u64 {
        let (hidden, queries) = (self.text.hidden_size, batch * self.size.tokens as u64);
        let cross =
            product(self.rows(batch), hidden, 2 * hidden) + attention(queries, self.vision.patches() + 1, hidden);
        self.text_layer(batch) + cross
    }

    /// A fusion layer at `[CLS]` alone; keys and values of self-attention are still those of all tokens.
    fn fusion_cls(&self, batch: u64) -> u64 {
        let (hidden, rows) = (self.text.hidden_size, batch * self.size.tokens as u64);
        product(rows, hidden, 2 * hidden)
            + product(batch, hidden, 4 * hidden)
            + attention(batch, self.size.tokens + self.vision.patches() + 1, hidden)
            + 2 * product(batch, hidden, self.text.intermediate_size)
    }

    fn words(&self, savings: &Savings) -> u64 {
        let masked =
            if savings.fixed_shapes.is_on() { self.size.masked.next_multiple_of(32) } else { self.size.masked };
        let all = self.size.batch * self.size.tokens;
        let rows = if savings.masked_positions.is_on() { masked } else { all };
        product(rows as u64, self.text.hidden_size, self.text.hidden_size + self.text.vocab_size)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::albef::by_hand::{SIZE, tiny};
    use crate::albef::{ItmStage, MlmStage, Saving};

    #[test]
    fn the_image_encoder_by_hand() {
        // 2 pictures of 4 patches of 12 values; then 5 tokens: query, key, value and output 2·8, feed-forward 2·2·5.
        let expected = 2 * 8 * 12 * 2 + 2 * 10 * 2 * 8 + 4 * 10 * 5 * 2 + 2 * 2 * 10 * 2 * 5;
        let config = tiny();
        assert_eq!(Cost { vision: &config.vision, text: &config.text, size: SIZE, rows: 6 }.image(2), expected);
    }

    #[test]
    fn what_is_saved_is_what_is_not_computed() {
        let config = tiny();
        let stage = Stage {
            steps: None,
            ita: None,
            itm: Some(ItmStage { weight: 1.0, hardness: 1.0 }),
            mlm: Some(MlmStage { weight: 1.0 }),
            alpha: None,
        };
        let count = |savings: Savings| step_flops(&config, &stage, 0.0, SIZE, &savings);
        let none = Savings { fixed_shapes: Saving::Off, ..Savings::default() };
        // The vocabulary meets 1 masked token instead of 6: 5 rows of 2·(2 + 7), forward and backward.
        let all_rows = Savings { masked_positions: Saving::Off, ..none };
        assert_eq!(count(all_rows) - count(none), 3 * 2 * 5 * 2 * (2 + 7));
        // One padded token of six: in each of 2 texts and 4 fused texts … of a batch, that is 1 row of 2·4 + 3·2 + 2·4.
        let padded = Savings { packed_texts: Saving::Off, ..none };
        let (text_row, cross_row) = (2 * 2 * (4 * 2 + 2 * 3), 2 * 2 * 2 * 2);
        // The only fusion layer is the last: matching computes `[CLS]` alone there, whose keys are those of all tokens.
        assert_eq!(count(padded) - count(none), 3 * (2 * text_row + text_row + cross_row));
        // Four passes project 10 tokens to keys and values (2·4) once, not four times.
        let apart = Savings { shared_image_memory: Saving::Off, ..none };
        assert_eq!(count(apart) - count(none), 3 * 3 * 2 * 10 * 2 * 4);
    }
}
