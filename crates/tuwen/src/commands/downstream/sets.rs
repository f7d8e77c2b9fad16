//! The small sets, written where the recipes look for them if they are not there yet.

use std::path::Path;

use tuwen_sets::{ClipPairs, EMOJI_SETS_FORM, EmojiSets, write_clip_pairs, write_emoji_sets};

use super::CommandError;

/// Where the recipes look for the sets made of emoji.
const EMOJI: &str = "runs/sets/emoji";
/// Where the recipes look for the pairs of clips.
const PAIRS: &str = "runs/sets/pairs";

/// Writes the set of `task`, unless it is there. Errors: one of other rules is there.
pub(super) fn prepare(task: &str, root: &Path) -> Result<(), CommandError> {
    let source = |name: &str| {
        let path = Path::new("datasets").join(name);
        if path.exists() { path } else { root.join(path) }
    };
    if task == "pairs" {
        if !Path::new(PAIRS).join("heldout.tsv").exists() {
            let [train, heldout] = write_clip_pairs(&source("fluent-clips"), Path::new(PAIRS), &ClipPairs::default())?;
            println!("wrote {PAIRS}: {train} pairs to train on, {heldout} held out\n");
        }
        return Ok(());
    }
    // The rules are written last: with them the set is whole.
    let rules = Path::new(EMOJI).join("README.txt");
    if !rules.exists() {
        println!("{}\n", write_emoji_sets(&source("emoji"), Path::new(EMOJI), &EmojiSets::default())?);
        return Ok(());
    }
    let text = std::fs::read_to_string(&rules).map_err(|error| format!("{}: {error}", rules.display()))?;
    if !text.lines().any(|line| line == EMOJI_SETS_FORM) {
        let reason = "was made by the rules of an earlier version, on which the recipes learn something else";
        return Err(format!("{EMOJI}: {reason}; remove the folder, and the next call makes it anew").into());
    }
    Ok(())
}
