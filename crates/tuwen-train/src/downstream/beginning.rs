//! How fine-tuned models begin with a pre-trained ALBEF whose layers they have in other places.

use burn::module::Module;
use burn::tensor::Device;
use tuwen_encoder::albef::{Albef, AlbefConfig};
use tuwen_encoder::{HostTensor, Weights, WeightsError, load_weights, shapes_of, weights_of};

use crate::albef::AlbefPretraining;
use crate::placed::Placed;

/// What `start` puts from a pre-trained ALBEF into `fresh`, and nothing that neither of them was given. The weights of a run
/// that was fine-tuned already, which has names that begin with `own`, stay as they are.
pub(super) fn adopted<M: Module>(
    earlier: Weights,
    (config, own): (&AlbefConfig, &str),
    fresh: M,
    start: impl FnOnce(M, &AlbefPretraining) -> M,
) -> Result<Weights, WeightsError> {
    if earlier.keys().any(|name| name.starts_with(own)) {
        return Ok(earlier);
    }
    let empty = unknown(AlbefPretraining::init(config, 1.0, None, &Device::flex()))?;
    let (pretrained, _) = Placed::by_name(&empty, earlier)?.load_into(empty)?;
    let mut begun = weights_of(&start(unknown(fresh)?, &pretrained));
    begun.retain(|_, tensor| !tensor.values.iter().any(|value| value.is_nan()));
    Ok(begun)
}

/// As [`adopted`], of a model for two pictures.
pub(super) fn adopted_by_pairs<M: Module>(
    earlier: Weights,
    config: &AlbefConfig,
    fresh: M,
    start: impl FnOnce(M, &Albef) -> M,
) -> Result<Weights, WeightsError> {
    let own = "encoder.memory_layers.";
    adopted(earlier, (config, own), fresh, |fresh, pretrained| start(fresh, &pretrained.encoder))
}

/// `module` with every parameter NaN, which no file of weights gives: wherever one is afterwards, nothing was put.
fn unknown<M: Module>(module: M) -> Result<M, WeightsError> {
    let nothing = |shape: Vec<usize>| HostTensor { values: vec![f32::NAN; shape.iter().product()], shape };
    let weights = shapes_of(&module).into_iter().map(|(name, shape)| (name, nothing(shape))).collect();
    load_weights(module, &weights)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::albef::downstream::AnsweringModel;
    use crate::find_recipe;
    use tuwen_encoder::initialise;

    #[test]
    fn what_the_earlier_model_has_not_is_not_put() {
        let recipe = find_recipe("albef-tiny", &[], &[]).unwrap().albef().unwrap();
        let (config, device) = (recipe.model.encoder, Device::flex());
        let layers = config.text.fusion_layers;
        let mut earlier = weights_of(&initialise(AlbefPretraining::init(&config, 1.0, None, &device), 0.5, 1));
        earlier.retain(|name, _| !name.starts_with("mlm.")); // as of a model that never learned words
        let fresh = || AnsweringModel::init(&config, layers + 1, &device);
        let start = |fresh: AnsweringModel, pretrained: &AlbefPretraining| fresh.started_from(pretrained);
        let begun = adopted(earlier.clone(), (&config, "decoder."), fresh(), start).unwrap();
        let query = |layer| format!("decoder.fusion_layers.{layer}.cross_attention.query.weight");
        assert_eq!(begun[&query(0)], earlier["encoder.fusion_layers.0.cross_attention.query.weight"]);
        assert!(!begun.contains_key(&query(layers)), "the encoder has no such layer");
        assert!(!begun.keys().any(|name| name.starts_with("head.")));

        let own =
            Weights::from([(query(layers), earlier["encoder.fusion_layers.0.cross_attention.query.weight"].clone())]);
        assert_eq!(adopted(own.clone(), (&config, "decoder."), fresh(), start).unwrap(), own);
    }
}
