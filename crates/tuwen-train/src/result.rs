//! `downstream.json`: what a run came to on held-out questions, and its right and wrong examples with their pictures.

use std::path::{Path, PathBuf};

use tuwen_encoder::write_whole;
use tuwen_eval::{Bootstrap, DownstreamExample, DownstreamResults, GivenAnswer, examples_of_both, heat_map, write_png};
use tuwen_vision::{Image, ResizeFilter, decode_image, resize};

use crate::TrainError;
use crate::objective::{Answered, Answers, Shown};
use crate::samples::{self, Guess, Sample, Token};

/// How intervals are made.
pub const INTERVALS: Bootstrap = Bootstrap { resamples: 1000, confidence: 0.95, seed: 42 };
/// The file's name, in the run's folder.
pub const RESULT: &str = "downstream.json";
/// Right examples shown, and as many wrong ones.
const OF_EACH: usize = 6;
/// The folder of the pictures, within the run's.
const FOLDER: &str = "examples";
/// The shorter side of a picture that is shown, in pixels, about.
const SIDE: u32 = 192;

/// Writes the result of the run called `task` and the pictures of its examples into its `folder`; returns the file.
pub(crate) fn write_result(task: &str, answers: &Answers, folder: &Path) -> Result<PathBuf, TrainError> {
    let pictures = folder.join(FOLDER);
    std::fs::create_dir_all(&pictures).map_err(|error| TrainError::io(&pictures, error))?;
    let right: Vec<bool> = answers.answered.iter().map(Answered::is_right).collect();
    let mut examples = Vec::new();
    for place in examples_of_both(&right, OF_EACH) {
        let (answered, number) = (&answers.answered[place], examples.len());
        examples.push(DownstreamExample {
            task: task.to_string(),
            pictures: drawn(answered, number, (folder, FOLDER))?,
            text: answered.text.clone(),
            expected: answered.expected.clone(),
            answers: answered.answers.clone(),
            right: right[place],
        });
    }
    let result = DownstreamResults { results: answers.table(task, INTERVALS)?, examples };
    let path = folder.join(RESULT);
    let text = serde_json::to_string_pretty(&result).map_err(|error| TrainError::io(&path, error.into()))?;
    write_whole(&path, text.as_bytes()).map_err(|error| TrainError::io(&path, error))?;
    Ok(path)
}

/// The first questions with their first picture: each text, and what was answered in the place of what is right.
pub(crate) fn answered_samples(answers: &Answers, folder: &Path) -> Result<Vec<Sample>, TrainError> {
    let pictures = folder.join(samples::FOLDER);
    std::fs::create_dir_all(&pictures).map_err(|error| TrainError::io(&pictures, error))?;
    let one = |(number, answered): (usize, &Answered)| {
        let picture = first_picture(answered, format!("{}/{number}.png", samples::FOLDER), folder)?;
        let sure = |answer: &GivenAnswer| Some(Guess { text: answer.text.clone(), probability: answer.probability? });
        let guesses: Vec<Guess> = answered.answers.iter().filter_map(sure).take(samples::ANSWERS).collect();
        let first = guesses.first().map(|guess| &guess.text);
        let right = answered.expected.iter().find(|right| Some(*right) == first).or(answered.expected.first());
        let kind = if answered.kind.is_empty() { String::new() } else { format!(", {}", answered.kind) };
        let question = Token { text: answered.text.clone(), guesses: Vec::new() };
        let answer = right.map(|right| Token { text: right.clone(), guesses });
        Ok(Sample {
            record: format!("held-out question {}{kind}", number + 1),
            picture,
            tokens: [question].into_iter().chain(answer).collect(),
            ..Sample::default()
        })
    };
    answers.answered.iter().take(samples::SHOWN).enumerate().map(one).collect()
}

/// The first picture of a question, written as `name` in the run's `folder`; none where it can't be read any more, which is
/// no reason to end a run.
fn first_picture(answered: &Answered, name: String, folder: &Path) -> Result<Option<String>, TrainError> {
    let Some(image) = answered.pictures.first().and_then(|shown| image_of(shown).ok()) else { return Ok(None) };
    write_png(folder.join(&name), &image)?;
    Ok(Some(name))
}

/// The pictures of an example, and the first one with the map on it, written below `pictures` in the run's `folder`.
fn drawn(answered: &Answered, number: usize, (folder, pictures): (&Path, &str)) -> Result<Vec<String>, TrainError> {
    let mut names = Vec::new();
    let mut write = |image: &Image, place: &str| -> Result<(), TrainError> {
        let name = format!("{pictures}/{number}-{place}.png");
        write_png(folder.join(&name), image)?;
        names.push(name);
        Ok(())
    };
    for (place, shown) in answered.pictures.iter().enumerate() {
        let image = image_of(shown)?;
        write(&image, &place.to_string())?;
        if let Some(map) = answered.map.as_ref().filter(|_| place == 0) {
            write(&heat_map(&image, map)?, "map")?;
        }
    }
    Ok(names)
}

