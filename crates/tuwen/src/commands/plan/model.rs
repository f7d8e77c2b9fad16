//! The parameters of a recipe's model by part, without a value of them being made.

use std::collections::BTreeMap;

use burn::tensor::Device;
use serde::Serialize;
use tuwen_encoder::shapes_of;
use tuwen_train::albef::AlbefPretraining;
use tuwen_train::unibert::{Heads, UniBertPretraining};
use tuwen_train::{OptimizerConfig, Recipe};

/// A part of a model.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Parameters {
    /// Its field, such as `encoder.vision`.
    pub(super) part: String,
    /// Numbers in it.
    pub(super) numbers: u64,
    /// Those that are not frozen.
    pub(super) trained: u64,
}

/// The parts in the order of their names. `tags` are known.
pub(super) fn parameters(recipe: &Recipe, tags: usize) -> Vec<Parameters> {
    let device = Device::flex();
    let (shapes, optimizer) = match recipe {
        Recipe::Albef(recipe) => {
            let (encoder, tasks) = (&recipe.model.encoder, &recipe.tasks);
            let model = AlbefPretraining::init(encoder, tasks.temperature, tasks.sigmoid_bias, &device);
            (shapes_of(&model), &recipe.optimizer)
        }
        Recipe::UniBert(recipe) => {
            let model = UniBertPretraining::init(&recipe.model.encoder, &Heads::of(recipe, tags), &device);
            (shapes_of(&model), &recipe.optimizer)
        }
    };
    by_part(&shapes, optimizer)
}

fn by_part(shapes: &BTreeMap<String, Vec<usize>>, optimizer: &OptimizerConfig) -> Vec<Parameters> {
    let mut parts: Vec<Parameters> = Vec::new();
    let options = optimizer.options(shapes.keys().map(String::as_str));
    for (name, shape) in shapes {
        // The encoder's own parts, and the heads as wholes.
        let depth = if name.starts_with("encoder.") { 2 } else { 1 };
        let part = name.split('.').take(depth).collect::<Vec<_>>().join(".");
        let numbers = shape.iter().product::<usize>() as u64;
        let trained = if options.get(name.as_str()).is_some_and(Option::is_some) { numbers } else { 0 };
        match parts.iter_mut().find(|known| known.part == part) {
            Some(known) => (known.numbers, known.trained) = (known.numbers + numbers, known.trained + trained),
            None => parts.push(Parameters { part, numbers, trained }),
        }
    }
    parts
}

#[cfg(test)]
mod tests {
    use tuwen_recipe::Override;
    use tuwen_train::find_recipe;

    use super::*;

    fn of(name: &str, set: &[&str]) -> Vec<Parameters> {
        let set: Vec<Override> = set.iter().map(|text| Override::parse(text).unwrap()).collect();
        parameters(&find_recipe(name, &[], &set).unwrap(), 200)
    }

    fn numbers(parts: &[Parameters], part: &str) -> u64 {
        parts.iter().find(|known| known.part == part).unwrap_or_else(|| panic!("no {part}")).numbers
    }

    #[test]
    fn albef_base_has_the_papers_size() {
        let parts = of("albef-base", &[]);
        // ViT-B/16 at 256 pixels: 12 layers of 4·768² + 2·768·3072 weights and 13·768 others; 768² of the patches with
        // a bias, 257 positions and a class token, the last norm.
        let layer = 4 * 768 * 768 + 2 * 768 * 3072 + 4 * 768 + 3072 + 768 + 4 * 768;
        let expected = 12 * layer + 768 * 768 + 768 + 257 * 768 + 768 + 2 * 768;
        assert_eq!(numbers(&parts, "encoder.vision"), expected);
        let all: u64 = parts.iter().map(|part| part.numbers).sum();
        assert!((209e6..211e6).contains(&(all as f64)), "the paper's model has 209.5 M, {all}");
    }

    #[test]
    fn unibert_tiny_by_hand_with_a_part_of_it_frozen() {
        let parts = of("unibert-tiny", &[r#"optimizer.frozen=["encoder.layers"]"#]);
        // 4 layers: 4·64² + 2·64·256 weights, 4·64 + 256 + 64 biases, two norms of 2·64.
        let layers = 4 * (4 * 64 * 64 + 2 * 64 * 256 + 4 * 64 + 256 + 64 + 4 * 64);
        assert_eq!(numbers(&parts, "encoder.layers"), layers);
        assert_eq!(numbers(&parts, "tag"), 64 * 200 + 200);
        let frozen: Vec<&str> = parts.iter().filter(|part| part.trained == 0).map(|part| part.part.as_str()).collect();
        assert_eq!(frozen, ["encoder.layers"]);
    }
}
