//! The numbers of the optimizer, and what of them holds for a parameter, by its name.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use tuwen_encoder::layers_below_top;
use tuwen_ops::AdamWForm;
use tuwen_recipe::{RecipeError, nearest};

/// How a weight is moved along its gradient.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OptimizerForm {
    /// AdamW as `torch.optim` has it.
    Torch,
    /// AdamW as `transformers` had it, the seed's.
    Transformers,
    /// Lion (arXiv:2302.06675). It has no ε, and wants a rate 3 to 10 times smaller and a decay as much larger.
    Lion,
}

impl From<AdamWForm> for OptimizerForm {
    fn from(form: AdamWForm) -> Self {
        match form {
            AdamWForm::Torch => Self::Torch,
            AdamWForm::Transformers => Self::Transformers,
        }
    }
}

/// The numbers of the optimizer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OptimizerConfig {
    /// Which published optimizer.
    pub form: OptimizerForm,
    /// β₁ and β₂.
    pub betas: [f64; 2],
    /// ε; 0 for Lion.
    pub epsilon: f64,
    /// Decoupled decay of weights that are not excluded.
    pub weight_decay: f64,
    /// Endings of names that are not decayed.
    pub no_decay: Vec<String>,
    /// The base rate of parameters in no group.
    pub learning_rate: f64,
    /// Groups with a rate of their own; the first that matches a name counts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<GroupRule>,
    /// What the base rate is multiplied by for each layer between a weight and the top of its tower (arXiv:2003.10555,
    /// appendix A); absent: 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub layer_decay: Option<f64>,
    /// Beginnings of the names of weights that stay as they are.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub frozen: Vec<String>,
    /// Largest norm of all gradients together; absent: no clipping.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clip_norm: Option<f64>,
    /// How much of the running average of the weights is kept at each step; the average is what is tested. Absent: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub average: Option<f64>,
    /// Steps with a loss or gradient that is not finite, which are skipped, before the run stops.
    pub max_skipped_steps: u64,
}

/// Parameters with a learning rate of their own.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GroupRule {
    /// Beginnings of the names it holds for.
    pub prefixes: Vec<String>,
    /// Their base rate.
    pub learning_rate: f64,
}

/// What holds for one parameter.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GroupOptions {
    /// Base rate, before the schedule.
    pub learning_rate: f64,
    /// Decay.
    pub weight_decay: f64,
}

type Shapes = BTreeMap<String, Vec<usize>>;

impl OptimizerConfig {
    /// What holds for each of the weights of these names; nothing for frozen ones.
    pub fn options<'n>(&self, names: impl Iterator<Item = &'n str> + Clone) -> BTreeMap<&'n str, Option<GroupOptions>> {
        let below = layers_below_top(names);
        let of = |(name, layers): (&'n str, usize)| {
            let group = self.groups.iter().find(|group| begins(name, &group.prefixes));
            let base = group.map_or(self.learning_rate, |group| group.learning_rate);
            let decays = !self.no_decay.iter().any(|ending| name.ends_with(ending));
            let options = GroupOptions {
                learning_rate: base * self.layer_decay.unwrap_or(1.0).powi(layers as i32),
                weight_decay: if decays { self.weight_decay } else { 0.0 },
            };
            (name, (!begins(name, &self.frozen)).then_some(options))
        };
        below.into_iter().map(of).collect()
    }

    /// # Errors
    /// Numbers that mean nothing.
    pub fn check(&self) -> Result<(), RecipeError> {
        let refuse = |key: &str, found: f64, expected: &str| {
            Err(RecipeError::invalid(format!("optimizer.{key}"), format!("is {found}, expected {expected}")))
        };
        if self.form == OptimizerForm::Lion && self.epsilon != 0.0 {
            return refuse("epsilon", self.epsilon, "0: Lion has none");
        }
        if let Some(average) = self.average.filter(|average| !(0.0..1.0).contains(average)) {
            return refuse("average", average, "0 to less than 1");
        }
        match self.layer_decay.filter(|decay| !(f64::MIN_POSITIVE..=1.0).contains(decay)) {
            Some(decay) => refuse("layer_decay", decay, "more than 0, at most 1"),
            None => Ok(()),
        }
    }

    /// # Errors
    /// A rule that holds for none of the weights of a model, with the nearest name; all weights frozen.
    pub fn check_names(&self, shapes: &Shapes) -> Result<(), RecipeError> {
        let idle = |prefix: &&String| !shapes.keys().any(|name| name.starts_with(*prefix));
        if let Some(prefix) = self.frozen.iter().find(idle) {
            return Err(unmatched("optimizer.frozen", prefix, shapes));
        }
        for (at, group) in self.groups.iter().enumerate() {
            // A group may name heads that this run has not.
            if let Some(prefix) = group.prefixes.first().filter(|_| group.prefixes.iter().all(|prefix| idle(&prefix))) {
                return Err(unmatched(&format!("optimizer.groups[{at}].prefixes"), prefix, shapes));
            }
        }
        if !shapes.is_empty() && shapes.keys().all(|name| begins(name, &self.frozen)) {
            return Err(RecipeError::invalid(
                "optimizer.frozen",
                "every weight is frozen, so there is nothing to train",
            ));
        }
        Ok(())
    }

    /// Groups as they fall out for parameters of these names and shapes, one line each: rate, decay, tensors, numbers.
    pub fn describe(&self, shapes: &Shapes) -> Vec<String> {
        let mut groups: Vec<(Option<GroupOptions>, usize, usize)> = Vec::new();
        for (name, options) in self.options(shapes.keys().map(String::as_str)) {
            let count = shapes[name].iter().product::<usize>();
            match groups.iter_mut().find(|(known, ..)| *known == options) {
                Some((_, tensors, numbers)) => (*tensors, *numbers) = (*tensors + 1, *numbers + count),
                None => groups.push((options, 1, count)),
            }
        }
        let line = |(options, tensors, numbers): &(Option<GroupOptions>, usize, usize)| match options {
            Some(GroupOptions { learning_rate, weight_decay }) => {
                format!("learning rate {learning_rate:e}, decay {weight_decay}: {tensors} tensors, {numbers} numbers")
            }
            None => format!("frozen: {tensors} tensors, {numbers} numbers"),
        };
        groups.iter().map(line).collect()
    }
}

