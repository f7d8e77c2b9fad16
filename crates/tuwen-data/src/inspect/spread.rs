//! Minimum, median and maximum of a list of whole numbers.

use std::fmt::{self, Display, Formatter};

use crate::grouped;

/// Three numbers of a list. The median of an even count is the lower of the two in the middle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Spread {
    min: i64,
    median: i64,
    max: i64,
}

impl Spread {
    /// The spread of `values`; `None` if there are none.
    pub(crate) fn of(values: &[i64]) -> Option<Self> {
        let mut sorted = values.to_vec();
        sorted.sort_unstable();
        let (min, max) = (*sorted.first()?, *sorted.last()?);
        Some(Self { min, median: sorted[(sorted.len() - 1) / 2], max })
    }

    /// The median.
    pub(crate) fn median(&self) -> i64 {
        self.median
    }
}

impl Display for Spread {
    /// `1 / 3 / 9`, or `3` where all are the same.
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        if self.min == self.max {
            return f.write_str(&grouped(self.min));
        }
        write!(f, "{} / {} / {}", grouped(self.min), grouped(self.median), grouped(self.max))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_numbers_or_one() {
        let shown = |values: &[i64]| Spread::of(values).unwrap().to_string();
        assert_eq!(shown(&[9, 1, 3]), "1 / 3 / 9");
        assert_eq!(shown(&[1, 2, 3, 4]), "1 / 2 / 4");
        assert_eq!(shown(&[8, 8]), "8");
        assert_eq!(Spread::of(&[]), None);
    }
}
