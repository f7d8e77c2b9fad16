//! What a step need not compute twice, or at all. Each is exact: losses and gradients stay the same.

use burn::tensor::{Bool, Device, Tensor};
use serde::{Deserialize, Serialize};
use tuwen_encoder::Sequence;

/// Whether a saving is made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Saving {
    /// It is.
    #[default]
    On,
    /// The plain computation, to compare with.
    Off,
}

impl Saving {
    /// Whether it is made.
    pub fn is_on(self) -> bool {
        self == Self::On
    }
}

/// The savings of a step.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Savings {
    /// Image tokens become keys and values of cross-attention once a layer, for all passes that look at them.
    #[serde(default)]
    pub shared_image_memory: Saving,
    /// The passes through the text and the fusion layers run as one batch.
    #[serde(default)]
    pub one_batch: Saving,
    /// The vocabulary meets masked positions alone.
    #[serde(default)]
    pub masked_positions: Saving,
    /// The last fusion layer computes `[CLS]` alone for matching.
    #[serde(default)]
    pub matching_cls: Saving,
    /// The momentum encoder makes no masked-word predictions while their weight α is 0.
    #[serde(default)]
    pub idle_teacher: Saving,
    /// Padding of the texts is not computed. On the CPU alone: elsewhere the number of tokens would have to be read back.
    #[serde(default)]
    pub packed_texts: Saving,
    /// Masked positions are filled up to a multiple of 32, so that a device compiles few shapes.
    #[serde(default)]
    pub fixed_shapes: Saving,
}

impl Savings {
    /// Every saving made: the default.
    pub const ALL: Self = Self {
        shared_image_memory: Saving::On,
        one_batch: Saving::On,
        masked_positions: Saving::On,
        matching_cls: Saving::On,
        idle_teacher: Saving::On,
        packed_texts: Saving::On,
        fixed_shapes: Saving::On,
    };
    /// Everything computed plainly.
    pub const NONE: Self = Self {
        shared_image_memory: Saving::Off,
        one_batch: Saving::Off,
        masked_positions: Saving::Off,
        matching_cls: Saving::Off,
        idle_teacher: Saving::Off,
        packed_texts: Saving::Off,
        fixed_shapes: Saving::Off,
    };

    /// The positions of texts with this mask that are computed.
    pub(crate) fn sequence(&self, mask: &Tensor<2, Bool>) -> Sequence {
        if self.packed_texts.is_on() && mask.device() == Device::flex() {
            return Sequence::real_only(mask);
        }
        Sequence::from(mask)
    }
}
