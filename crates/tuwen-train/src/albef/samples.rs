//! What ALBEF makes of a few held-out pairs: hidden words filled in, and where words look at the picture.

use std::path::Path;

use burn::tensor::Tensor;
use tuwen_eval::{heat_map, write_png};
use tuwen_ops::{Dropout, select_rows};
use tuwen_text::Tokenizer;
use tuwen_vision::{Image, PixelPlanes, ResizeFilter, resize};

use super::assemble::Heldout;
use super::grounding::word_maps;
use super::{AlbefPretraining, Assembly, Batch, Example};
use crate::TrainError;
use crate::samples::{FOLDER, SHOWN, Sample, Samples, WordMap, likeliest, tokens};

/// Words of a caption whose maps are drawn.
const MAPS: usize = 3;
/// Small pictures are drawn larger, in whole multiples, up to about so many pixels a side.
const SIDE: u32 = 192;

impl Assembly {
    /// The first held-out pairs. Their pictures go into the folder `samples` of the run's.
    pub(super) fn samples_of(
        &self,
        model: &AlbefPretraining,
        heldout: &Heldout,
        step: u64,
        folder: &Path,
    ) -> Result<Samples, TrainError> {
        let examples: Vec<Example> = heldout.batches.iter().flatten().take(SHOWN).cloned().collect();
        if examples.is_empty() {
            return Ok(Samples { step, samples: Vec::new() });
        }
        let pictures = folder.join(FOLDER);
        std::fs::create_dir_all(&pictures).map_err(|error| TrainError::io(&pictures, error))?;
        let batch = Batch::new(&examples, self.text.tokenizer.special_ids().pad, &model.temperature.val().device());
        let mut answers = self.fill_in(model, &batch).into_iter();
        let maps = self.maps(model, &batch);
        let mut samples = Vec::new();
        for (number, example) in examples.iter().enumerate() {
            let hidden: Vec<_> = answers.by_ref().take(example.masked_text.positions.len()).collect();
            let (image, name) = (shown(&example.pixels)?, format!("{FOLDER}/{number}.png"));
            write_png(folder.join(&name), &image)?;
            samples.push(Sample {
                record: example.id.clone(),
                picture: Some(name),
                tokens: tokens(&self.text.tokenizer, &example.text, &example.masked_text, &hidden),
                maps: match maps.get(number) {
                    Some(maps) => self.draw_maps(example, &image, maps, (folder, number))?,
                    None => Vec::new(),
                },
                frames: Vec::new(),
            });
        }
        Ok(Samples { step, samples })
    }

    /// For each hidden word of the batch the likeliest answers; none where no stage trains that.
    fn fill_in(&self, model: &AlbefPretraining, batch: &Batch) -> Vec<Vec<(usize, f64)>> {
        let trained = self.recipe.trains(|stage| stage.mlm.is_some());
        let Some(labels) = batch.token_labels.as_ref().filter(|_| trained) else { return Vec::new() };
        let (encoder, mask, off) = (&model.encoder, &batch.attention_mask, Dropout::off());
        let memory = encoder.image_memory(&encoder.image_states(batch.pixel_values.clone()));
        let texts = encoder.text_states(batch.masked_ids.clone(), mask, &off);
        let fused = encoder.fuse(texts, mask, &memory, &off);
        let [size, length, hidden] = fused.dims();
        let states = select_rows(fused.reshape([size * length, hidden]), labels.rows.clone());
        likeliest(model.mlm.logits(states, encoder.word_table()))
    }

    /// For each caption of the batch the maps of its tokens; none where no stage trains matching.
    fn maps(&self, model: &AlbefPretraining, batch: &Batch) -> Vec<Vec<Vec<f32>>> {
        let trained = self.recipe.trains(|stage| stage.itm.is_some());
        let Some(maps) = trained.then(|| word_maps(model, batch)).flatten() else { return Vec::new() };
        let [_, length, patches] = maps.dims();
        let values: Vec<f32> = Tensor::to_data(&maps).iter::<f32>().collect();
        let of_token = |token: &[f32]| token.to_vec();
        values.chunks(length * patches).map(|caption| caption.chunks(patches).map(of_token).collect()).collect()
    }

    /// Draws the maps of the words with the highest ones, in the order of the caption.
    fn draw_maps(
        &self,
        example: &Example,
        image: &Image,
        maps: &[Vec<f32>],
        (folder, number): (&Path, usize),
    ) -> Result<Vec<WordMap>, TrainError> {
        let mut words = joined_words(&self.text.tokenizer, &example.text.input_ids, maps);
        let highest = |map: &[f32]| map.iter().copied().fold(0.0, f32::max);
        let mut order: Vec<usize> = (0..words.len()).collect();
        order.sort_by(|&a, &b| highest(&words[b].1).total_cmp(&highest(&words[a].1)));
        order.truncate(MAPS);
        order.sort_unstable();
        let mut drawn = Vec::new();
        for (place, index) in order.into_iter().enumerate() {
            let (word, map) = std::mem::take(&mut words[index]);
            let picture = format!("{FOLDER}/{number}-map-{place}.png");
            write_png(folder.join(&picture), &heat_map(image, &map)?)?;
            drawn.push(WordMap { word, picture });
        }
        Ok(drawn)
    }
}

/// The words of a caption, each with the mean of its parts' maps; special tokens are no words.
pub fn joined_words(tokenizer: &Tokenizer, ids: &[u32], maps: &[Vec<f32>]) -> Vec<(String, Vec<f32>)> {
    let vocabulary = tokenizer.vocabulary();
    let mut words: Vec<(String, Vec<f32>, f32)> = Vec::new();
    for (&id, map) in ids.iter().zip(maps).filter(|(id, _)| vocabulary.is_word(**id)) {
        let name = tokenizer.token(id).unwrap_or_default();
        match (name.strip_prefix("##"), words.last_mut()) {
            (Some(rest), Some((word, sum, parts))) => {
                word.push_str(rest);
                sum.iter_mut().zip(map).for_each(|(sum, value)| *sum += value);
                *parts += 1.0;
            }
            _ => words.push((name.to_string(), map.clone(), 1.0)),
        }
    }
    words.into_iter().map(|(word, sum, parts)| (word, sum.into_iter().map(|value| value / parts).collect())).collect()
}

/// The picture as the model gets it, large enough to be looked at.
fn shown(pixels: &PixelPlanes) -> Result<Image, TrainError> {
    let area = pixels.planes.len() / 3;
    let side = area.isqrt();
    let colour = |x: u32, y: u32| {
        let place = y as usize * side + x as usize;
        [pixels.planes[place], pixels.planes[area + place], pixels.planes[2 * area + place]]
    };
    let image = Image::from_fn(side as u32, side as u32, colour)?;
    let larger = (SIDE / image.width()).max(1) * image.width();
    Ok(resize(&image, larger, larger, ResizeFilter::Area)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_a_word_share_a_map() {
        let tokens = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "play", "##ing", "dog"];
        let tokenizer = Tokenizer::from_tokens(tokens).unwrap();
        let maps = [9.0, 1.0, 3.0, 5.0, 9.0].map(|value| vec![value]);
        let found = joined_words(&tokenizer, &[2, 5, 6, 7, 3], &maps);
        assert_eq!(found, [("playing".to_string(), vec![2.0]), ("dog".to_string(), vec![5.0])]);
    }
}
