//! What a step of ALBEF keeps in memory for its backward pass, estimated: the inputs of its operations, in numbers of four
//! bytes. Temporary values of a single operation are left out, but for the widest gradients.

use tuwen_encoder::albef::AlbefConfig;

use super::{Savings, Stage, StepSize};
use crate::part::{Part, kept_by_layer, passing_through, present};

/// The numbers that a step of `stage` keeps, part by part.
pub fn kept_parts(config: &AlbefConfig, stage: &Stage, size: StepSize, savings: &Savings) -> Vec<Part> {
    let (vision, text) = (&config.vision, &config.text);
    let (batch, patches) = (size.batch as u64, vision.patches() as u64);
    let rows = if savings.packed_texts.is_on() { size.real as u64 } else { (size.batch * size.tokens) as u64 };
    let image_rows = batch * (patches + 1);
    let pixels = batch * patches * 3 * (vision.patch_size * vision.patch_size) as u64;
    let image = pixels
        + vision.num_hidden_layers as u64
            * kept_by_layer([image_rows; 2], vision.hidden_size, vision.intermediate_size);
    let texts = 1 + u64::from(stage.mlm.is_some());
    let (text_rows, places) = (texts * rows, texts * (size.batch * size.tokens) as u64);
    let text_layers = text_rows * text.hidden_size as u64
        + text.text_layers as u64 * kept_by_layer([text_rows, places], text.hidden_size, text.intermediate_size);
    let keys = batch * (size.batch + stage.queue()) as u64;
    let alignment =
        2 * batch * (vision.hidden_size + text.hidden_size) as u64 + if stage.ita.is_some() { 4 * keys } else { 0 };
    let masked = if savings.masked_positions.is_on() { size.masked } else { size.batch * size.tokens } as u64;
    let words = masked * (4 * text.hidden_size + 2 * text.vocab_size) as u64;
    let (matching, filled) = (if stage.itm.is_some() { 3 } else { 0 }, u64::from(stage.mlm.is_some()));
    let passing = passing_through(image_rows, vision.hidden_size, vision.intermediate_size).max(passing_through(
        rows * (matching + filled).max(texts),
        text.hidden_size,
        text.intermediate_size,
    ));
    present(&[
        ("batch", 3 * batch * (vision.image_size * vision.image_size) as u64),
        ("image encoder", image),
        ("text encoder", text_layers),
        ("alignment", alignment),
        ("fusion", fused(config, stage, (size, rows), savings)),
        ("masked words", if stage.mlm.is_some() { words } else { 0 }),
        ("gradients in passing", passing),
    ])
}

/// The passes through the fusion layers: three for matching, one for masked words.
fn fused(config: &AlbefConfig, stage: &Stage, (size, rows): (StepSize, u64), savings: &Savings) -> u64 {
    let text = &config.text;
    let (hidden, batch) = (text.hidden_size as u64, size.batch as u64);
    let (tokens, places) = (batch * (config.vision.patches() as u64 + 1), batch * size.tokens as u64);
    // A layer with cross-attention keeps its query, its mixture and a norm's input and output besides.
    let layer = |rows: u64, places: u64| {
        kept_by_layer([rows, places], text.hidden_size, text.intermediate_size) + (3 * rows + places) * hidden
    };
    let image = |passes: u64| 2 * passes * tokens * hidden;
    let (matching, words) = (if stage.itm.is_some() { 3 } else { 0 }, u64::from(stage.mlm.is_some()));
    let passes = matching + words;
    if passes == 0 {
        return 0;
    }
    // Where the passes are put together, what they are put together from is there too: the batch's own images, and those
    // drawn for texts.
    let parts = if savings.one_batch.is_on() { 2 } else { 0 };
    let below = (text.fusion_layers as u64 - 1) * (layer(passes * rows, passes * places) + image(passes + parts));
    let last = if savings.matching_cls.is_on() {
        // The states of all tokens with their keys and values, and one token's way through the layer.
        3 * matching * places * hidden + layer(matching * batch, matching * batch)
    } else {
        layer(matching * rows, matching * places)
    };
    let own = if savings.one_batch.is_on() { 0 } else { image(1) };
    let words = words * (layer(rows, places) + own);
    tokens * config.vision.hidden_size as u64 + below + last + image(matching + parts) + words
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::albef::by_hand::{SIZE, tiny};
    use crate::albef::{ItaLoss, ItaStage, ItmStage, MlmStage};

    fn kept(stage: &Stage) -> Vec<(&'static str, u64)> {
        let parts = kept_parts(&tiny(), stage, SIZE, &Savings::default());
        parts.into_iter().map(|part| (part.name, part.amount)).collect()
    }

    #[test]
    fn alignment_alone_by_hand() {
        let ita = ItaStage { weight: 1.0, loss: ItaLoss::Queue(8) };
        let stage = Stage { steps: None, ita: Some(ita), itm: None, mlm: None, alpha: None };
        // 2 pictures of 4 patches of 12 values, then 10 tokens of 8·2 + 2·5; 5 words of 2, then 5·2 + 2·3 in the layer, and
        // query, key and value at 6 places; 2 + 8 keys for each of 2 pairs, both ways, scores and targets.
        let (image, text) = (2 * 4 * 12 + 10 * (8 * 2 + 2 * 5), 5 * 2 + 5 * (5 * 2 + 2 * 3) + 6 * 3 * 2);
        let alignment = 2 * 2 * (2 + 2) + 4 * 2 * (2 + 8);
        let [batch, passing] = [2 * 3 * 4 * 4, 10 * (4 * 2 + 2 * 5)];
        let expected = [
            ("batch", batch),
            ("image encoder", image),
            ("text encoder", text),
            ("alignment", alignment),
            ("gradients in passing", passing),
        ];
        assert_eq!(kept(&stage), expected);
    }

    #[test]
    fn matching_and_words_by_hand() {
        let (itm, mlm) = (ItmStage { weight: 1.0, hardness: 1.0 }, MlmStage { weight: 1.0 });
        let stage = Stage { steps: None, ita: None, itm: Some(itm), mlm: Some(mlm), alpha: None };
        let parts = kept(&stage);
        // One fusion layer, the last. Matching: 3 passes of 2 texts of 3 tokens with keys and values, 6 `[CLS]` through a
        // layer of 12·2 + 2·3, 3 + 2 times 10 image tokens as keys and values. Words: 5 tokens of 8·2 + 2·3, 6 places of 4·2.
        let expected = 10 * 2 + (3 * 6 * 3 * 2 + 6 * (12 * 2 + 2 * 3) + 50 * 2 * 2) + (5 * (8 * 2 + 2 * 3) + 6 * 4 * 2);
        assert!(parts.contains(&("fusion", expected)), "{parts:?}, expected {expected}");
        assert!(parts.contains(&("masked words", 4 * 2 + 2 * 7)), "{parts:?}");
    }
}
