//! Counts and shares as sentences have them.

use tuwen_data::grouped;

use crate::Histogram;

/// `1 record`, `2 records`.
pub(crate) fn counted(number: u64, noun: &str) -> String {
    let ending = if number == 1 { "" } else { "s" };
    format!("{} {noun}{ending}", grouped(number))
}

/// A share with one decimal: never `0.0 %` for something, never `100.0 %` for less than all.
pub(crate) fn percent(part: u64, whole: u64) -> String {
    let share = if whole == 0 { 0.0 } else { 100.0 * part as f64 / whole as f64 };
    match part {
        0 => "0 %".to_owned(),
        _ if part == whole => "100 %".to_owned(),
        _ if share < 0.05 => "<0.1 %".to_owned(),
        _ if share >= 99.95 => ">99.9 %".to_owned(),
        _ => format!("{share:.1} %"),
    }
}

/// `4 / 9 / 25`: smallest, median, largest; one number where all are equal.
pub(crate) fn spread(histogram: &Histogram) -> String {
    let at = |percent| histogram.quantile(percent).unwrap_or(0);
    let (least, most) = (at(0), at(100));
    if least == most { grouped(least) } else { format!("{} / {} / {}", grouped(least), grouped(at(50)), grouped(most)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_record_is_no_records() {
        assert_eq!([counted(1, "record"), counted(2, "record")], ["1 record", "2 records"]);
    }

    #[test]
    fn shares_are_never_rounded_to_none_or_all() {
        assert_eq!(percent(0, 7), "0 %");
        assert_eq!(percent(1, 3), "33.3 %");
        assert_eq!(percent(1, 10_000), "<0.1 %");
        assert_eq!(percent(9_999, 10_000), ">99.9 %");
        assert_eq!(percent(7, 7), "100 %");
    }
}
