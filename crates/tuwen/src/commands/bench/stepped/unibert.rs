//! A UniBERT with its passes, stepped.

use burn::module::Module as _;
use serde_json::{Value, json};
use tuwen_core::{ClipTextView, Losses, Pairing};
use tuwen_encoder::Tape;
use tuwen_itm::{ItmPairing, ItmRule};
use tuwen_ops::{Dropout, Precision};
use tuwen_train::unibert::recipe::TagInput;
use tuwen_train::unibert::{self, Arrangement, Batch, Plan, UniBertPretraining, encode, pairing_of};
use tuwen_train::{Optimizer, Parameters};

use super::FAILED;
use crate::commands::CommandError;
use crate::commands::bench::exchange::Exchange;
use crate::commands::bench::measured::{Measured, Named, weighted};

/// One step of a run, again and again, with the same false pairs; dropout goes on.
pub(in crate::commands::bench) struct UniBertSteps {
    pub(in crate::commands::bench) recipe: unibert::Recipe,
    pub(in crate::commands::bench) plan: Plan,
    batch: Batch,
    tags: usize,
    pairing: Option<ItmPairing>,
    model: Option<UniBertPretraining>,
    optimizer: Optimizer,
    taken: u64,
}

impl UniBertSteps {
    /// A step of a run of `recipe`, whose vocabulary of tags has so many. Errors: a batch too small for false pairs.
    pub(in crate::commands::bench) fn new(
        recipe: unibert::Recipe,
        model: UniBertPretraining,
        batch: Batch,
        tags: usize,
    ) -> Result<Self, CommandError> {
        let rule = recipe.tasks.itm.as_ref().map(|itm| itm.pairing);
        Ok(Self {
            pairing: rule.map(|rule| pairing_of(rule, &batch, recipe.seed, 0)).transpose()?,
            plan: Plan::of(&recipe.tasks),
            optimizer: Optimizer::new(recipe.optimizer.clone()),
            model: Some(model),
            taken: 0,
            recipe,
            batch,
            tags,
        })
    }

    fn losses<'a>(&self, model: &'a UniBertPretraining, dropout: &Dropout, tape: &Tape<'a>) -> Losses {
        let states = encode((model, tape), &self.batch, &self.plan, self.pairing.as_ref(), dropout);
        unibert::losses(model, &self.batch, &states, &self.recipe.tasks)
    }

    /// The tensors of each pass, and who reads them.
    fn passes(&self, mut case: Exchange) -> Result<Exchange, CommandError> {
        for (index, pass) in self.plan.0.iter().enumerate() {
            let (name, view) = (format!("pass{index}"), pass.view);
            let pairing = || self.pairing.as_ref().ok_or("a shuffled pass without a pairing");
            let shuffled = |rule| Ok::<_, CommandError>(self.batch.shuffled(view.text, view.frames, rule, pairing()?));
            case = match view.arrangement {
                Arrangement::Aligned => tensors(case, &name, &self.batch.aligned(view.text, view.frames)),
                Arrangement::Shuffled => tensors(case, &name, &shuffled(ItmRule::Balanced)?),
                Arrangement::SeedShuffled => tensors(case, &name, &shuffled(ItmRule::Seed)?),
            };
        }
        Ok(case)
    }
}

impl Measured for UniBertSteps {
    fn exchange(&self) -> Result<Exchange, CommandError> {
        let Self { recipe, batch, plan, .. } = self;
        let tag = recipe.tasks.tag.as_ref();
        if tag.is_some_and(|tag| tag.input != TagInput::Cls) || recipe.model.pooling.is_attention() {
            return Err("PyTorch's side has neither tags from the embedding nor attention pooling".into());
        }
        let mut config: Value = serde_json::to_value(recipe)?;
        config["tags"] = json!(self.tags);
        let names = |pass: &unibert::Pass| pass.tasks.iter().map(|task| task.name()).collect::<Vec<_>>();
        config["passes"] = json!(plan.0.iter().map(names).collect::<Vec<_>>());
        let mut case = self.passes(Exchange::new(config).weights(self.model.as_ref().ok_or(FAILED)?))?;
        if let Some(pairing) = &self.pairing {
            case = case.floats("matches", &pairing.labels(&batch.device()).matches);
        }
        if let Some(tokens) = &batch.token_labels {
            case = case.indices("token_rows", &tokens.rows).indices("token_labels", &tokens.ids);
        }
        if let Some(frames) = &batch.frame_labels {
            case = case.indices("frame_rows", &frames.rows).indices("frame_targets", &frames.targets);
            case = case.floats("frames", &frames.frames);
            case = frames.twins.iter().fold(case, |case, twins| case.flags("twins", twins));
        }
        if let Some(tags) = &batch.tag_labels {
            case = case.indices("tag_rows", &tags.rows).floats("tag_targets", &tags.targets);
        }
        Ok(case)
    }

    fn check(&mut self) -> Result<Named, CommandError> {
        let model = self.model.as_ref().ok_or(FAILED)?.valid();
        Ok(weighted(&Precision::F32.within(|| self.losses(&model, &Dropout::off(), &Tape::off()))))
    }

    fn step(&mut self) -> Result<f64, CommandError> {
        self.taken += 1;
        let dropout = Dropout::training(self.recipe.seed, self.taken);
        let model = self.model.take().ok_or(FAILED)?;
        let parameters = Parameters::of(&model);
        let tape = Tape::new(self.recipe.compute.recompute);
        let (total, gradients) = self.recipe.compute.precision.within(|| {
            let total = self.losses(&model, &dropout, &tape).total().ok_or("no task has anything to predict")?;
            let gradients = parameters.gradients(tape, &total);
            Ok::<_, CommandError>((total, gradients))
        })?;
        self.optimizer.read_along(total);
        let (model, _) = self.optimizer.step(model, &gradients, 1.0);
        self.model = Some(model);
        Ok(self.optimizer.read()[0])
    }
}

fn tensors<P: Pairing>(case: Exchange, name: &str, view: &ClipTextView<P>) -> Exchange {
    case.indices(&format!("{name}.ids"), &view.input_ids())
        .flags(&format!("{name}.text_mask"), &view.attention_mask())
        .floats(&format!("{name}.frames"), &view.frame_features())
        .flags(&format!("{name}.frame_mask"), &view.frame_mask())
}
