//! Draws the frames of a synthetic clip: small RGB pictures of shapes on black.

use std::f32::consts::FRAC_1_SQRT_2;

use crate::synth_scene::{Motion, Mover};

/// Width and height of a picture, in pixels.
pub(crate) const SIDE: usize = 16;
/// Values of a picture: `[SIDE, SIDE, 3]`, each in `[0, 1]`.
pub(crate) const VALUES: usize = SIDE * SIDE * 3;

/// Red, green and blue in the order of the colour words.
const RGB: [[f32; 3]; 8] = [
    [1.0, 0.0, 0.0],
    [0.0, 1.0, 0.0],
    [0.0, 0.0, 1.0],
    [1.0, 1.0, 0.0],
    [0.6, 0.0, 0.8],
    [1.0, 0.5, 0.0],
    [0.0, 1.0, 1.0],
    [1.0, 1.0, 1.0],
];
/// Half the extent of a shape, in pixels, in the order of the size words.
const RADII: [f32; 3] = [2.0, 3.2, 4.6];
/// Steps to the right and down, in the order of the direction words.
const STEPS: [[f32; 2]; 8] = [
    [-1.0, 0.0],
    [1.0, 0.0],
    [0.0, -1.0],
    [0.0, 1.0],
    [-FRAC_1_SQRT_2, -FRAC_1_SQRT_2],
    [FRAC_1_SQRT_2, -FRAC_1_SQRT_2],
    [-FRAC_1_SQRT_2, FRAC_1_SQRT_2],
    [FRAC_1_SQRT_2, FRAC_1_SQRT_2],
];
/// Pixels per frame, in the order of the speed words. Within 40 frames neither comes closer than a third of a pixel to
/// a place where it has been, straight or diagonal: frames of a moving shape differ.
const SPEEDS: [f32; 2] = [0.37, 1.17];
/// A pixel's coverage is counted on a grid of so many points a side.
const GRID: usize = 4;

/// Where a shape is in frame `frame` when it started at `start`. Pictures are a torus: what leaves comes back opposite.
pub(crate) fn centre(mover: &Mover, start: [f32; 2], frame: usize) -> [f32; 2] {
    let Some(Motion { direction, speed }) = mover.motion else { return start };
    let way = SPEEDS[speed] * frame as f32;
    [0, 1].map(|axis| (start[axis] + STEPS[direction][axis] * way).rem_euclid(SIDE as f32))
}

/// Paints a shape over what the picture holds.
pub(crate) fn paint(picture: &mut [f32; VALUES], mover: &Mover, centre: [f32; 2]) {
    let reach = RADII[mover.size].ceil() as isize + 1;
    let [left, top] = centre.map(|at| at as isize - reach);
    for y in top..=top + 2 * reach {
        for x in left..=left + 2 * reach {
            let covered = coverage(mover, [x as f32 - centre[0], y as f32 - centre[1]]);
            if covered == 0.0 {
                continue;
            }
            let [column, row] = [x, y].map(|at| at.rem_euclid(SIDE as isize) as usize);
            let pixel = &mut picture[(row * SIDE + column) * 3..][..3];
            for (value, colour) in pixel.iter_mut().zip(RGB[mover.colour]) {
                *value += covered * (colour - *value);
            }
        }
    }
}

/// Which part of the pixel whose upper left corner is at `corner` the shape covers.
fn coverage(mover: &Mover, corner: [f32; 2]) -> f32 {
    let radius = RADII[mover.size];
    let at = |axis: usize, step: usize| (corner[axis] + (step as f32 + 0.5) / GRID as f32) / radius;
    let inside = |point: &usize| is_inside(mover.shape, at(0, point % GRID), at(1, point / GRID));
    (0..GRID * GRID).filter(inside).count() as f32 / (GRID * GRID) as f32
}

/// Whether the point is inside of the shape of radius 1, in the order of the shape words. `v` grows downwards.
fn is_inside(shape: usize, u: f32, v: f32) -> bool {
    let (across, along) = (u.abs(), v.abs());
    match shape {
        0 => u * u + v * v <= 1.0,
        1 => across.max(along) <= 0.85,
        2 => v <= 0.8 && across <= (v + 1.0) / 1.8,
        3 => across + along <= 1.1,
        _ => across.max(along) <= 1.0 && across.min(along) <= 0.33,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mover(shape: usize, size: usize, motion: Option<Motion>) -> Mover {
        Mover { shape, colour: 7, size, motion }
    }

    /// The number of covered pixels: white has 1 in each channel.
    fn area(mover: &Mover, centre: [f32; 2]) -> f32 {
        let mut picture = [0.0; VALUES];
        paint(&mut picture, mover, centre);
        picture.iter().step_by(3).sum()
    }

    #[test]
    fn areas_are_those_of_the_shapes() {
        let r2 = 4.6_f32 * 4.6;
        let cross = 4.0 * 0.33 * 2.0 - 4.0 * 0.33 * 0.33; // two bars less their common square
        let triangle = 0.5 * 2.0 * 1.8; // half of base times height
        for (shape, area_of_one) in
            [std::f32::consts::PI, 4.0 * 0.85 * 0.85, triangle, 2.0 * 1.1 * 1.1, cross].iter().enumerate()
        {
            let got = area(&mover(shape, 2, None), [8.3, 7.9]);
            assert!((got - area_of_one * r2).abs() < 0.08 * area_of_one * r2, "shape {shape}: {got}");
        }
    }

    #[test]
    fn shape_across_the_border_is_whole() {
        let circle = mover(0, 1, None);
        assert!((area(&circle, [0.0, 15.5]) - area(&circle, [8.0, 7.5])).abs() < 1e-4);
    }

    #[test]
    fn directions_lead_where_their_words_say() {
        let moved = |direction| centre(&mover(0, 0, Some(Motion { direction, speed: 1 })), [8.0, 8.0], 2);
        assert_eq!(moved(0), [8.0 - 2.34, 8.0]); // left
        assert_eq!(moved(3), [8.0, 8.0 + 2.34]); // down
        let [x, y] = moved(5); // up-right
        assert!(x > 9.0 && y < 7.0);
    }

    #[test]
    fn moving_shape_is_never_where_it_was() {
        for (direction, speed) in [(0, 0), (0, 1), (4, 0), (4, 1)] {
            let mover = mover(0, 0, Some(Motion { direction, speed }));
            for gap in 1..40 {
                let away = centre(&mover, [0.0, 0.0], gap).map(|at| at.min(SIDE as f32 - at));
                let distance = away[0].hypot(away[1]);
                assert!(distance > 0.33, "direction {direction}, speed {speed}: {distance} after {gap} frames");
            }
        }
    }
}
