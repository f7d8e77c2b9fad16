//! Times several ways of doing the same thing in turn, so that whatever else the machine does meets all of them.

use std::time::Instant;

use crate::commands::CommandError;

/// The seconds of one way, a number a round.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Times(Vec<f64>);

impl Times {
    /// Adds a round.
    pub(super) fn push(&mut self, seconds: f64) {
        self.0.push(seconds);
    }

    /// Adds those of `times`.
    pub(super) fn extend(&mut self, times: Self) {
        self.0.extend(times.0);
    }

    /// Rounds so far.
    pub(super) fn rounds(&self) -> usize {
        self.0.len()
    }

    /// The middle one, of an even number the upper of both; NaN of none.
    pub(super) fn median(&self) -> f64 {
        self.quantile(0.5)
    }

    /// The one with a `share` of the others below it, the nearest; NaN of none.
    pub(super) fn quantile(&self, share: f64) -> f64 {
        let mut sorted = self.0.clone();
        sorted.sort_unstable_by(f64::total_cmp);
        let place = (share * sorted.len().saturating_sub(1) as f64).round() as usize;
        sorted.get(place).copied().unwrap_or(f64::NAN)
    }

    /// All of them together.
    pub(super) fn sum(&self) -> f64 {
        self.0.iter().sum()
    }

    /// The fastest and the slowest; infinite of none.
    pub(super) fn spread(&self) -> [f64; 2] {
        [self.0.iter().copied().fold(f64::INFINITY, f64::min), self.0.iter().copied().fold(f64::NEG_INFINITY, f64::max)]
    }

    /// The median, and in brackets the fastest and the slowest, each as `show` has it.
    pub(super) fn with_spread(&self, show: impl Fn(f64) -> String) -> String {
        let [fastest, slowest] = self.spread();
        format!("{} ({}–{})", show(self.median()), show(fastest), show(slowest))
    }

    /// What each round has over the same round of `bare`, as a share of it.
    pub(super) fn over(&self, bare: &Self) -> Self {
        self.0.iter().zip(&bare.0).map(|(own, bare)| own / bare - 1.0).collect()
    }

    /// `items` a second: at the median time, and in brackets at the slowest and the fastest.
    pub(super) fn rate(&self, items: usize) -> String {
        let [fastest, slowest] = self.spread();
        let rate = |seconds: f64| three_digits(items as f64 / seconds);
        format!("{} ({}–{})", rate(self.median()), rate(slowest), rate(fastest))
    }
}

impl FromIterator<f64> for Times {
    fn from_iter<I: IntoIterator<Item = f64>>(seconds: I) -> Self {
        Self(seconds.into_iter().collect())
    }
}

/// Both ways of doing something.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Contest {
    /// In this program.
    pub(super) ours: Times,
    /// In the other.
    pub(super) theirs: Times,
}

impl Contest {
    /// Lets both take turns, `rounds` times after a first time that does not count. `ours` is timed here; `theirs`
    /// says how many seconds it took.
    pub(super) fn hold(
        rounds: usize,
        mut ours: impl FnMut() -> Result<(), CommandError>,
        mut theirs: impl FnMut() -> Result<f64, CommandError>,
    ) -> Result<Self, CommandError> {
        let mut contest = Self::default();
        for round in 0..=rounds.max(1) {
            let started = Instant::now();
            ours()?;
            let times = [started.elapsed().as_secs_f64(), theirs()?];
            if round > 0 {
                contest.ours.push(times[0]);
                contest.theirs.push(times[1]);
            }
        }
        Ok(contest)
    }

    /// How many times as fast as they we are.
    pub(super) fn ratio(&self) -> f64 {
        self.theirs.median() / self.ours.median()
    }
}

/// The processor as the system names it, and its logical cores.
pub(super) fn processor() -> String {
    let name = std::fs::read_to_string("/proc/cpuinfo").ok().and_then(|text| model_name(&text));
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    format!("{}, {cores} logical cores", name.as_deref().unwrap_or(std::env::consts::ARCH))
}

fn model_name(cpuinfo: &str) -> Option<String> {
    let line = cpuinfo.lines().find(|line| line.starts_with("model name"))?;
    Some(line.split_once(':')?.1.trim().to_owned())
}

/// A number with three digits that count.
fn three_digits(number: f64) -> String {
    if !number.is_finite() || number <= 0.0 {
        return number.to_string();
    }
    let before = number.log10().floor() as i32 + 1;
    match before {
        4.. => {
            let unit = 10_f64.powi(before - 3);
            format!("{:.0}", (number / unit).round() * unit)
        }
        _ => format!("{number:.*}", (3 - before) as usize),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_the_middle_one_of_the_sorted() {
        assert_eq!(Times(vec![5.0, 1.0, 2.0]).median(), 2.0);
        assert_eq!(Times(vec![4.0, 1.0]).median(), 4.0);
        assert!(Times::default().median().is_nan());
        let ten: Times = (0..=10).map(f64::from).collect();
        assert_eq!([0.0, 0.1, 0.9, 1.0].map(|share| ten.quantile(share)), [0.0, 1.0, 9.0, 10.0]);
    }

    #[test]
    fn rounds_are_held_to_the_bare_ones_beside_them() {
        let (bare, own) = (Times(vec![1.0, 2.0, 4.0]), Times(vec![1.5, 2.0, 3.0]));
        assert_eq!(own.over(&bare), Times(vec![0.5, 0.0, -0.25]));
        let shown = own.over(&bare).with_spread(|share| format!("{:.0} %", 100.0 * share));
        assert_eq!(shown, "0 % (-25 %–50 %)");
    }

    #[test]
    fn rates_are_items_a_second_with_their_spread() {
        // 10/0.5, 10/1, 10/0.25
        assert_eq!(Times(vec![0.5, 1.0, 0.25]).rate(10), "20.0 (10.0–40.0)");
    }

    #[test]
    fn contests_count_all_rounds_but_the_first() {
        let (mut ours, mut theirs) = (0, 0.0);
        let contest = Contest::hold(
            3,
            || {
                ours += 1;
                Ok(())
            },
            || {
                theirs += 1.0;
                Ok(theirs)
            },
        )
        .unwrap();
        assert_eq!((ours, contest.ours.rounds()), (4, 3));
        assert_eq!(contest.theirs, Times(vec![2.0, 3.0, 4.0]));
    }

    #[test]
    fn ratios_are_above_one_where_we_are_faster() {
        let contest = Contest { ours: Times(vec![0.5]), theirs: Times(vec![2.0]) };
        assert_eq!(contest.ratio(), 4.0);
    }

    #[test]
    fn numbers_keep_three_digits() {
        let rounded = [0.01234, 1.234, 99.96, 1234.0, 98_765.0].map(three_digits);
        assert_eq!(rounded, ["0.0123", "1.23", "100.0", "1230", "98800"]);
    }

    #[test]
    fn processors_are_named_by_the_system() {
        assert_eq!(model_name("processor\t: 0\nmodel name\t: A B\n").as_deref(), Some("A B"));
        assert_eq!(model_name("flags: fpu"), None);
    }
}
