//! The small sets, written where the recipes look for them if they are not there yet.

use std::path::Path;

use tuwen_sets::{ClipPairs, EmojiSets, write_clip_pairs, write_emoji_sets};

use super::CommandError;

/// Where the recipes look for the sets made of emoji.
const EMOJI: &str = "runs/sets/emoji";
/// Where the recipes look for the pairs of clips.
const PAIRS: &str = "runs/sets/pairs";

/// Writes the set of `task`, unless it is there.
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
    if !Path::new(EMOJI).join("README.txt").exists() {
        println!("{}\n", write_emoji_sets(&source("emoji"), Path::new(EMOJI), &EmojiSets::default())?);
    }
    Ok(())
}
