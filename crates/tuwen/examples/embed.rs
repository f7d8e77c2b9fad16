//! Embeds pictures and a text with a trained model, and tells which pictures are nearest to the text:
//! `cargo run --release --example embed -- runs/albef-tiny/001 datasets/emoji/heldout.tar "红色的圆"`.

use tuwen::device::Device;
use tuwen::model::{Embeddings, Model, ModelError, Pictures};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [model, pictures, query] = arguments.as_slice() else {
        return Err("expected a model's folder, pictures and a text".into());
    };
    let model = Model::open(model.as_ref(), &Device::flex())?;
    let pictures = Pictures::open(pictures.as_ref())?;

    // A stream: pictures are opened a batch at a time, and one that can't be read costs itself alone.
    let (mut embeddings, mut names) = (Embeddings::new(model.embedding_size()), Vec::new());
    for (number, row) in model.image_stream(0..pictures.len(), |number| pictures.read(number))?.enumerate() {
        match row {
            Ok(row) if embeddings.push(&row) => names.push(pictures.name(number)),
            Ok(row) => return Err(format!("a row of {} numbers", row.len()).into()),
            Err(error) => report(&error),
        }
    }
    for ranked in model.rank(query, &embeddings)?.iter().take(5) {
        println!("{:.3}  {}", ranked.score, names[ranked.place]);
    }
    Ok(())
}

fn report(error: &ModelError) {
    eprintln!("skipped: {error}");
}
