//! Numbers as a reader likes them.

/// `88.6 %`, of a share.
pub(crate) fn percent(share: f64) -> String {
    format!("{:.1} %", 100.0 * share)
}

/// `0.463`, a measure of unknown kind.
pub(crate) fn number(value: f64) -> String {
    format!("{value:.3}")
}

/// `4:16 min`.
pub(crate) fn duration(seconds: f64) -> String {
    match seconds.max(0.0) as u64 {
        seconds @ 0..60 => format!("{seconds} s"),
        seconds @ 60..3600 => format!("{}:{:02} min", seconds / 60, seconds % 60),
        seconds => format!("{}:{:02} h", seconds / 3600, seconds / 60 % 60),
    }
}

/// What a task's accuracy counts.
pub(crate) fn task(name: &str) -> &'static str {
    match name {
        "mlm" => "masked words found",
        "mfm" => "masked frames found in the batch",
        "itm" => "true and false pairs told apart",
        "ita" => "own partner nearest in the batch",
        "tag" => "likeliest tag is one of the clip's",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_well() {
        assert_eq!(percent(0.8855), "88.5 %"); // 0.8855 in binary is a little less
        assert_eq!([duration(9.9), duration(256.0), duration(3700.0)], ["9 s", "4:16 min", "1:01 h"]);
    }
}
