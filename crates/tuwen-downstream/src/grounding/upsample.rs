//! A small map laid over a whole picture.

use tuwen_ops::cubic_taps;

/// A square map, row by row, at `height × width` pixels, row by row: bicubic with a = −0.75, corners not aligned and not
/// anti-aliased, as PyTorch's `interpolate` has it. It may come out below 0 beside a peak. Nothing for a map that is not
/// square.
pub fn upsample(map: &[f32], height: usize, width: usize) -> Option<Vec<f32>> {
    let side = map.len().isqrt();
    if side == 0 || side * side != map.len() {
        return None;
    }
    let columns: Vec<_> = (0..width).map(|at| cubic_taps(at, side, width)).collect();
    let mut values = Vec::with_capacity(height.saturating_mul(width));
    for row in (0..height).map(|at| cubic_taps(at, side, height)) {
        let down = |x: usize| row.iter().map(|&(y, weight)| weight * map[y * side + x]).sum();
        let down: Vec<f32> = (0..side).map(down).collect();
        values.extend(columns.iter().map(|taps| taps.iter().map(|&(x, weight)| weight * down[x]).sum::<f32>()));
    }
    Some(values)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn its_own_size_changes_nothing() {
        let map = [1.0, 2.0, 3.0, 4.0];
        assert_eq!(upsample(&map, 2, 2).unwrap(), map);
    }

    #[test]
    fn a_constant_stays_constant_and_a_peak_undershoots() {
        let flat = upsample(&[2.0; 9], 7, 5).unwrap();
        assert!(flat.len() == 35 && flat.iter().all(|value| (value - 2.0).abs() < 1e-6));
        let mut peak = [0.0; 25];
        peak[12] = 1.0;
        assert!(upsample(&peak, 20, 20).unwrap().iter().any(|value| *value < -0.01));
    }

    #[test]
    fn what_is_not_square_is_refused() {
        assert_eq!(upsample(&[0.0; 6], 4, 4), None);
        assert_eq!(upsample(&[], 4, 4), None);
    }
}
