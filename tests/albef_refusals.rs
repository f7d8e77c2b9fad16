//! Bad ALBEF recipes: each is refused with the key and what was expected, before anything is read.

use tuwen::train::{RECIPES, find_any_recipe};

use crate::albef_fixture::small_albef;

fn assert_says(set: &str, expected: &str) -> String {
    let error = small_albef(&[set]).err().unwrap_or_else(|| panic!("{set} was accepted")).to_string();
    assert!(error.contains(expected), "--set {set}: {error}");
    error
}

fn assert_refused(table: &[(&str, &str)]) {
    for (set, expected) in table {
        let error = assert_says(set, expected);
        // The place is named: the key that was set, or the section that it stands in.
        let section = set.split(['.', '=']).next().unwrap();
        assert!(error.contains(section), "--set {set}: {error}");
    }
}

#[test]
fn albef_recipe_with_a_bad_model_is_refused() {
    assert_refused(&[
        ("model.encoder.vision.num_attention_heads=3", "is 3, expected a divisor of hidden_size = 16"),
        ("model.encoder.vision.num_attention_heads=0", "is 0, expected a divisor of hidden_size = 16"),
        ("model.encoder.text.num_attention_heads=5", "is 5, expected a divisor of hidden_size = 16"),
        ("model.encoder.text.num_attention_heads=0", "is 0, expected a divisor of hidden_size = 16"),
        ("model.encoder.vision.patch_size=7", "is 7, expected a divisor of image_size = 64"),
        ("model.encoder.vision.patch_size=0", "is 0, expected a divisor of image_size = 64"),
        ("model.encoder.vision.image_size=0", "is 16, expected a divisor of image_size = 0"),
        ("model.encoder.vision.image_size=48", "`vision.side`"),
        ("model.encoder.embedding_size=0", "is 0, expected at least 1"),
        ("model.encoder.vision.hidden_size=0", "is 0, expected at least 1"),
        ("model.encoder.vision.intermediate_size=0", "is 0, expected at least 1"),
        ("model.encoder.vision.layer_norm_eps=-1e-6", "is -0.000001, expected a finite number, 0 or more"),
        ("model.encoder.text.hidden_size=0", "is 0, expected at least 1"),
        ("model.encoder.text.intermediate_size=0", "is 0, expected at least 1"),
        ("model.encoder.text.fusion_layers=0", "is 0, expected at least 1"),
        ("model.encoder.text.type_vocab_size=0", "is 0, expected at least 1"),
        ("model.encoder.text.layer_norm_eps=nan", "is NaN, expected a finite number, 0 or more"),
        ("model.encoder.text.frozen_word=2725", "is 2725, expected below `model.encoder.text.vocab_size` = 2725"),
        ("model.initializer_range.vision=-0.1", "is -0.1, expected a finite number, 0 or more"),
        ("model.initializer_range.text=nan", "is NaN, expected a finite number, 0 or more"),
        ("model.initializer_range.heads=inf", "is inf, expected a finite number, 0 or more"),
        ("model.encoder.text.vocab_size=99", "is 99, expected 2725, the entries of"),
        ("model.encoder.text.hidden_dropout_prob=1.0", "is 1, expected 0 to less than 1"),
        ("model.encoder.text.attention_probs_dropout_prob=-0.1", "is -0.1, expected 0 to less than 1"),
        ("model.encoder.text.hidden_sise=8", "did you mean `model.encoder.text.hidden_size`?"),
    ]);
}

#[test]
fn albef_recipe_with_bad_pictures_or_captions_is_refused() {
    assert_refused(&[
        ("vision.side=32", "is 32, expected `model.encoder.vision.image_size` = 64"),
        ("vision.scale=[0.0, 1.0]", "vision"),
        ("vision.scale=[0.9, 0.5]", "vision"),
        ("text.layout.max_length=0", "is 0, expected 1 to `model.encoder.text.max_position_embeddings` = 64"),
        ("text.layout.max_length=65", "is 65, expected 1 to"),
        ("text.layout.layout=cls_sep_title_sep", "is `cls_sep_title_sep`, expected `cls_title` or `cls_title_sep`"),
        ("text.caption_words=0", "is 0, expected at least 1"),
        ("evaluation.languages=[\"en\", \"fr\"]", "has `fr`, expected languages of `data.records.titles`: `en`, `zh`"),
    ]);
    for (set, expected) in [
        ("text.vocabulary=no/such/vocab.txt", "no/such/vocab.txt: "),
        ("data.train=no/such/train.tar", "no/such/train.tar: "),
        ("data.heldout=no/such/heldout.tar", "no/such/heldout.tar: "),
    ] {
        assert_says(set, expected);
    }
}

