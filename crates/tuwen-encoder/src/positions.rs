//! Position tables of a picture at another resolution.

use crate::HostTensor;

/// A table `[1 + a², W]` for a grid of a×a patches as one `[1 + b², W]` for b×b: the class token's row is kept, the grid
/// is resized bicubically (a = −0.75, corners not aligned, not anti-aliased), as PyTorch's `interpolate` does. Nothing
/// where the rows behind the first are no square.
pub fn interpolate_positions(table: &HostTensor, side: usize) -> Option<HostTensor> {
    let [rows, width] = table.shape[..] else { return None };
    let from = rows.checked_sub(1)?.isqrt();
    if from == 0 || side == 0 || from * from + 1 != rows {
        return None;
    }
    let taps: Vec<[(usize, f32); 4]> = (0..side).map(|to| taps(to, from, side)).collect();
    let grid = &table.values[width..];
    let mut values = table.values[..width].to_vec();
    for row in &taps {
        for column in &taps {
            values.extend((0..width).map(|w| {
                let across = |y: usize| column.iter().map(|&(x, k)| k * grid[(y * from + x) * width + w]).sum::<f32>();
                row.iter().map(|&(y, k)| k * across(y)).sum::<f32>()
            }));
        }
    }
    Some(HostTensor { shape: vec![1 + side * side, width], values })
}

/// The four places that make up place `to` of `side`, and their weights; places outside are the border's.
fn taps(to: usize, from: usize, side: usize) -> [(usize, f32); 4] {
    let centre = (to as f64 + 0.5) * from as f64 / side as f64 - 0.5;
    let first = centre.floor();
    [-1.0, 0.0, 1.0, 2.0].map(|offset: f64| {
        let place = (first + offset).clamp(0.0, (from - 1) as f64) as usize;
        (place, cubic((centre - first - offset).abs()) as f32)
    })
}

/// Keys' cubic convolution kernel (1981) with a = −0.75.
fn cubic(x: f64) -> f64 {
    const A: f64 = -0.75;
    if x <= 1.0 {
        ((A + 2.0) * x - (A + 3.0)) * x * x + 1.0
    } else if x < 2.0 {
        ((A * x - 5.0 * A) * x + 8.0 * A) * x - 4.0 * A
    } else {
        0.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_side_changes_nothing() {
        let table = HostTensor { shape: vec![5, 1], values: vec![9.0, 1.0, 2.0, 3.0, 4.0] };
        assert_eq!(interpolate_positions(&table, 2), Some(table));
    }

    #[test]
    fn a_constant_grid_stays_constant() {
        let table = HostTensor { shape: vec![10, 1], values: [vec![7.0], vec![2.0; 9]].concat() };
        let larger = interpolate_positions(&table, 5).unwrap();
        assert_eq!(larger.shape, [26, 1]);
        assert_eq!(larger.values[0], 7.0);
        assert!(larger.values[1..].iter().all(|v| (v - 2.0).abs() < 1e-6));
    }

    #[test]
    fn rows_that_are_no_square_are_refused() {
        assert!(interpolate_positions(&HostTensor { shape: vec![4, 1], values: vec![0.0; 4] }, 2).is_none());
    }
}
