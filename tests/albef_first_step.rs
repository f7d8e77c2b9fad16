//! What a fresh ALBEF's losses must be: it knows nothing, so each is the logarithm of the number of choices.

use tuwen::encoder::Tape;
use tuwen::ita::{FeatureQueue, PairKeys, QUEUE_START};
use tuwen::random::Draws;
use tuwen::train::Architecture;
use tuwen::train::albef::{AlbefPretraining, AlbefState};

use crate::albef_case::loss;
use crate::albef_fixture::{batches, everything, first_losses, small_albef};
use crate::fixture::device;

/// Features of `E` numbers: random ones are nearly at right angles.
const WIDE: usize = 1024;
const CAPACITY: usize = 20;

/// A queue of random directions in its first `filled` places.
fn queue(filled: usize) -> FeatureQueue {
    let device = device();
    let mut queue = FeatureQueue::empty(CAPACITY, WIDE, &device);
    if filled > 0 {
        let random = FeatureQueue::random(filled, WIDE, &Draws::new(3, QUEUE_START, 0, 0), &device);
        let keys: Vec<PairKeys> = (0..filled as u64).map(|i| PairKeys { image: i, caption: i }).collect();
        queue.enqueue(random.image(), random.text(), &keys);
    }
    queue
}

#[test]
fn albef_alignment_starts_at_the_logarithm_of_batch_and_queue() {
    let wide = format!("model.encoder.embedding_size={WIDE}");
    let assembly = small_albef(&[&everything(CAPACITY, 0.0), &wide, "tasks.temperature=0.5"]).unwrap();
    let (device, examples) = (device().autodiff(), &batches(&assembly, 1)[0]);
    for filled in [0, 1, 12, CAPACITY] {
        let model = AlbefPretraining::of(&assembly.recipe, &device);
        let mut state = AlbefState::from_parts(model, None, Some(queue(filled)));
        let found = loss(&assembly.losses(&mut state, examples, 0, &Tape::off()).unwrap(), "ita");
        let expected = ((8 + filled) as f32).ln();
        // A cosine of unrelated features deviates by 1/√1024, a logit by 1/(√1024 · 0.5) = 1/16: here is two of them.
        assert!((found - expected).abs() < 0.125, "{filled} entries: {found}, expected ln {} = {expected}", 8 + filled);
    }
}

#[test]
fn albef_alignment_grows_with_the_queue_it_fills() {
    // Before each of five steps the queue of 20 holds 0, 8, 16, 20, 20 entries.
    let assembly = small_albef(&[&everything(CAPACITY, 0.0), "tasks.temperature=0.5"]).unwrap();
    let mut state = assembly.start(&device().autodiff());
    let filled = [0, 8, 16, 20, 20];
    for (step, examples) in batches(&assembly, filled.len()).iter().enumerate() {
        assert_eq!(state.queue.as_ref().unwrap().len(), filled[step]);
        let found = loss(&assembly.losses(&mut state, examples, step as u64, &Tape::off()).unwrap(), "ita");
        let expected = ((8 + filled[step]) as f32).ln();
        // All pictures look nearly alike to a fresh encoder, so cosines hardly differ; a pair that comes twice moves it.
        assert!((found - expected).abs() < 0.1, "step {step}: {found}, expected {expected}");
        state.enqueue();
    }
}

#[test]
fn albef_matching_and_words_start_at_chance() {
    let assembly = small_albef(&[&everything(CAPACITY, 0.0)]).unwrap();
    for examples in batches(&assembly, 3) {
        let [itm, mlm] = first_losses(&assembly, &examples, ["itm", "mlm"]);
        // |h| = √16, heads of 0.05: the two logits differ by 4 · 0.05 · √2 = 0.28 = d, and with one match to two
        // mismatches that moves the loss by d/6 + d²/8 = 0.06; here is more than twice that.
        assert!((itm - 2.0_f32.ln()).abs() < 0.15, "{itm}, expected ln 2");
        // |h| = √16, a word table of 0.08: logits deviate by 0.32.
        assert!((mlm - 2725.0_f32.ln()).abs() < 0.32, "{mlm}, expected ln 2725 = {}", 2725.0_f32.ln());
    }
}