#[test]
fn albef_recipe_with_bad_numbers_is_refused() {
    assert_refused(&[
        ("data.loader.batch_size=0", "is 0, expected at least 1"),
        ("evaluation.every=0", "is 0, expected at least 1"),
        ("evaluation.batch_size=0", "is 0, expected at least 1"),
        ("checkpoint.every=0", "is 0, expected at least 1"),
        ("checkpoint.keep=0", "is 0, expected at least 1"),
        ("optimizer.betas=[1.0, 0.9]", "`optimizer.betas[0]`"),
        ("optimizer.betas=[0.9, 1.5]", "is 1.5, expected 0 to less than 1"),
        ("momentum.rate=1.0", "is 1, expected 0 to less than 1"),
        ("momentum.rate=nan", "is NaN, expected 0 to less than 1"),
        ("tasks.masking.probability=1.5", "is 1.5, expected 0 to less than 1"),
        ("optimizer.learning_rate=nan", "is NaN, expected a finite number, 0 or more"),
        ("tasks.sigmoid_bias=nan", "is NaN, expected a finite number"),
        ("tasks.temperature=0.6", "is 0.6, expected 0.001 to 0.5"),
        ("tasks.temperature=0.0", "is 0, expected 0.001 to 0.5"),
        ("compat=sead", "did you mean `seed`?"),
    ]);
}

#[test]
fn albef_recipe_with_bad_stages_is_refused() {
    assert_refused(&[
        ("stages=[]", "is empty, expected at least one"),
        ("stages=[{mlm={weight=1.0}}, {mlm={weight=1.0}}]", "`stages[0].steps` is missing or 0"),
        ("stages=[{steps=0, mlm={weight=1.0}}, {mlm={weight=1.0}}]", "only the last has none"),
        ("stages=[{steps=5, mlm={weight=1.0}}]", "`stages[0].steps` is given, expected none"),
        ("stages=[{steps=5, mlm={weight=1.0}}, {}]", "`stages[1]` trains nothing"),
        ("stages=[{alpha={alpha=0.4, ramp=1}}]", "expected at least one of `ita`, `itm`, `mlm`"),
        ("stages=[{ita={weight=-1.0, loss={queue=8}}}]", "`stages[0].ita.weight` is -1, expected a finite number"),
        ("stages=[{itm={weight=inf, hardness=1.0}}]", "`stages[0].itm.weight` is inf, expected a finite number"),
        ("stages=[{mlm={weight=nan}}]", "`stages[0].mlm.weight` is NaN, expected a finite number"),
        ("stages=[{itm={weight=1.0, hardness=1.5}}]", "`stages[0].itm.hardness` is 1.5, expected 0 to 1"),
        ("stages=[{itm={weight=1.0, hardness=-0.5}}]", "is -0.5, expected 0 to 1"),
        ("stages=[{ita={weight=1.0, loss=\"in_batch\"}, alpha={alpha=0.4, ramp=1}}]", "`stages[0].alpha.alpha`"),
        ("stages=[{mlm={weight=1.0}, alpha={alpha=1.4, ramp=1}}]", "expected a number from 0 to 1"),
        ("stages=[{ita={weight=1.0, loss=\"in_bach\"}}]", "in_batch"),
    ]);
    // What is missing is another key than what was set.
    for (set, expected) in [
        ("tasks.masking.probability=0.0", "`tasks.masking.probability` is 0, expected more: stages[1] trains `mlm`"),
        (
            "stages=[{ita={weight=1.0, loss=\"sigmoid\"}}]",
            "`tasks.sigmoid_bias` is missing, expected a number: stages[0].ita uses the sigmoid loss",
        ),
    ] {
        assert_says(set, expected);
    }
}

#[test]
fn albef_recipe_that_looks_odd_and_is_sound_is_accepted() {
    for (name, _) in RECIPES {
        let found = find_any_recipe(name, &[], &[]);
        assert!(found.is_ok(), "{name}: {}", found.err().unwrap());
    }
    for set in [
        "data.loader.batch_size=1",
        "evaluation.rerank=0",
        "evaluation.languages=[]",
        "momentum.rate=0.0",
        "text.layout.layout=cls_title_sep",
        "text.layout.max_length=64",
        "tasks.temperature=0.001",
        "stages=[{ita={weight=1.0, loss={queue=0}}, alpha={alpha=0.4, ramp=0}}]",
        "stages=[{ita={weight=1.0, loss=\"in_batch\"}, mlm={weight=1.0}, alpha={alpha=0.4, ramp=0}}]",
        "stages=[{itm={weight=1.0, hardness=0.0}}]",
    ] {
        assert!(small_albef(&[set]).is_ok(), "--set {set}: {}", small_albef(&[set]).err().unwrap());
    }
}