fn unmatched(key: &str, prefix: &str, shapes: &Shapes) -> RecipeError {
    let beginnings = |name: &'_ String| -> Vec<String> {
        name.match_indices('.').map(|(end, _)| name[..end].to_string()).chain([name.clone()]).collect()
    };
    let known: BTreeSet<String> = shapes.keys().flat_map(beginnings).collect();
    let known: Vec<&str> = known.iter().map(String::as_str).collect();
    let hint = nearest(prefix, &known).map_or(String::new(), |name| format!("; did you mean `{name}`?"));
    RecipeError::invalid(key, format!("no weight's name begins with `{prefix}`{hint}"))
}

fn begins(name: &str, prefixes: &[String]) -> bool {
    prefixes.iter().any(|prefix| name.starts_with(prefix))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config() -> OptimizerConfig {
        OptimizerConfig {
            form: OptimizerForm::Torch,
            betas: [0.9, 0.999],
            epsilon: 1e-8,
            weight_decay: 0.1,
            no_decay: vec!["bias".into()],
            learning_rate: 1.0,
            groups: vec![GroupRule { prefixes: vec!["head".into()], learning_rate: 8.0 }],
            layer_decay: Some(0.5),
            frozen: vec!["encoder.embeddings".into()],
            clip_norm: None,
            average: None,
            max_skipped_steps: 0,
        }
    }

    const NAMES: [&str; 5] =
        ["encoder.embeddings.word", "encoder.layers.0.bias", "encoder.layers.1.weight", "head.weight", "tag.bias"];

    fn shapes() -> Shapes {
        NAMES.map(|name| (name.to_string(), vec![2, 3])).into()
    }

    #[test]
    fn the_rate_halves_with_each_layer_and_the_head_has_its_own() {
        let options = config().options(NAMES.into_iter());
        let of = |learning_rate, weight_decay| Some(GroupOptions { learning_rate, weight_decay });
        let expected = [None, of(0.25, 0.0), of(0.5, 0.1), of(8.0, 0.1), of(1.0, 0.0)];
        assert_eq!(NAMES.map(|name| options[name]), expected);
        assert!(config().describe(&shapes()).contains(&"frozen: 1 tensors, 6 numbers".to_string()));
        assert!(config().check().is_ok() && config().check_names(&shapes()).is_ok());
    }

    #[test]
    fn a_rule_that_holds_for_nothing_is_refused() {
        let said = |change: &dyn Fn(&mut OptimizerConfig)| {
            let mut config = config();
            change(&mut config);
            config.check().and_then(|()| config.check_names(&shapes())).unwrap_err().to_string()
        };
        let error = said(&|config| config.frozen = vec!["encoder.layer.".into()]);
        assert!(error.contains("optimizer.frozen") && error.contains("did you mean `encoder.layers"), "{error}");
        let error = said(&|config| config.groups[0].prefixes = vec!["heads".into()]);
        assert!(error.contains("optimizer.groups[0].prefixes"), "{error}");
        let error = said(&|config| config.form = OptimizerForm::Lion);
        assert!(error.contains("optimizer.epsilon"), "{error}");
        let error = said(&|config| config.frozen = vec!["encoder".into(), "head".into(), "tag".into()]);
        assert!(error.contains("nothing to train"), "{error}");
    }
}
