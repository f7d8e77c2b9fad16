//! What must hold between the numbers of an own task's recipe.

use std::num::NonZeroUsize;

use tuwen_encoder::Recompute;
use tuwen_recipe::RecipeError;

use super::{Objective, Recipe};

/// Refuses to compute twice what the task's step keeps, naming what it follows and what code would have to say.
pub(crate) fn check_recompute<O: Objective>(recompute: Recompute) -> Result<(), RecipeError> {
    if O::recomputes(recompute) {
        return Ok(());
    }
    let kinds = [(Recompute::Layers, "`\"layers\"`"), (Recompute::Rows(NonZeroUsize::MIN), "`{ rows = … }`")];
    let [layers, rows] =
        kinds.map(|(kind, word)| if O::recomputes(kind) { format!(" or {word}") } else { String::new() });
    let asked = if recompute == Recompute::Layers { kinds[0].1 } else { kinds[1].1 };
    let reason = format!(
        "is {asked}, expected `\"nothing\"`{layers}{rows}: the task keeps the rest of its graph; one of your own follows \
         more by `Objective::forward_on`, which hands its tape to the encoder, and `Objective::recomputes`"
    );
    Err(RecipeError::invalid("compute.recompute", reason))
}

/// Refuses numbers that no run can have, naming the key.
pub(crate) fn check<T>(recipe: &Recipe<T>) -> Result<(), RecipeError> {
    let counts = [
        ("loader.batch_size", recipe.loader.batch_size as u64),
        ("evaluation.every", recipe.evaluation.every),
        ("evaluation.batch_size", recipe.evaluation.batch_size as u64),
        ("checkpoint.every", recipe.checkpoint.every),
        ("checkpoint.keep", recipe.checkpoint.keep as u64),
        ("checkpoint.keep_every", recipe.checkpoint.keep_every.unwrap_or(1)),
    ];
    if let Some((key, _)) = counts.into_iter().find(|(_, count)| *count == 0) {
        return Err(RecipeError::invalid(key, "is 0, expected at least 1"));
    }
    recipe.init.check(&[])?;
    recipe.optimizer.check()?;
    let amounts = [
        ("optimizer.learning_rate", recipe.optimizer.learning_rate),
        ("optimizer.weight_decay", recipe.optimizer.weight_decay),
        ("optimizer.epsilon", recipe.optimizer.epsilon),
    ];
    if let Some((key, amount)) = amounts.into_iter().find(|(_, amount)| !amount.is_finite() || *amount < 0.0) {
        return Err(RecipeError::invalid(key, format!("is {amount}, expected a finite number, 0 or more")));
    }
    let [first, second] = recipe.optimizer.betas;
    let shares = [("optimizer.betas[0]", first), ("optimizer.betas[1]", second)];
    match shares.into_iter().find(|(_, share)| !(0.0..1.0).contains(share)) {
        Some((key, share)) => Err(RecipeError::invalid(key, format!("is {share}, expected 0 to less than 1"))),
        None => Ok(()),
    }
}
