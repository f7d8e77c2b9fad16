//! `recipe diff`: two recipes side by side, section by section, with only the keys that differ.

use tuwen_recipe::Difference;
use tuwen_train::find_any_recipe;

use super::{Changes, file_of};
use crate::commands::CommandError;

/// Values wider than this stand below their key, not beside each other.
const WIDEST: usize = 48;

pub(super) fn run(left: &str, right: Option<&str>, changes: &Changes) -> Result<(), CommandError> {
    let base = find_any_recipe(&file_of(left), &[], &[])?;
    let other = changes.applied_to(right.unwrap_or(left))?;
    let differences = base.differences(&other)?;
    let changed = if changes.none() { "" } else { ", changed" };
    print!("{}", table([left, &format!("{}{changed}", right.unwrap_or(left))], &differences));
    Ok(())
}

/// The differences under the names of the two sides; a recipe's own name is no difference of theirs.
fn table(sides: [&str; 2], differences: &[Difference]) -> String {
    let mut rows: Vec<Row> = differences.iter().filter(|difference| difference.key != "name").map(Row::of).collect();
    rows.sort_by(|one, other| (&one.section, &one.name).cmp(&(&other.section, &other.name)));
    if rows.is_empty() {
        return "the recipes are the same\n".to_string();
    }
    let narrow = || rows.iter().filter(|row| !row.is_wide());
    let width = |longest: Option<usize>, least: usize| longest.unwrap_or(0).max(least);
    let keys = width(rows.iter().map(|row| row.name.chars().count() + 2).max(), 0);
    let values = width(narrow().map(|row| row.left.chars().count()).max(), sides[0].chars().count());
    let mut text = format!("{:keys$}  {:values$}  {}\n", "", sides[0], sides[1]);
    let mut section = "";
    for row in &rows {
        if row.section != section {
            section = &row.section;
            text += &format!("[{section}]\n");
        }
        let name = format!("  {}", row.name);
        text += &if row.is_wide() {
            format!("{name}\n    left   {}\n    right  {}\n", row.left, row.right)
        } else {
            format!("{name:keys$}  {:values$}  {}\n", row.left, row.right)
        };
    }
    let count = rows.len();
    text + &format!("{count} {}\n", if count == 1 { "key differs" } else { "keys differ" })
}

struct Row {
    section: String,
    name: String,
    left: String,
    right: String,
}

impl Row {
    fn of(difference: &Difference) -> Self {
        let (section, name) = difference.key.rsplit_once('.').unwrap_or(("", &difference.key));
        let value = |value: &Option<String>| {
            let words = value.as_deref().unwrap_or("–").split_whitespace().collect::<Vec<_>>();
            words.join(" ")
        };
        Self {
            section: section.to_string(),
            name: name.to_string(),
            left: value(&difference.left),
            right: value(&difference.right),
        }
    }

    fn is_wide(&self) -> bool {
        self.left.chars().count().max(self.right.chars().count()) > WIDEST
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn difference(key: &str, left: Option<&str>, right: Option<&str>) -> Difference {
        Difference { key: key.into(), left: left.map(String::from), right: right.map(String::from) }
    }

    #[test]
    fn values_stand_side_by_side_under_their_section() {
        let differences = [
            difference("name", Some("\"a\""), Some("\"b\"")),
            difference("seed", Some("42"), Some("7")),
            difference("tasks.mlm.weight", Some("1.0"), None),
            difference("tasks.temperature", None, Some("0.07")),
        ];
        let expected = [
            "               a.toml  b",
            "  seed         42      7",
            "[tasks]",
            "  temperature  –       0.07",
            "[tasks.mlm]",
            "  weight       1.0     –",
            "3 keys differ\n",
        ]
        .join("\n");
        assert_eq!(table(["a.toml", "b"], &differences), expected);
    }

    #[test]
    fn a_long_value_stands_below_its_key() {
        let long = "x".repeat(WIDEST + 1);
        let text = table(["a", "b"], &[difference("data.train", Some(&long), Some("y"))]);
        assert!(text.contains(&format!("[data]\n  train\n    left   {long}\n    right  y\n1 key differs\n")), "{text}");
    }

    #[test]
    fn equal_recipes_say_so() {
        assert_eq!(table(["a", "b"], &[]), "the recipes are the same\n");
    }
}
