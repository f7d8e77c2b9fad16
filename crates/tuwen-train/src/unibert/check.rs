//! What must hold between the numbers of a recipe, checked before anything is read.

use tuwen_encoder::unibert::SequenceLayout;
use tuwen_recipe::RecipeError;
use tuwen_text::Layout;

use super::init::PARTS;
use super::recipe::{ModelSection, Recipe, TagVocabulary, TextSection, VisionSection};

/// Refuses a recipe whose numbers contradict each other, naming the key.
pub fn check(recipe: &Recipe) -> Result<(), RecipeError> {
    batches(recipe)?;
    check_encoder(&recipe.text, &recipe.vision, &recipe.model)?;
    positive(recipe)?;
    recipe.optimizer.check()?;
    recipe.init.check(&PARTS)?;
    health(recipe)?;
    shares(recipe)
}

fn fail(key: &str, reason: String) -> Result<(), RecipeError> {
    Err(RecipeError::invalid(key, reason))
}

fn health(recipe: &Recipe) -> Result<(), RecipeError> {
    recipe.health.fault().map_or(Ok(()), |(key, reason)| fail(&format!("health.{key}"), reason))
}

fn batches(recipe: &Recipe) -> Result<(), RecipeError> {
    let (tasks, loader) = (&recipe.tasks, &recipe.data.loader);
    if tasks.mlm.is_none() && tasks.mfm.is_none() && tasks.itm.is_none() && tasks.tag.is_none() {
        return fail("tasks", "no task, expected at least one of `mlm`, `mfm`, `itm`, `tag`".into());
    }
    let pairs_needed = if tasks.itm.is_some() { 2 } else { 1 };
    for (key, size) in
        [("data.loader.batch_size", loader.batch_size), ("evaluation.batch_size", recipe.evaluation.batch_size)]
    {
        if size < pairs_needed {
            let why = if pairs_needed == 2 {
                ": with `tasks.itm`, a title needs a second clip to mismatch it with"
            } else {
                ""
            };
            return fail(key, format!("is {size}, expected at least {pairs_needed}{why}"));
        }
    }
    Ok(())
}

/// Refuses what contradicts itself in the sections that say how titles and clips are read and by which encoder.
pub(crate) fn check_encoder(
    text: &TextSection,
    vision: &VisionSection,
    model: &ModelSection,
) -> Result<(), RecipeError> {
    let encoder = &model.encoder;
    if model.embedding_size == 0 {
        return fail("model.embedding_size", "is 0, expected at least 1".into());
    }
    if encoder.num_attention_heads == 0 || !encoder.hidden_size.is_multiple_of(encoder.num_attention_heads) {
        let (hidden, heads) = (encoder.hidden_size, encoder.num_attention_heads);
        return fail(
            "model.encoder.num_attention_heads",
            format!("is {heads}, expected a divisor of hidden_size = {hidden}"),
        );
    }
    for (key, length) in [("text.layout.max_length", text.layout.max_length), ("vision.frames", vision.frames)] {
        let most = encoder.max_position_embeddings;
        if length == 0 || length > most {
            return fail(key, format!("is {length}, expected 1 to `model.encoder.max_position_embeddings` = {most}"));
        }
    }
    if let Some(made) = vision.descriptor.map(|descriptor| descriptor.width()).filter(|&w| w != encoder.frame_dim) {
        let reason = format!("is {}, expected {made} as `vision.descriptor` makes them", encoder.frame_dim);
        return fail("model.encoder.frame_dim", reason);
    }
    let fitting = match encoder.layout {
        SequenceLayout::ClsFramesText => Layout::ClsSepTitleSep,
        SequenceLayout::FramesClsText => Layout::ClsTitleSep,
    };
    if text.layout.layout != fitting {
        let (found, expected) = (text.layout.layout.name(), fitting.name());
        let reason = format!("is `{found}`, expected `{expected}` for this `model.encoder.layout`");
        return fail("text.layout.layout", reason);
    }
    Ok(())
}

fn positive(recipe: &Recipe) -> Result<(), RecipeError> {
    let mut counts = vec![
        ("evaluation.every", recipe.evaluation.every),
        ("checkpoint.every", recipe.checkpoint.every),
        ("checkpoint.keep", recipe.checkpoint.keep as u64),
        ("checkpoint.keep_every", recipe.checkpoint.keep_every.unwrap_or(1)),
    ];
    if let Some(TagVocabulary::MostFrequent(count)) = recipe.tasks.tag.as_ref().map(|tag| &tag.vocabulary) {
        counts.push(("tasks.tag.vocabulary.most_frequent", *count as u64));
    }
    match counts.into_iter().find(|(_, count)| *count == 0) {
        Some((key, _)) => Err(RecipeError::invalid(key, "is 0, expected at least 1")),
        None => Ok(()),
    }
}

fn shares(recipe: &Recipe) -> Result<(), RecipeError> {
    let tasks = &recipe.tasks;
    let mut numbers = vec![
        ("model.encoder.hidden_dropout_prob", recipe.model.encoder.hidden_dropout_prob),
        ("model.encoder.attention_probs_dropout_prob", recipe.model.encoder.attention_probs_dropout_prob),
        ("optimizer.betas[0]", recipe.optimizer.betas[0]),
        ("optimizer.betas[1]", recipe.optimizer.betas[1]),
    ];
    if let Some(mlm) = &tasks.mlm {
        numbers.push(("tasks.mlm.masking.probability", mlm.masking.probability));
    }
    if let Some(mfm) = &tasks.mfm {
        numbers.push(("tasks.mfm.masking.probability", mfm.masking.probability));
    }
    match numbers.into_iter().find(|(_, share)| !(0.0..1.0).contains(share)) {
        Some((key, share)) => Err(RecipeError::invalid(key, format!("is {share}, expected 0 to less than 1"))),
        None => Ok(()),
    }
}
