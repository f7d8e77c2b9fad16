//! What must hold between the numbers of an ALBEF recipe, checked before anything is read.

use tuwen_data::DataFormat;
use tuwen_ita::TEMPERATURE_RANGE;
use tuwen_recipe::RecipeError;
use tuwen_text::Layout;
use tuwen_vision::TrainTransform;

use super::init::PARTS;
use super::recipe::{ModelSection, Recipe, TextSection};
use super::{ItaLoss, Stage};

/// Refuses a recipe whose numbers contradict each other, naming the key.
pub fn check(recipe: &Recipe) -> Result<(), RecipeError> {
    check_encoder(&recipe.text, &recipe.vision, &recipe.model)?;
    sizes(recipe)?;
    numbers(recipe)?;
    recipe.optimizer.check()?;
    recipe.init.check(&PARTS)?;
    languages(recipe)?;
    health(recipe)?;
    stages(recipe)
}

/// Refuses what contradicts itself in the sections that say how texts and pictures are read and by which encoder.
pub(crate) fn check_encoder(
    text_section: &TextSection,
    vision: &TrainTransform,
    model: &ModelSection,
) -> Result<(), RecipeError> {
    shapes(vision, model)?;
    text(text_section, model)?;
    encoder_sizes(model)?;
    encoder_numbers(model)
}

/// Entries of a queue: 256 times ALBEF's, 16 GiB of features of 256 values.
const MOST_QUEUE: usize = 1 << 24;

fn fail(key: &str, reason: String) -> Result<(), RecipeError> {
    Err(RecipeError::invalid(key, reason))
}

fn health(recipe: &Recipe) -> Result<(), RecipeError> {
    recipe.health.fault().map_or(Ok(()), |(key, reason)| fail(&format!("health.{key}"), reason))
}

fn shapes(transform: &TrainTransform, model: &ModelSection) -> Result<(), RecipeError> {
    let (vision, text) = (&model.encoder.vision, &model.encoder.text);
    for (key, heads, hidden) in [
        ("model.encoder.vision.num_attention_heads", vision.num_attention_heads, vision.hidden_size),
        ("model.encoder.text.num_attention_heads", text.num_attention_heads, text.hidden_size),
    ] {
        if heads == 0 || !hidden.is_multiple_of(heads) {
            return fail(key, format!("is {heads}, expected a divisor of hidden_size = {hidden}"));
        }
    }
    let (side, patch) = (vision.image_size, vision.patch_size);
    if patch == 0 || side == 0 || !side.is_multiple_of(patch) {
        return fail(
            "model.encoder.vision.patch_size",
            format!("is {patch}, expected a divisor of image_size = {side}"),
        );
    }
    if transform.side as usize != side {
        let reason = format!("is {}, expected `model.encoder.vision.image_size` = {side}", transform.side);
        return fail("vision.side", reason);
    }
    transform.check().map_err(|error| RecipeError::invalid("vision", error.to_string()))
}

fn text(section: &TextSection, model: &ModelSection) -> Result<(), RecipeError> {
    let (layout, most) = (&section.layout, model.encoder.text.max_position_embeddings);
    if layout.max_length == 0 || layout.max_length > most {
        let reason =
            format!("is {}, expected 1 to `model.encoder.text.max_position_embeddings` = {most}", layout.max_length);
        return fail("text.layout.max_length", reason);
    }
    if layout.layout == Layout::ClsSepTitleSep {
        let reason = format!("is `{}`, expected `cls_title` or `cls_title_sep`", layout.layout.name());
        return fail("text.layout.layout", reason);
    }
    if section.caption_words == 0 {
        return fail("text.caption_words", "is 0, expected at least 1".into());
    }
    Ok(())
}

