//! `bench step`: what a training step costs, with its savings and without.

use std::path::Path;
use std::time::Instant;

use burn::tensor::Device;
use clap::Args;
use tuwen_train::albef::{Assembly, Batch, Example, Saving, Savings, StepSize, stage_at, step_flops};
use tuwen_train::{Architecture, Optimizer, RECIPES, Recipe, find_recipe, take_step};

use super::timing::Times;
use super::{CommandError, overrides};

#[derive(Debug, Args)]
pub(in crate::commands) struct StepArguments {
    /// An ALBEF recipe, built-in or a TOML file [default: the first of `recipe list`]
    recipe: Option<String>,
    /// Change a value of the recipe: section.key=value
    #[arg(long = "set", value_name = "KEY=VALUE")]
    set: Vec<String>,
    /// The step of the run that is timed, which decides the stage [default: the recipe's last stage]
    #[arg(long, value_name = "STEP")]
    at: Option<u64>,
    /// Rounds; in each round every variant takes one step on the same batch
    #[arg(long, value_name = "NUMBER", default_value_t = 15)]
    rounds: usize,
}

const VARIANTS: [(&str, Savings); 9] = [
    ("all savings", Savings::ALL),
    ("without shared_image_memory", Savings { shared_image_memory: Saving::Off, ..Savings::ALL }),
    ("without one_batch", Savings { one_batch: Saving::Off, ..Savings::ALL }),
    ("without masked_positions", Savings { masked_positions: Saving::Off, ..Savings::ALL }),
    ("without matching_cls", Savings { matching_cls: Saving::Off, ..Savings::ALL }),
    ("without idle_teacher", Savings { idle_teacher: Saving::Off, ..Savings::ALL }),
    ("without packed_texts", Savings { packed_texts: Saving::Off, ..Savings::ALL }),
    ("without fixed_shapes", Savings { fixed_shapes: Saving::Off, ..Savings::ALL }),
    ("without any", Savings::NONE),
];

pub(super) fn run(arguments: &StepArguments, root: &Path) -> Result<(), CommandError> {
    let name = arguments.recipe.as_deref().unwrap_or(RECIPES[0].0);
    let Recipe::Albef(recipe) = find_recipe(name, &[], &overrides(&arguments.set)?)? else {
        return Err(format!("`{name}` is a UniBERT's, expected a recipe of an ALBEF").into());
    };
    let before_last: u64 = recipe.stages.iter().filter_map(|stage| stage.steps).sum();
    let at = arguments.at.unwrap_or(before_last);
    let mut assembly = Assembly::of(*recipe, root)?;
    let mut batches = assembly.training_loader()?;
    let mut times = vec![Times::default(); VARIANTS.len()];
    let mut flops = vec![0; VARIANTS.len()];
    // One round more than asked for: in the first, memory is allocated and nothing counts.
    for round in 0..=arguments.rounds.max(1) {
        let examples = batches.next_batch()?.items;
        // Each round begins with another variant: the first one finds the caches cold.
        for offset in 0..VARIANTS.len() {
            let variant = (round + offset) % VARIANTS.len();
            let (_, savings) = &VARIANTS[variant];
            assembly.recipe.savings = *savings;
            let time = time_of(&assembly, &examples, at)?;
            if round > 0 {
                times[variant].push(time);
                flops[variant] += count(&assembly, &examples, at);
            }
        }
    }
    let (stage, inner) = stage_at(&assembly.recipe.stages, at);
    println!("{name}, step {} ({}; α {})", at + 1, stage.describe(), stage.alpha(inner));
    println!("median of {} interleaved rounds, a fresh model in each; ratios to `all savings`\n", times[0].rounds());
    println!("{:<30}{:>12}{:>8}{:>14}{:>8}", "", "GFLOP/step", "ratio", "seconds/step", "ratio");
    let medians: Vec<f64> = times.iter().map(Times::median).collect();
    for (variant, (name, _)) in VARIANTS.iter().enumerate() {
        let (work, time) = (flops[variant] as f64 / times[0].rounds() as f64, medians[variant]);
        let ratio = work / (flops[0] as f64 / times[0].rounds() as f64);
        println!("{name:<30}{:>12.3}{ratio:>8.2}{time:>14.4}{:>8.2}", work / 1e9, time / medians[0]);
    }
    Ok(())
}

/// Seconds of one step: losses, gradients, optimizer, momentum encoder and queue.
fn time_of(assembly: &Assembly, examples: &[Example], at: u64) -> Result<f64, CommandError> {
    let state = assembly.start(&Device::flex().autodiff());
    let mut optimizer = Optimizer::new(assembly.recipe.optimizer.clone());
    let started = Instant::now();
    take_step(assembly, state, &mut optimizer, examples, (at, 1.0))?;
    Ok(started.elapsed().as_secs_f64())
}

fn count(assembly: &Assembly, examples: &[Example], at: u64) -> u64 {
    let recipe = &assembly.recipe;
    let (stage, inner) = stage_at(&recipe.stages, at);
    let batch = Batch::new(examples, 0, &Device::flex());
    let [size, tokens] = batch.input_ids.dims();
    let masked = batch.token_labels.map_or(0, |labels| labels.ids.dims()[0]);
    let real = batch.attention_mask.to_data().iter::<bool>().filter(|real| *real).count();
    let size = StepSize { batch: size, tokens, real, masked };
    step_flops(&recipe.model.encoder, stage, stage.alpha(inner), size, &recipe.savings)
}
