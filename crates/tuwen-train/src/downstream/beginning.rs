//! How fine-tuned models begin with a pre-trained ALBEF whose layers they have in other places.

use burn::module::Module;
use burn::tensor::Device;
use tuwen_encoder::albef::{Albef, AlbefConfig};
use tuwen_encoder::{Weights, WeightsError, weights_of};

use crate::albef::AlbefPretraining;
use crate::placed::Placed;

/// The weights of an earlier run as `make` makes them out of a pre-trained ALBEF. Those of a run that was fine-tuned already,
/// which has names that begin with `own`, stay as they are.
pub(super) fn adopted<M: Module>(
    earlier: Weights,
    (config, own): (&AlbefConfig, &str),
    make: impl FnOnce(&AlbefPretraining) -> M,
) -> Result<Weights, WeightsError> {
    if earlier.keys().any(|name| name.starts_with(own)) {
        return Ok(earlier);
    }
    let fresh = AlbefPretraining::init(config, 1.0, None, &Device::flex());
    let (pretrained, _) = Placed::by_name(&fresh, earlier)?.load_into(fresh)?;
    Ok(weights_of(&make(&pretrained)))
}

/// As [`adopted`], of a model for two pictures.
pub(super) fn adopted_by_pairs<M: Module>(
    earlier: Weights,
    config: &AlbefConfig,
    make: impl FnOnce(&Albef) -> M,
) -> Result<Weights, WeightsError> {
    adopted(earlier, (config, "encoder.memory_layers."), |pretrained| make(&pretrained.encoder))
}
