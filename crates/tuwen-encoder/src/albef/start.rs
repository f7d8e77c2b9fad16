//! How a fine-tuned model's further layers begin: as copies of the pre-trained fusion layers.

use super::{Albef, AnswerDecoder, PairedAlbef};
use crate::{Weights, load_weights, weights_of};

impl AnswerDecoder {
    /// The decoder with embeddings and layers of a pre-trained encoder: layer i is its fusion layer i, as `VQA.py` of
    /// salesforce/ALBEF has it. What the encoder doesn't have, or has in another shape, stays as it is.
    #[must_use]
    pub fn started_from(self, encoder: &Albef) -> Self {
        replaced(self, weights_of(encoder))
    }
}

impl PairedAlbef {
    /// The encoder of pairs with the weights of a pre-trained one: its fusion layer i twice, as layers 2i and 2i + 1, as
    /// `NLVR.py` of salesforce/ALBEF has it. What the encoder doesn't have, or has in another shape, stays as it is.
    #[must_use]
    pub fn started_from(self, encoder: &Albef) -> Self {
        let mut weights = Weights::new();
        for (name, tensor) in weights_of(encoder) {
            let place = name.strip_prefix("fusion_layers.").and_then(|rest| rest.split_once('.'));
            let Some((pair, rest)) = place.and_then(|(number, rest)| Some((number.parse::<usize>().ok()?, rest)))
            else {
                weights.insert(name, tensor);
                continue;
            };
            match rest
                .strip_prefix("cross_attention.")
                .filter(|rest| rest.starts_with("key") || rest.starts_with("value"))
            {
                Some(memory) => _ = weights.insert(format!("memory_layers.{pair}.{memory}"), tensor),
                None => weights.extend(
                    [2 * pair, 2 * pair + 1].map(|layer| (format!("fusion_layers.{layer}.{rest}"), tensor.clone())),
                ),
            }
        }
        replaced(self, weights)
    }
}

/// `module` with those of `weights` that fit it.
fn replaced<M: burn::module::Module>(module: M, mut weights: Weights) -> M {
    let mut own = weights_of(&module);
    for (name, tensor) in &mut own {
        if let Some(given) = weights.remove(name).filter(|given| given.shape == tensor.shape) {
            *tensor = given;
        }
    }
    match load_weights(module, &own) {
        Ok(module) => module,
        Err(error) => unreachable!("a module's own names and shapes fit it: {error}"),
    }
}

#[cfg(test)]
mod tests {
    use burn::tensor::Device;

    use super::*;
    use crate::albef::AlbefConfig;
    use crate::albef::config::small;
    use crate::initialise;

    fn config() -> AlbefConfig {
        let mut config = small([1, 2]);
        config.vision.hidden_size = config.text.hidden_size; // the decoder reads texts where fusion layers read pictures
        config
    }

    #[test]
    fn a_decoder_begins_as_the_fusion_layers() {
        let (config, device) = (config(), Device::flex());
        let encoder = initialise(config.init(&device), 0.5, 1);
        let (theirs, fresh) = (weights_of(&encoder), initialise(config.text.init_decoder(3, &device), 0.5, 2));
        let (before, after) = (weights_of(&fresh), weights_of(&fresh.started_from(&encoder)));
        for name in ["text_embeddings.word.weight", "fusion_layers.1.cross_attention.key.weight"] {
            assert_eq!(after[name], theirs[name]);
        }
        let name = "fusion_layers.2.cross_attention.key.weight"; // the encoder has two
        assert_eq!(after[name], before[name]);
    }

    #[test]
    fn each_fusion_layer_is_there_twice() {
        let (config, device) = (config(), Device::flex());
        let encoder = initialise(config.init(&device), 0.5, 1);
        let (theirs, ours) = (weights_of(&encoder), weights_of(&config.init_paired(&device).started_from(&encoder)));
        for (layer, from) in [(0, 0), (1, 0), (2, 1), (3, 1)] {
            let name = |layer| format!("fusion_layers.{layer}.cross_attention.query.weight");
            assert_eq!(ours[&name(layer)], theirs[&name(from)]);
        }
        assert_eq!(ours["memory_layers.1.value.weight"], theirs["fusion_layers.1.cross_attention.value.weight"]);
        assert_eq!(ours["vision.positions"], theirs["vision.positions"]);
    }
}
