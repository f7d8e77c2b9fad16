//! Boxes in a picture: how well two agree, which of several a map points at, and how often that is right.

use serde::{Deserialize, Serialize};

use crate::EvalError;

/// A box as COCO files have it, in pixels: left, top, width, height.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(from = "[f32; 4]", into = "[f32; 4]")]
pub struct PixelBox {
    /// From the left edge of the picture.
    pub left: f32,
    /// From its upper edge.
    pub top: f32,
    /// Across.
    pub width: f32,
    /// Down.
    pub height: f32,
}

impl From<[f32; 4]> for PixelBox {
    fn from([left, top, width, height]: [f32; 4]) -> Self {
        Self { left, top, width, height }
    }
}

impl From<PixelBox> for [f32; 4] {
    fn from(PixelBox { left, top, width, height }: PixelBox) -> Self {
        [left, top, width, height]
    }
}

/// A value for each pixel of a picture, row by row.
#[derive(Clone, Debug, PartialEq)]
pub struct PixelMap {
    height: usize,
    width: usize,
    values: Vec<f32>,
}

impl PixelMap {
    /// Of values `[height, width]`. Errors: another number of them.
    pub fn new(height: usize, width: usize, values: Vec<f32>) -> Result<Self, EvalError> {
        if height.checked_mul(width) != Some(values.len()) {
            return Err(EvalError::ScoreCount { values: values.len(), rows: height, columns: width });
        }
        Ok(Self { height, width, values })
    }

    /// The values, row by row.
    pub fn values(&self) -> &[f32] {
        &self.values
    }

    /// `Σ values in the box / (width · height)^power`: ALBEF's measure, with power ½. The box's edges are cut off after the
    /// point, what lies outside of the picture is left out, and a box of no area scores 0.
    pub fn score(&self, of: PixelBox, power: f32) -> f32 {
        let place = |at: f32, most: usize| (at.max(0.0) as usize).min(most);
        let [left, right] = [of.left, of.left + of.width].map(|at| place(at, self.width));
        let [top, bottom] = [of.top, of.top + of.height].map(|at| place(at, self.height));
        let rows = (top..bottom).map(|row| &self.values[row * self.width..][left.min(right)..right]);
        let area = of.width * of.height;
        if area > 0.0 { rows.flatten().sum::<f32>() / area.powf(power) } else { 0.0 }
    }
}

/// Intersection over union as ALBEF counts it: boxes of whole pixels, whose right and lower edges are the last pixels
/// inside.
pub fn intersection_over_union(a: PixelBox, b: PixelBox) -> f32 {
    let overlap = |[start, size]: [f32; 2], [other, other_size]: [f32; 2]| {
        let end = (start + size - 1.0).min(other + other_size - 1.0);
        (end - start.max(other) + 1.0).max(0.0)
    };
    let across = overlap([a.left, a.width], [b.left, b.width]);
    let down = overlap([a.top, a.height], [b.top, b.height]);
    // The reference asks for more than the border in common: boxes that only touch have no intersection.
    let common = if across > 1.0 && down > 1.0 { across * down } else { 0.0 };
    common / (a.width * a.height + b.width * b.height - common)
}

/// Which of an expression's boxes is taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BoxChoice {
    /// The one with the highest score.
    #[default]
    Best,
    /// The one with the highest score above 0; where there is none, what the expression before got, as in ALBEF's
    /// `grounding_eval`.
    Seed,
}

/// The index of the box that each expression gets, and of which expression it is one; of equal scores the first. Nothing for
/// an expression without boxes, or under [`BoxChoice::Seed`] for one that has no predecessor to take over.
pub fn choose_boxes(scores: &[Vec<f32>], choice: BoxChoice) -> Vec<Option<(usize, usize)>> {
    let mut last = None;
    let best = |row: &[f32]| {
        let floor = if choice == BoxChoice::Seed { 0.0 } else { f32::NEG_INFINITY };
        let better = |best: (Option<usize>, f32), (at, score): (usize, &f32)| {
            if *score > best.1 { (Some(at), *score) } else { best }
        };
        row.iter().enumerate().fold((None, floor), better).0
    };
    let chosen = scores.iter().enumerate().map(|(expression, row)| {
        let own = best(row).map(|at| (expression, at));
        match choice {
            BoxChoice::Best => own,
            BoxChoice::Seed => {
                last = own.or(last);
                last
            }
        }
    });
    chosen.collect()
}

/// The share of overlaps that reach `threshold`. Errors: none at all.
pub fn accuracy_at(overlaps: &[f32], threshold: f32) -> Result<f64, EvalError> {
    if overlaps.is_empty() {
        return Err(EvalError::NoRanks);
    }
    Ok(overlaps.iter().filter(|&&overlap| overlap >= threshold).count() as f64 / overlaps.len() as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn overlap_by_hand() {
        let square = PixelBox::from([0.0, 0.0, 4.0, 4.0]);
        assert_eq!(intersection_over_union(square, square), 1.0);
        // 2 × 4 of 16 + 16 − 8.
        assert_eq!(intersection_over_union(square, [2.0, 0.0, 4.0, 4.0].into()), 8.0 / 24.0);
        assert_eq!(intersection_over_union(square, [40.0, 0.0, 4.0, 4.0].into()), 0.0);
    }

    #[test]
    fn scores_are_sums_over_the_root_of_the_area() {
        let map = PixelMap::new(2, 3, vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0]).unwrap();
        assert_eq!(map.score([1.0, 0.0, 2.0, 2.0].into(), 0.5), 16.0 / 2.0);
        assert_eq!(map.score([1.9, 0.9, 1.0, 1.0].into(), 0.5), 2.0); // from 1, 0 to 2, 1: one pixel
        assert_eq!(map.score([-5.0, -5.0, 100.0, 100.0].into(), 0.5), 21.0 / 100.0); // the picture is what counts
        assert_eq!(map.score([0.0, 0.0, 0.0, 2.0].into(), 0.5), 0.0);
        assert!(PixelMap::new(2, 3, vec![0.0; 5]).is_err());
    }

    #[test]
    fn the_seed_takes_over_a_box_where_no_score_is_above_0() {
        let scores = [vec![-2.0, -1.0], vec![0.5, 0.7], vec![-0.1, -0.2], vec![], vec![0.3, 0.3]];
        let best = choose_boxes(&scores, BoxChoice::Best);
        assert_eq!(best, [Some((0, 1)), Some((1, 1)), Some((2, 0)), None, Some((4, 0))]);
        let seed = choose_boxes(&scores, BoxChoice::Seed);
        assert_eq!(seed, [None, Some((1, 1)), Some((1, 1)), Some((1, 1)), Some((4, 0))]);
    }

    #[test]
    fn half_an_overlap_is_enough() {
        assert_eq!(accuracy_at(&[0.5, 0.49, 1.0, 0.0], 0.5).unwrap(), 0.5);
        assert!(accuracy_at(&[], 0.5).is_err());
    }
}
