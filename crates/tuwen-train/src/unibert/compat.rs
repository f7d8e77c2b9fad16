//! `compat = "seed"`: every choice that has a seed variant takes it.

use tuwen_itm::ItmRule;
use tuwen_text::{LiteralSpecials, RandomWords};
use tuwen_vision::FrameSampling;

use super::recipe::{FrameNegatives, Recipe};
use crate::optimizer::OptimizerForm;
use crate::sections::Compat;

impl Recipe {
    /// The recipe with `compat` spread over the choices it stands for.
    #[must_use]
    pub fn resolved(mut self) -> Self {
        if self.compat == Compat::None {
            return self;
        }
        self.text.layout.literal_specials = LiteralSpecials::Seed;
        self.vision.sampling = FrameSampling::Seed;
        self.model.pooling = self.model.pooling.as_seed();
        self.optimizer.form = OptimizerForm::Transformers;
        if let Some(mlm) = &mut self.tasks.mlm {
            mlm.masking.random_words = RandomWords::Seed;
        }
        if let Some(mfm) = &mut self.tasks.mfm {
            mfm.negatives = FrameNegatives::Seed;
        }
        if let Some(itm) = &mut self.tasks.itm {
            itm.pairing = ItmRule::Seed;
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::Recipe;
    use crate::find_recipe;
    use tuwen_recipe::{Override, diff};

    #[test]
    fn seed_takes_every_seed_variant_and_none_changes_nothing() {
        let recipe = |set: &str| -> Recipe {
            let found = find_recipe("unibert-tiny", &[], &[Override::parse(set).unwrap()]).unwrap();
            found.unibert().unwrap()
        };
        let none = recipe("compat=none");
        assert_eq!(none.clone().resolved(), none);
        let changes = diff(&none, &recipe("compat=seed").resolved()).unwrap();
        let keys: Vec<&str> = changes.iter().map(|change| change.key.as_str()).collect();
        let expected = [
            "compat",
            "model.pooling",
            "optimizer.form",
            "tasks.itm.pairing",
            "tasks.mfm.negatives",
            "tasks.mlm.masking.random_words",
            "text.layout.literal_specials",
            "vision.sampling",
        ];
        assert_eq!(keys, expected);
    }
}
