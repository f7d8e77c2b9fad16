//! The model and the step whose work and memory the tests count by hand.

use tuwen_encoder::VitConfig;
use tuwen_encoder::albef::AlbefConfig;

use super::StepSize;

pub(crate) const SIZE: StepSize = StepSize { batch: 2, tokens: 3, real: 5, masked: 1 };

pub(crate) fn tiny() -> AlbefConfig {
    let mut config = AlbefConfig::base();
    config.vision = VitConfig { image_size: 4, patch_size: 2, num_hidden_layers: 1, ..config.vision };
    config.vision = VitConfig { hidden_size: 2, intermediate_size: 5, ..config.vision };
    config.text.hidden_size = 2;
    config.text.intermediate_size = 3;
    (config.text.text_layers, config.text.fusion_layers, config.text.vocab_size) = (1, 1, 7);
    config
}
