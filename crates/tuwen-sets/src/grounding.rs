//! Expressions for one of several emoji on a canvas, as RefCOCO+ has them.
//!
//! - A canvas shows emoji of one part and of different captions and bases; its expressions are their captions, and the
//!   candidates the boxes. Held-out canvases show four: which quarter, which size and which of them is meant says nothing, and
//!   chance is 1 in 4. Training canvases show one, two or four: of fours alone little is learned without boxes.
//! - Training canvases have one expression an emoji, in a drawn language; the others one in each.

use std::collections::HashSet;

use serde_json::{Value, json};
use tuwen_annotation::{BoundingBox, Expression};
use tuwen_random::{Draws, Stream};

use crate::SetsError;
use crate::balance::Place;
use crate::canvas::{PLACES, SIDE, compose};
use crate::emoji::{Emoji, Part};
use crate::language::Language;
use crate::output::Output;

const CHOICE: Stream = Stream::named("sets.grounding.choice");
const CANVAS: Stream = Stream::named("sets.grounding.canvas");

/// Writes the canvases of one part and gives their expressions. For each number of `rounds` all emoji are put on canvases of
/// so many; what is left over appears on none.
pub(crate) fn expressions(
    part: &Part,
    seed: u64,
    rounds: &[usize],
    output: &Output,
) -> Result<Vec<Expression>, SetsError> {
    let mut expressions = Vec::new();
    let place = |stream| Place { seed, stream, part: part.number() };
    let groups = (0..).zip(rounds).flat_map(|(round, size)| groups(part, *size, &place(CHOICE).draws(round)));
    for (number, emoji) in groups.enumerate() {
        let draws = place(CANVAS).draws(number as u64);
        let canvas = compose(&emoji, &draws)?;
        let image = format!("{}-{number:04}.jpg", part.name);
        output.picture(&format!("canvases/{image}"), &canvas.picture)?;
        for (at, emoji) in emoji.iter().enumerate() {
            for language in languages(part, &draws, at) {
                expressions.push(Expression {
                    id: (PLACES * number + at).to_string(),
                    image: image.clone(),
                    size: (SIDE, SIDE),
                    text: emoji.caption(language).to_owned(),
                    split: part.name.to_owned(),
                    gold: canvas.boxes[at],
                    candidates: canvas.boxes.clone(),
                });
            }
        }
    }
    Ok(expressions)
}

/// How many emoji the canvases of each round of training show: one, two, and `fours` times four.
pub(crate) fn training_rounds(fours: u64) -> Vec<usize> {
    [1, 2].into_iter().chain((0..fours).map(|_| PLACES)).collect()
}

fn languages(part: &Part, draws: &Draws, at: usize) -> Vec<Language> {
    match part.name {
        "train" => vec![Language::ALL[draws.below(30 + at as u64, 2) as usize]],
        _ => Language::ALL.to_vec(),
    }
}

/// The emoji in a drawn order, so many together; one that says the same as another of them waits for the next.
fn groups<'a>(part: &'a Part, size: usize, draws: &Draws) -> Vec<Vec<&'a Emoji>> {
    let mut waiting: Vec<&Emoji> = draws.permutation(part.emoji.len()).into_iter().map(|at| &part.emoji[at]).collect();
    waiting.reverse();
    let mut groups = Vec::new();
    loop {
        let mut group: Vec<&Emoji> = Vec::new();
        let mut put_back = Vec::new();
        while group.len() < size {
            let Some(next) = waiting.pop() else { return groups };
            if group.iter().any(|other| alike(other, next)) { put_back.push(next) } else { group.push(next) }
        }
        put_back.into_iter().rev().for_each(|emoji| waiting.push(emoji));
        groups.push(group);
    }
}

fn alike(a: &Emoji, b: &Emoji) -> bool {
    a.base == b.base || a.captions.iter().zip(&b.captions).any(|(a, b)| a == b)
}

/// The expressions as ALBEF's list has them.
pub(crate) fn albef(expressions: &[Expression]) -> Vec<Value> {
    let record = |e: &Expression| json!({ "image": e.image, "text": e.text, "ref_id": number(&e.id) });
    expressions.iter().map(record).collect()
}

/// REFER's references, COCO's instances and the detections of all parts together, with ids that no two parts share.
pub(crate) fn write_beside(parts: &[Vec<Expression>], output: &Output) -> Result<(), SetsError> {
    let (mut references, mut images, mut annotations) = (Vec::new(), Vec::new(), Vec::new());
    let mut detections = serde_json::Map::new();
    let mut seen = HashSet::new();
    for expression in parts.iter().flatten() {
        let (id, image) = (number(&expression.id), number(&expression.id) / PLACES as u64);
        if !seen.insert(id) {
            continue;
        }
        let (width, height) = expression.size;
        references.push(json!({ "ref_id": id, "ann_id": id, "image_id": image, "split": expression.split }));
        annotations.push(json!({ "id": id, "image_id": image, "bbox": bounds(&expression.gold) }));
        let boxes: Vec<[f64; 4]> = expression.candidates.iter().map(bounds).collect();
        if detections.insert(image.to_string(), json!(boxes)).is_none() {
            images.push(json!({ "id": image, "file_name": expression.image, "width": width, "height": height }));
        }
    }
    output.list("grounding/refs.json", &references)?;
    output.json("grounding/instances.json", &json!({ "images": images, "annotations": annotations }))?;
    output.json("grounding/dets.json", &Value::Object(detections))
}

/// Moves the ids of the expressions of one part behind those of others.
pub(crate) fn numbered_from(first: u64, mut expressions: Vec<Expression>) -> Vec<Expression> {
    for expression in &mut expressions {
        expression.id = (first + number(&expression.id)).to_string();
    }
    expressions
}

fn number(id: &str) -> u64 {
    id.parse().unwrap_or(0)
}

fn bounds(b: &BoundingBox) -> [f64; 4] {
    [b.x, b.y, b.width, b.height]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::parts;

    #[test]
    fn groups_hold_every_emoji_once_and_nothing_twice() {
        let parts = parts();
        for (part, size) in parts.iter().flat_map(|part| [1, 2, PLACES].map(|size| (part, size))) {
            let groups = groups(part, size, &Draws::new(1, CHOICE, 0, 0));
            let ids: HashSet<&str> = groups.iter().flatten().map(|emoji| emoji.id.as_str()).collect();
            assert_eq!(ids.len(), size * groups.len());
            assert!(ids.len() + 2 * size > part.emoji.len(), "{} of {}", ids.len(), part.emoji.len());
            for group in &groups {
                let alike = (0..size).any(|a| (0..a).any(|b| alike(group[a], group[b])));
                assert!(!alike, "{:?}", group.iter().map(|emoji| &emoji.captions).collect::<Vec<_>>());
            }
        }
    }
}
