//! What must hold between the numbers of an own task's recipe.

use tuwen_encoder::Recompute;
use tuwen_recipe::RecipeError;

use super::Recipe;

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
    if recipe.compute.recompute != Recompute::Nothing {
        return Err(RecipeError::invalid("compute.recompute", "is not `nothing`: an own task keeps its whole graph"));
    }
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
