//! A value over the steps of a run: smoothed, and as a small curve of block characters.

/// Smoothing keeps so much of what was before, a step.
const KEPT: f64 = 0.95;
/// Stretches of steps that are told apart; when all are full, two become one.
const STRETCHES: usize = 128;
const BLOCKS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// What was seen of a value so far.
#[derive(Clone, Debug, Default)]
pub(super) struct Trend {
    /// Σ of the weighted values, and of the weights: an exponential mean that starts unbiased.
    smoothed: [f64; 2],
    /// Sum and count of each stretch.
    stretches: Vec<[f64; 2]>,
    /// Values a stretch takes.
    width: f64,
}

impl Trend {
    /// The value of the next step; one that is not finite leaves no trace.
    pub(super) fn push(&mut self, value: f64) {
        if !value.is_finite() {
            return;
        }
        let [sum, weight] = self.smoothed;
        self.smoothed = [KEPT * sum + (1.0 - KEPT) * value, KEPT * weight + (1.0 - KEPT)];
        match self.stretches.last_mut() {
            Some([sum, count]) if *count < self.width => (*sum, *count) = (*sum + value, *count + 1.0),
            _ => self.stretches.push([value, 1.0]),
        }
        self.width = self.width.max(1.0);
        if self.stretches.len() == STRETCHES && self.stretches[STRETCHES - 1][1] >= self.width {
            self.stretches = self.stretches.chunks(2).map(added).collect();
            self.width *= 2.0;
        }
    }

    /// The smoothed value; nothing before the first.
    pub(super) fn now(&self) -> Option<f64> {
        let [sum, weight] = self.smoothed;
        (weight > 0.0).then(|| sum / weight)
    }

    /// The whole run in at most `width` blocks, the lowest value lowest.
    pub(super) fn blocks(&self, width: usize) -> String {
        let each = self.stretches.len().div_ceil(width.max(1)).max(1);
        let means: Vec<f64> = self.stretches.chunks(each).map(added).map(|[sum, count]| sum / count).collect();
        let low = means.iter().copied().fold(f64::INFINITY, f64::min);
        let high = means.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let block = |mean: &f64| {
            let height = if high > low { (mean - low) / (high - low) } else { 0.0 };
            BLOCKS[((height * BLOCKS.len() as f64) as usize).min(BLOCKS.len() - 1)]
        };
        if width == 0 { String::new() } else { means.iter().map(block).collect() }
    }
}

fn added(parts: &[[f64; 2]]) -> [f64; 2] {
    parts.iter().fold([0.0; 2], |[sum, count], part| [sum + part[0], count + part[1]])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trend(values: impl IntoIterator<Item = f64>) -> Trend {
        let mut trend = Trend::default();
        values.into_iter().for_each(|value| trend.push(value));
        trend
    }

    #[test]
    fn the_first_value_counts_whole_and_later_ones_by_twentieths() {
        assert_eq!(trend([]).now(), None);
        assert!((trend([4.0]).now().unwrap() - 4.0).abs() < 1e-12);
        // (0.95 · 0.05 · 4 + 0.05 · 2) / (0.95 · 0.05 + 0.05)
        assert!((trend([4.0, 2.0]).now().unwrap() - 0.29 / 0.0975).abs() < 1e-12);
        assert_eq!(trend([4.0, f64::NAN]).now(), trend([4.0]).now());
    }

    #[test]
    fn blocks_rise_from_the_lowest_to_the_highest() {
        assert_eq!(trend([0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0]).blocks(8), "▁▂▃▄▅▆▇█");
        assert_eq!(trend([2.0, 2.0]).blocks(8), "▁▁");
        assert_eq!(trend([]).blocks(8), "");
        assert_eq!(trend([1.0]).blocks(0), "");
    }

    #[test]
    fn neighbours_share_a_block_where_there_is_no_room() {
        // Means of (8, 6), (4, 2), (0, 0): 7, 3, 0.
        assert_eq!(trend([8.0, 6.0, 4.0, 2.0, 0.0, 0.0]).blocks(3), "█▄▁");
    }

    #[test]
    fn a_run_of_any_length_takes_the_same_room_and_keeps_its_shape() {
        let long = trend((0..100_000).map(f64::from));
        assert!(long.stretches.len() <= STRETCHES);
        let counted: f64 = long.stretches.iter().map(|[_, count]| count).sum();
        assert_eq!(counted, 100_000.0);
        let blocks = long.blocks(8);
        assert!(blocks.starts_with('▁') && blocks.ends_with('█'), "{blocks}");
    }
}
