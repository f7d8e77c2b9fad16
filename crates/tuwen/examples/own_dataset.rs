//! An own data set: a folder of pictures whose names are their captions, put under the recipe `albef-tiny`.
//!
//! `cargo run --release --example own_dataset [FOLDER]`; without a folder, coloured squares are painted first.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use burn::tensor::Device;
use tuwen::data::{DataError, Record, Source, Title, Visual};
use tuwen::recipe::Override;
use tuwen::train::objective::OwnResult;
use tuwen::train::{Event, RunOptions, albef::Assembly, find_recipe, train};
use tuwen::vision::Image;

/// Pictures such as `red square left.png`: each with its name as its caption.
struct Named(Vec<PathBuf>);

impl Source for Named {
    fn len(&self) -> usize {
        self.0.len()
    }

    fn read(&self, index: usize) -> Result<Record, DataError> {
        let path = &self.0[index];
        let bytes = std::fs::read(path).map_err(|source| DataError::Io { path: path.clone(), source })?;
        let text = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let titles = vec![Title { language: "en".into(), text: text.clone() }];
        Ok(Record { id: text, titles, tags: None, visual: Visual::Image(bytes) })
    }
}

/// A square of each colour at each place.
fn paint(folder: &Path) -> OwnResult<()> {
    let colours = [("red", [220, 30, 30]), ("green", [30, 180, 60]), ("blue", [30, 60, 220]), ("black", [0; 3])];
    let places = [("left", [4, 20]), ("right", [36, 20]), ("up", [20, 4]), ("down", [20, 36])];
    for (colour, ink) in colours {
        for (place, [left, top]) in places {
            let inside = |x: u32, y: u32| (left..left + 24).contains(&x) && (top..top + 24).contains(&y);
            let picture = Image::from_fn(64, 64, |x, y| if inside(x, y) { ink } else { [255; 3] })?;
            tuwen::eval::write_png(folder.join(format!("{colour} square {place}.png")), &picture)?;
        }
    }
    Ok(())
}

fn main() -> OwnResult<()> {
    let painted = tempfile::tempdir()?;
    let folder = std::env::args_os().nth(1).map(PathBuf::from);
    if folder.is_none() {
        paint(painted.path())?;
    }
    let files = std::fs::read_dir(folder.as_deref().unwrap_or(painted.path()))?;
    let mut pictures = files.map(|file| Ok(file?.path())).collect::<std::io::Result<Vec<_>>>()?;
    pictures.sort(); // the order of a folder differs from machine to machine
    let source: Arc<dyn Source> = Arc::new(Named(pictures));

    let stage = "stages=[{ita={weight=1.0, loss=\"in_batch\"}}]"; // alignment alone
    let nearly_whole = "vision.scale=[0.9, 1.0]"; // a smaller part would have its square elsewhere
    let set = [
        stage,
        nearly_whole,
        "optimizer.learning_rate=3e-4",
        "data.titles={fixed=\"en\"}",
        "evaluation.languages=[]",
        "data.loader.batch_size=16",
    ];
    let set = [
        &set[..],
        &[
            "schedule={duration={steps=400}, warmup={steps=10}, shape=\"cosine\"}",
            "evaluation.every=100",
            "evaluation.rerank=0",
        ],
    ]
    .concat();
    let set = set.iter().map(|text| Override::parse(text)).collect::<Result<Vec<_>, _>>()?;
    let recipe = find_recipe("albef-tiny", &[], &set)?.albef().ok_or("expected an ALBEF")?;
    let assembly = Assembly { train: Arc::clone(&source), heldout: source, ..Assembly::of(recipe, ".".as_ref())? };

    let run = tempfile::tempdir()?;
    train(&assembly, &RunOptions::new(run.path(), Device::flex()), &mut |event| {
        if let Event::Evaluated(step, results) = event {
            let ita = results.tasks["ita"];
            println!(
                "step {step}: {:.0} % of the pairs found, guessing {:.0} %",
                100.0 * ita.accuracy,
                100.0 * ita.chance
            );
        }
    })?;
    Ok(())
}