fn encoder_sizes(model: &ModelSection) -> Result<(), RecipeError> {
    let (vision, text) = (&model.encoder.vision, &model.encoder.text);
    let counts = [
        ("model.encoder.vision.hidden_size", vision.hidden_size),
        ("model.encoder.vision.intermediate_size", vision.intermediate_size),
        ("model.encoder.text.hidden_size", text.hidden_size),
        ("model.encoder.text.intermediate_size", text.intermediate_size),
        ("model.encoder.text.fusion_layers", text.fusion_layers),
        ("model.encoder.text.type_vocab_size", text.type_vocab_size),
        ("model.encoder.embedding_size", model.encoder.embedding_size),
    ];
    if let Some((key, _)) = counts.into_iter().find(|(_, count)| *count == 0) {
        return fail(key, "is 0, expected at least 1".into());
    }
    let frozen = text.frozen_word.filter(|&word| word as usize >= text.vocab_size);
    frozen.map_or(Ok(()), |word| {
        let reason = format!("is {word}, expected below `model.encoder.text.vocab_size` = {}", text.vocab_size);
        fail("model.encoder.text.frozen_word", reason)
    })
}

fn sizes(recipe: &Recipe) -> Result<(), RecipeError> {
    let counts = [
        ("data.loader.batch_size", recipe.data.loader.batch_size as u64),
        ("evaluation.every", recipe.evaluation.every),
        ("evaluation.batch_size", recipe.evaluation.batch_size as u64),
        ("checkpoint.every", recipe.checkpoint.every),
        ("checkpoint.keep", recipe.checkpoint.keep as u64),
        ("checkpoint.keep_every", recipe.checkpoint.keep_every.unwrap_or(1)),
    ];
    match counts.into_iter().find(|(_, count)| *count == 0) {
        Some((key, _)) => fail(key, "is 0, expected at least 1".into()),
        None => Ok(()),
    }
}

fn encoder_numbers(model: &ModelSection) -> Result<(), RecipeError> {
    let (vision, text, ranges) = (&model.encoder.vision, &model.encoder.text, &model.initializer_range);
    let amounts = [
        ("model.initializer_range.vision", ranges.vision),
        ("model.initializer_range.text", ranges.text),
        ("model.initializer_range.heads", ranges.heads),
        ("model.encoder.vision.layer_norm_eps", vision.layer_norm_eps),
        ("model.encoder.text.layer_norm_eps", text.layer_norm_eps),
    ];
    amounts.into_iter().try_for_each(|(key, amount)| not_negative(key, amount))?;
    share("model.encoder.text.hidden_dropout_prob", text.hidden_dropout_prob)?;
    share("model.encoder.text.attention_probs_dropout_prob", text.attention_probs_dropout_prob)
}

fn numbers(recipe: &Recipe) -> Result<(), RecipeError> {
    not_negative("optimizer.learning_rate", recipe.optimizer.learning_rate)?;
    let shares = [
        ("optimizer.betas[0]", recipe.optimizer.betas[0]),
        ("optimizer.betas[1]", recipe.optimizer.betas[1]),
        ("momentum.rate", recipe.momentum.rate),
        ("tasks.masking.probability", recipe.tasks.masking.probability),
    ];
    shares.into_iter().try_for_each(|(key, amount)| share(key, amount))?;
    temperature("tasks.temperature", recipe.tasks.temperature)
}

/// Refuses a first τ that is outside of its range.
pub(crate) fn temperature(key: &str, value: f64) -> Result<(), RecipeError> {
    let (low, high) = (TEMPERATURE_RANGE.start(), TEMPERATURE_RANGE.end());
    if TEMPERATURE_RANGE.contains(&value) {
        return Ok(());
    }
    fail(key, format!("is {value}, expected {low} to {high}"))
}

/// Refuses what is no share below 1.
pub(crate) fn share(key: &str, value: f64) -> Result<(), RecipeError> {
    if (0.0..1.0).contains(&value) {
        return Ok(());
    }
    fail(key, format!("is {value}, expected 0 to less than 1"))
}

fn not_negative(key: &str, amount: f64) -> Result<(), RecipeError> {
    if amount.is_finite() && amount >= 0.0 {
        return Ok(());
    }
    fail(key, format!("is {amount}, expected a finite number, 0 or more"))
}

