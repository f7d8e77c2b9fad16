//! What a search found: as lines, and on a sheet.

use std::path::Path;

use tuwen_eval::{contact_sheet, write_png};
use tuwen_model::Found;
use tuwen_vision::Image;

use super::CommandError;

/// A line for each: the cosine, and where the matching head was asked, its probability before it, under a line of names.
pub(super) fn table(found: &[Found], name: impl Fn(usize) -> String) -> String {
    let matched = found.iter().any(|found| found.probability.is_some());
    let mut lines = if matched { "match   cosine\n".to_string() } else { String::new() };
    for found in found {
        let probability = match found.probability {
            Some(probability) => format!("{:5.1}%  ", 100.0 * probability),
            None if matched => "     –  ".to_string(),
            None => String::new(),
        };
        lines += &format!("{probability}{:6.3}  {}\n", found.cosine, name(found.place));
    }
    lines
}

/// The order that a search's results stand in, in words.
pub(super) fn order(query: &str, candidates: usize) -> String {
    match candidates {
        0 => format!("nearest to `{query}`:"),
        1 => format!("nearest to `{query}`, the first one matched:"),
        _ => format!("nearest to `{query}`, the {candidates} nearest put in order by matching:"),
    }
}

/// Pictures on a sheet, each with its label.
pub(super) fn sheet(path: &Path, title: &str, tiles: &[(Image, String)]) -> Result<(), CommandError> {
    let tiles: Vec<_> = tiles.iter().map(|(picture, label)| (picture, label.clone())).collect();
    write_png(path, &contact_sheet(title, &tiles)?)?;
    println!("drew {}", path.display());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_scores_stand_in_columns() {
        let found = |place, cosine, probability| Found { place, cosine, probability };
        let name = |place: usize| format!("{place}.png");
        let lines = table(&[found(3, 0.5, Some(0.928)), found(1, -0.25, None)], name);
        assert_eq!(lines, "match   cosine\n 92.8%   0.500  3.png\n     –  -0.250  1.png\n");
        assert_eq!(table(&[found(3, 0.5, None)], name), " 0.500  3.png\n");
    }
}
