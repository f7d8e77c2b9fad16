//! What UniBERT makes of a few held-out clips: hidden words filled in, and the frames it takes for hidden ones.

use std::path::Path;

use burn::tensor::Device;
use tuwen_data::Visual;
use tuwen_encoder::Tape;
use tuwen_eval::write_png;
use tuwen_ops::Dropout;
use tuwen_vision::{Image, decode_image, sample_frames, split_strip};

use super::step::{TaskStates, encode};
use super::{Assembly, Batch, Example, UniBertPretraining};
use crate::TrainError;
use crate::samples::{FOLDER, FoundFrame, HiddenFrame, SHOWN, Sample, Samples, likeliest, tokens};

/// Hidden frames shown of a clip.
const FRAMES: usize = 2;
/// Records looked through for the pictures of the clips.
const SEARCHED: usize = 4096;

/// The valid frames of all clips shown, in their order, as files.
struct Album {
    /// For each frame its clip and place.
    places: Vec<(usize, usize)>,
    /// For each clip its frames, by place; none where the record holds no pictures.
    clips: Vec<Vec<Image>>,
}

impl Assembly {
    /// The first held-out clips. Their pictures go into the folder `samples` of the run's.
    pub(super) fn samples_of(
        &self,
        model: &UniBertPretraining,
        heldout: &[Vec<Example>],
        (step, folder): (u64, &Path),
        device: &Device,
    ) -> Result<Samples, TrainError> {
        let examples: Vec<Example> = heldout.iter().flatten().take(SHOWN).cloned().collect();
        if examples.is_empty() {
            return Ok(Samples { step, samples: Vec::new() });
        }
        let pictures = folder.join(FOLDER);
        std::fs::create_dir_all(&pictures).map_err(|error| TrainError::io(&pictures, error))?;
        let batch = Batch::new(&examples, &self.shape, device)?;
        let states = encode((model, &Tape::off()), &batch, &self.plan.for_evaluation(), None, &Dropout::off());
        let mut words = fill_in(model, &batch, &states).into_iter();
        let (album, mut found) = (self.album(&examples), self.find(model, &batch, &states).into_iter());
        let mut samples = Vec::new();
        for (number, example) in examples.iter().enumerate() {
            let answers: Vec<_> = words.by_ref().take(example.masked_text.positions.len()).collect();
            let hidden = &example.masked_frames.positions;
            let guesses: Vec<_> = found.by_ref().take(hidden.len()).collect();
            let mut frames = Vec::new();
            for (order, (&place, guesses)) in hidden.iter().zip(&guesses).take(FRAMES).enumerate() {
                frames.extend(album.hidden(folder, (order, (number, place as usize)), guesses)?);
            }
            samples.push(Sample {
                record: example.id.clone(),
                picture: album.write(folder, &number.to_string(), (number, 0))?,
                tokens: tokens(&self.text.tokenizer, &example.text, &example.masked_text, &answers),
                maps: Vec::new(),
                frames,
            });
        }
        Ok(Samples { step, samples })
    }

    /// For each hidden frame of the batch the likeliest among its frames, with their probabilities, and whether they are right.
    fn find(&self, model: &UniBertPretraining, batch: &Batch, states: &TaskStates) -> Vec<Vec<(usize, f64, bool)>> {
        let task = self.recipe.tasks.mfm.as_ref();
        let (Some(head), Some(states), Some(labels), Some(task)) = (&model.mfm, &states.mfm, &batch.frame_labels, task)
        else {
            return Vec::new();
        };
        let [frames, _] = labels.frames.dims();
        let targets: Vec<usize> = labels.targets.to_data().iter::<i64>().map(|target| target as usize).collect();
        let twins: Vec<bool> =
            labels.twins.iter().flat_map(|twins| twins.to_data().iter::<bool>().collect::<Vec<_>>()).collect();
        let right = |row: usize, frame: usize| {
            frame == targets[row] || twins.get(row * frames + frame).copied().unwrap_or(false)
        };
        let rows = likeliest(head.logits(&states.hidden_states, labels, &task.similarity)).into_iter().enumerate();
        rows.map(|(row, found)| found.into_iter().map(|(frame, sure)| (frame, sure, right(row, frame))).collect())
            .collect()
    }

    fn album(&self, examples: &[Example]) -> Album {
        let mut clips = vec![Vec::new(); examples.len()];
        let mut missing = examples.len();
        for index in 0..self.heldout.len().min(SEARCHED) {
            // What can't be read is no example, and clips of features have no pictures.
            let Ok(record) = self.heldout.read(index) else { continue };
            let Visual::Strip { bytes, frames } = &record.visual else { break };
            if let Some(number) = examples.iter().position(|example| example.id == record.id) {
                clips[number] = self.frames_of(bytes, *frames).unwrap_or_default();
                missing -= 1;
            }
            if missing == 0 {
                break;
            }
        }
        let places = |(clip, example): (usize, &Example)| {
            let mask = example.frame_mask.clone();
            mask.into_iter().enumerate().filter(|(_, real)| *real).map(move |(place, _)| (clip, place))
        };
        Album { places: examples.iter().enumerate().flat_map(places).collect(), clips }
    }

    /// The frames of a strip as the model gets them, by place.
    fn frames_of(&self, strip: &[u8], frames: usize) -> Option<Vec<Image>> {
        let images = split_strip(&decode_image(strip).ok()?, frames).ok()?;
        let sampled = sample_frames(images.len(), self.recipe.vision.frames, self.recipe.vision.sampling).ok()?;
        Some(sampled.index.into_iter().flatten().filter_map(|index| images.get(index).cloned()).collect())
    }
}

/// For each hidden word of the batch the likeliest answers.
fn fill_in(model: &UniBertPretraining, batch: &Batch, states: &TaskStates) -> Vec<Vec<(usize, f64)>> {
    match (&model.mlm, &states.mlm, &batch.token_labels) {
        (Some(head), Some(states), Some(labels)) => likeliest(head.logits(&states.hidden_states, labels)),
        _ => Vec::new(),
    }
}

impl Album {
    /// Hidden frame number `number` of a clip with the frames that were found for it, if all have pictures.
    fn hidden(
        &self,
        folder: &Path,
        (number, place): (usize, (usize, usize)),
        guesses: &[(usize, f64, bool)],
    ) -> Result<Option<HiddenFrame>, TrainError> {
        let name = format!("{}-hidden-{number}", place.0);
        let Some(picture) = self.write(folder, &name, place)? else { return Ok(None) };
        let mut found = Vec::new();
        for (rank, &(frame, probability, right)) in guesses.iter().enumerate() {
            let Some(&place) = self.places.get(frame) else { continue };
            if let Some(picture) = self.write(folder, &format!("{name}-found-{rank}"), place)? {
                found.push(FoundFrame { picture, probability, right });
            }
        }
        Ok(Some(HiddenFrame { picture, found }))
    }

    /// Writes a clip's frame under a name, which stays the same from test to test, so that no picture of an earlier one is
    /// left; nothing where the record holds no pictures.
    fn write(&self, folder: &Path, name: &str, (clip, place): (usize, usize)) -> Result<Option<String>, TrainError> {
        let Some(image) = self.clips.get(clip).and_then(|clip| clip.get(place)) else { return Ok(None) };
        let name = format!("{FOLDER}/{name}.png");
        write_png(folder.join(&name), image)?;
        Ok(Some(name))
    }
}
