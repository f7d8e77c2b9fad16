//! Which way of making mismatches a recipe asks for.

use burn::tensor::{Bool, Tensor};
use serde::{Deserialize, Serialize};
use tuwen_random::Draws;

use crate::{
    ItmError, ItmPairing, PairIdentity, balanced_pairing, seed_pairing, shuffle_clips, shuffle_features_only,
    similar_pairing,
};

/// How mismatches come about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ItmRule {
    /// [`balanced_pairing`], clips and masks moved together.
    Balanced,
    /// [`similar_pairing`], clips and masks moved together.
    Similar,
    /// [`seed_pairing`], masks left behind: QQ UniBERT.
    Seed,
}

impl ItmRule {
    /// The rule by which a model is tested: mismatches are random ones, however hard those of training are.
    #[must_use]
    pub const fn for_evaluation(self) -> Self {
        match self {
            Self::Similar | Self::Balanced => Self::Balanced,
            Self::Seed => Self::Seed,
        }
    }

    /// The pairing of a batch; `texts` has each row's token ids. The seed's depends on the batch size alone.
    ///
    /// # Errors
    /// As [`balanced_pairing`]; the seed has no objection to a batch without a mismatch.
    pub fn pairing(self, identities: &[PairIdentity], texts: &[&[u32]], draws: &Draws) -> Result<ItmPairing, ItmError> {
        match self {
            Self::Balanced => balanced_pairing(identities, draws),
            Self::Similar => similar_pairing(identities, texts, draws),
            Self::Seed => Ok(seed_pairing(identities.len())),
        }
    }

    /// The clips `[B, T, D]` and masks `[B, T]` as the encoder is to see them.
    ///
    /// # Panics
    /// If the pairing was made for another batch size.
    pub fn shuffle(
        self,
        features: Tensor<3>,
        frame_mask: Tensor<2, Bool>,
        pairing: &ItmPairing,
    ) -> (Tensor<3>, Tensor<2, Bool>) {
        match self {
            Self::Balanced | Self::Similar => shuffle_clips(features, frame_mask, pairing),
            Self::Seed => shuffle_features_only(features, frame_mask, pairing),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::PAIRING;
    use burn::tensor::Device;

    #[test]
    fn a_lone_pair_is_refused_or_kept() {
        let (identities, draws) = ([PairIdentity { clip: 1, text: 1 }], Draws::new(42, PAIRING, 0, 0));
        assert_eq!(ItmRule::Balanced.pairing(&identities, &[&[]], &draws), Err(ItmError::BatchTooSmall { batch: 1 }));
        assert_eq!(ItmRule::Seed.pairing(&identities, &[&[]], &draws), Ok(seed_pairing(1)));
    }

    #[test]
    fn masks_move_or_stay() {
        let device = Device::flex();
        let pairing = ItmPairing { frames_of: vec![1, 1], matches: vec![false, true] };
        for (rule, expected) in [(ItmRule::Balanced, [false, false]), (ItmRule::Seed, [true, false])] {
            let mask = Tensor::from_data([[true], [false]], &device);
            let (_, mask) = rule.shuffle(Tensor::zeros([2, 1, 1], &device), mask, &pairing);
            assert_eq!(mask.into_data().iter::<bool>().collect::<Vec<_>>(), expected);
        }
    }
}
