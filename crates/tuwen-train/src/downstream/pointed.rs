//! The box that a map points at, judged and drawn.

use tuwen_annotation::{BoundingBox, Expression};
use tuwen_eval::{PixelBox, intersection_over_union};
use tuwen_vision::Image;

use crate::objective::{Answered, Shown, given};

/// The overlap from which on a box is the right one.
const OVERLAP: f32 = 0.5;
/// Colours of the box that is meant and of one that was chosen instead.
const COLOURS: [[u8; 3]; 2] = [[0, 160, 60], [220, 40, 40]];

/// A box of an annotation as the measures have it.
pub(super) fn pixel_box(of: &BoundingBox) -> PixelBox {
    PixelBox::from([of.x, of.y, of.width, of.height].map(|side| side as f32))
}

/// The box that was taken for an expression, judged.
pub(super) fn judged(
    expression: &Expression,
    image: &Image,
    taken: Option<BoundingBox>,
    (map, scores): (Vec<f32>, &[f32]),
) -> Answered {
    let is_right = |of: &BoundingBox| intersection_over_union(pixel_box(of), pixel_box(&expression.gold)) >= OVERLAP;
    let right = taken.as_ref().is_some_and(is_right);
    let sum: f32 = scores.iter().map(|score| score.max(0.0)).sum();
    let mut order: Vec<usize> = (0..scores.len()).collect();
    order.sort_by(|&a, &b| scores[b].total_cmp(&scores[a]));
    let share = |place: usize| f64::from(scores[place].max(0.0) / sum.max(f32::MIN_POSITIVE));
    let name = |of: &BoundingBox| of.to_string();
    Answered {
        text: expression.text.clone(),
        pictures: vec![Shown::Image(boxed(image, &expression.gold, taken.filter(|_| !right)))],
        expected: vec![name(&expression.gold)],
        answers: order
            .into_iter()
            .take(3)
            .map(|place| given(&name(&expression.candidates[place]), share(place)))
            .collect(),
        score: f64::from(u8::from(right)),
        chance: expression.candidates.iter().filter(|of| is_right(of)).count() as f64
            / expression.candidates.len() as f64,
        map: Some(map),
        ..Answered::default()
    }
}

/// The picture with the box that is meant, and the one that was taken instead.
fn boxed(image: &Image, gold: &BoundingBox, wrong: Option<BoundingBox>) -> Image {
    let boxes: Vec<(BoundingBox, [u8; 3])> =
        wrong.map(|of| (of, COLOURS[1])).into_iter().chain([(*gold, COLOURS[0])]).collect();
    let (width, pixels) = (image.width() as usize, image.pixels());
    let on_edge = |of: &BoundingBox, x: u32, y: u32| {
        let (x, y) = (f64::from(x), f64::from(y));
        let inside = |margin: f64| {
            (of.x + margin..of.x + of.width - margin).contains(&x)
                && (of.y + margin..of.y + of.height - margin).contains(&y)
        };
        inside(0.0) && !inside(1.0)
    };
    let colour = |x: u32, y: u32| {
        let own = 3 * (y as usize * width + x as usize);
        let edge = boxes.iter().rev().find(|(of, _)| on_edge(of, x, y));
        edge.map_or([pixels[own], pixels[own + 1], pixels[own + 2]], |(_, colour)| *colour)
    };
    Image::from_fn(image.width(), image.height(), colour).unwrap_or_else(|_| image.clone())
}