/// A language without captions would silently cost its retrieval.
fn languages(recipe: &Recipe) -> Result<(), RecipeError> {
    let titles = match &recipe.data.records {
        DataFormat::TfRecord(fields) => &fields.titles,
        DataFormat::WebDataset(fields) => &fields.titles,
        DataFormat::Annotation(fields) => &fields.titles,
    };
    let known = |language: &&String| titles.iter().any(|title| title.language == **language);
    let Some(language) = recipe.evaluation.languages.iter().find(|language| !known(language)) else { return Ok(()) };
    let known: Vec<String> = titles.iter().map(|title| format!("`{}`", title.language)).collect();
    let reason = format!("has `{language}`, expected languages of `data.records.titles`: {}", known.join(", "));
    fail("evaluation.languages", reason)
}

fn stages(recipe: &Recipe) -> Result<(), RecipeError> {
    let Some((last, before)) = recipe.stages.split_last() else {
        return fail("stages", "is empty, expected at least one".into());
    };
    if let Some(index) = before.iter().position(|stage| stage.steps.is_none_or(|steps| steps == 0)) {
        return fail(
            &format!("stages[{index}].steps"),
            "is missing or 0, expected a length: only the last has none".into(),
        );
    }
    if last.steps.is_some() {
        let key = format!("stages[{}].steps", before.len());
        return fail(&key, "is given, expected none: the last stage goes on to the end of the run".into());
    }
    recipe.stages.iter().enumerate().try_for_each(|(index, stage)| one_stage(index, stage, recipe))
}

fn one_stage(index: usize, stage: &Stage, recipe: &Recipe) -> Result<(), RecipeError> {
    let key = |name: &str| format!("stages[{index}]{name}");
    if stage.ita.is_none() && stage.itm.is_none() && stage.mlm.is_none() {
        return fail(&key(""), "trains nothing, expected at least one of `ita`, `itm`, `mlm`".into());
    }
    let weights = [
        (".ita.weight", stage.ita.map(|ita| ita.weight)),
        (".itm.weight", stage.itm.map(|itm| itm.weight)),
        (".mlm.weight", stage.mlm.map(|mlm| mlm.weight)),
    ];
    weights.into_iter().try_for_each(|(name, weight)| weight.map_or(Ok(()), |w| not_negative(&key(name), w)))?;
    if stage.mlm.is_some() && recipe.tasks.masking.probability == 0.0 {
        return fail("tasks.masking.probability", format!("is 0, expected more: {} trains `mlm`", key("")));
    }
    if let Some(itm) = stage.itm.filter(|itm| !(0.0..=1.0).contains(&itm.hardness)) {
        return fail(&key(".itm.hardness"), format!("is {}, expected 0 to 1", itm.hardness));
    }
    if stage.queue() > MOST_QUEUE {
        return fail(&key(".ita.loss.queue"), format!("is {}, expected at most {MOST_QUEUE}", stage.queue()));
    }
    let sigmoid = stage.ita.is_some_and(|ita| ita.loss == ItaLoss::Sigmoid);
    if sigmoid && recipe.tasks.sigmoid_bias.is_none() {
        return fail(
            "tasks.sigmoid_bias",
            format!("is missing, expected a number: {} uses the sigmoid loss", key(".ita")),
        );
    }
    if let Some(bias) = recipe.tasks.sigmoid_bias.filter(|bias| !bias.is_finite()) {
        return fail("tasks.sigmoid_bias", format!("is {bias}, expected a finite number"));
    }
    let in_batch = stage.ita.is_some_and(|ita| !matches!(ita.loss, ItaLoss::Queue(_)));
    if in_batch && stage.alpha.as_ref().is_some_and(|ramp| ramp.alpha > 0.0) && stage.mlm.is_none() {
        let reason = "is above 0, expected 0: soft alignment targets need the loss `queue` (`{ queue = 0 }` for the batch alone)";
        return fail(&key(".alpha.alpha"), reason.into());
    }
    Ok(())
}