/// A picture: a small one larger in a whole multiple, a large one smaller.
fn image_of(shown: &Shown) -> Result<Image, TrainError> {
    let image = match shown {
        Shown::Image(image) => image.clone(),
        Shown::Encoded(bytes) => decode_image(bytes)?,
        Shown::File(path) => decode_image(&std::fs::read(path).map_err(|error| TrainError::io(path, error))?)?,
    };
    let (width, height) = (image.width(), image.height());
    let shorter = width.min(height).max(1);
    if shorter <= SIDE {
        let times = SIDE / shorter;
        return Ok(resize(&image, times * width, times * height, ResizeFilter::Area)?);
    }
    let fit = |side: u32| (u64::from(side) * u64::from(SIDE) / u64::from(shorter)) as u32;
    Ok(resize(&image, fit(width), fit(height), ResizeFilter::Area)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::objective::given;

    fn answered(id: usize) -> Answered {
        let image = Image::from_fn(64, 64, |x, y| [x as u8, y as u8, id as u8]).unwrap();
        Answered {
            kind: if id < 20 { "early" } else { "late" }.to_string(),
            text: id.to_string(),
            pictures: vec![Shown::Image(image)],
            score: f64::from(u8::from(id.is_multiple_of(4))),
            chance: if id < 20 { 0.5 } else { 0.25 },
            map: Some(vec![0.0, 1.0, 0.0, 0.0]),
            ..Answered::default()
        }
    }

    #[test]
    fn right_and_wrong_examples_are_written_with_their_pictures() {
        let folder = tempfile::tempdir().unwrap();
        let answers = Answers::shares("accuracy", (0..40).map(answered).collect());
        let path = write_result("a task", &answers, folder.path()).unwrap();
        let DownstreamResults { results, examples } =
            serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
        let rows: Vec<_> = results.rows.iter().map(|row| (row.measure.as_str(), row.value, row.chance)).collect();
        let expected = [("accuracy", 0.25, 0.375), ("accuracy, early", 0.25, 0.5), ("accuracy, late", 0.25, 0.25)];
        assert_eq!(rows, expected);
        assert_eq!(examples.iter().filter(|example| example.right).count(), OF_EACH);
        assert_eq!(examples.len(), 2 * OF_EACH);
        for example in &examples {
            assert_eq!(example.right, example.text.parse::<usize>().unwrap().is_multiple_of(4));
            assert_eq!(example.pictures.len(), 2, "the picture, and the map on it");
            for name in &example.pictures {
                let bytes = std::fs::read(folder.path().join(name)).unwrap();
                assert_eq!(decode_image(&bytes).unwrap().width(), 192, "{name}");
            }
        }
    }

    #[test]
    fn samples_are_the_first_questions_with_what_was_answered() {
        let folder = tempfile::tempdir().unwrap();
        let one = |id: usize| Answered {
            expected: vec!["crimson".to_string(), "red".to_string()],
            answers: vec![given("red", 0.75), given("blue", 0.125)],
            ..answered(id)
        };
        let samples =
            answered_samples(&Answers::shares("accuracy", (0..40).map(one).collect()), folder.path()).unwrap();
        assert_eq!((samples.len(), samples[3].record.as_str()), (samples::SHOWN, "held-out question 4, early"));
        let [question, answer] = &samples[3].tokens[..] else { panic!("a question and an answer: {samples:?}") };
        assert_eq!((question.text.as_str(), question.guesses.len()), ("3", 0));
        // Of the right answers the one that was found.
        assert_eq!((answer.text.as_str(), answer.guesses[0].text.as_str()), ("red", "red"));
        assert_eq!(answer.guesses[1].probability, 0.125);
        assert!(folder.path().join(samples[3].picture.as_ref().unwrap()).is_file());
        let gone = Answered { pictures: vec![Shown::File("nowhere.png".into())], ..one(0) };
        let samples = answered_samples(&Answers::shares("accuracy", vec![gone]), folder.path()).unwrap();
        assert_eq!(samples[0].picture, None);
    }

    #[test]
    fn a_large_picture_is_shown_smaller() {
        let image = Image::from_fn(960, 480, |_, _| [9; 3]).unwrap();
        let shown = image_of(&Shown::Image(image)).unwrap();
        assert_eq!((shown.width(), shown.height()), (384, 192));
    }
}
