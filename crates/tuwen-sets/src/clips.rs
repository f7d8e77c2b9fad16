//! Pairs of clips with a graded similarity, in the form of the QQ set's `label.tsv`.

use std::collections::BTreeSet;
use std::path::Path;

use tuwen_random::{Draws, Stream};

use crate::SetsError;
use crate::balance::{Place, one};
use crate::figures::{Clip, Shared, read_clips, similarity_tenths};
use crate::output::Output;

const SIDE: Stream = Stream::named("sets.pairs.side");
const PAIRS: Stream = Stream::named("sets.pairs");

/// How many pairs to make.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ClipPairs {
    /// Another seed, other pairs: 42.
    pub seed: u64,
    /// Pairs to train on: 3000.
    pub train: usize,
    /// Pairs to test on: 600.
    pub heldout: usize,
    /// The share of figures that are tested on: 0.25.
    pub heldout_share: f64,
}

impl Default for ClipPairs {
    fn default() -> Self {
        Self { seed: 42, train: 3000, heldout: 600, heldout_share: 0.25 }
    }
}

/// Writes `train.tsv` and `heldout.tsv` into `folder`, which must be empty or not there yet: pairs of the clips of both shards
/// in `source`. No figure, hence no clip, is in both. A first clip is drawn, and a second one that by turns shares its figure,
/// its subcategory, its category, or perhaps nothing; the score is [`similarity_tenths`]. Fewer pairs are written where there
/// are no more. Gives the numbers of pairs. Errors: a source that can't be read, a folder that can't be written.
pub fn write_clip_pairs(source: &Path, folder: &Path, pairs: &ClipPairs) -> Result<[usize; 2], SetsError> {
    let mut clips = read_clips(&source.join("train.tar"))?;
    clips.extend(read_clips(&source.join("heldout.tar"))?);
    let tested = |clip: &Clip| {
        let figure = Stream::named(&clip.figure).id();
        Draws::new(pairs.seed, SIDE, 0, figure).uniform(0) < pairs.heldout_share
    };
    let (heldout, train): (Vec<Clip>, Vec<Clip>) = clips.into_iter().partition(tested);
    let output = Output::create(folder)?;
    let mut written = [0; 2];
    for (part, (name, clips, count)) in
        [("train", &train, pairs.train), ("heldout", &heldout, pairs.heldout)].into_iter().enumerate()
    {
        let lines = drawn(clips, Place { seed: pairs.seed, stream: PAIRS, part: part as u64 }, count);
        output.write(&format!("{name}.tsv"), lines.concat().as_bytes())?;
        written[part] = lines.len();
    }
    Ok(written)
}

/// So many lines, or as many as a hundred times as many draws find.
fn drawn(clips: &[Clip], place: Place, count: usize) -> Vec<String> {
    let mut seen = BTreeSet::new();
    let mut lines = Vec::new();
    for sample in 0..100 * count as u64 {
        if lines.len() == count || clips.len() < 2 {
            break;
        }
        let draws = place.draws(sample);
        let first = draws.below(0, clips.len() as u64) as usize;
        let a = &clips[first];
        let shares = |b: &Clip| match sample % 4 {
            0 => b.figure == a.figure,
            1 => b.subcategory == a.subcategory,
            2 => b.category == a.category,
            _ => true,
        };
        let others: Vec<usize> = (0..clips.len()).filter(|&at| at != first && shares(&clips[at])).collect();
        if others.is_empty() {
            continue;
        }
        let second = *one(&draws, 1, &others);
        if seen.insert((first.min(second), first.max(second))) {
            let b = &clips[second];
            let tenths = similarity_tenths(Shared::of(a, b));
            lines.push(format!("{}\t{}\t{}.{}\n", a.id, b.id, tenths / 10, tenths % 10));
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, HashSet};

    use tuwen_annotation::{KnownClips, read_pairs};

    use super::*;
    use crate::fixture::datasets;

    #[test]
    fn pairs_are_read_again_graded_and_apart() {
        let folder = tempfile::tempdir().unwrap();
        let source = datasets().join("fluent-clips");
        assert_eq!(write_clip_pairs(&source, folder.path(), &ClipPairs::default()).unwrap(), [3000, 600]);
        let mut known = HashSet::new();
        for shard in ["train.tar", "heldout.tar"] {
            known.extend(read_clips(&source.join(shard)).unwrap().into_iter().map(|clip| clip.id));
        }
        let read =
            |name: &str| read_pairs(&folder.path().join(name), KnownClips::Of(&known)).unwrap().strict().unwrap();
        let clips =
            |name: &str| -> HashSet<String> { read(name).into_iter().flat_map(|pair| [pair.a, pair.b]).collect() };
        assert!(clips("train.tsv").is_disjoint(&clips("heldout.tsv")));
        let mut scores: BTreeMap<u32, usize> = BTreeMap::new();
        read("heldout.tsv").iter().for_each(|pair| *scores.entry((10.0 * pair.score).round() as u32).or_default() += 1);
        assert!(scores.len() >= 6 && scores.values().all(|count| *count < 300), "{scores:?}");
    }
}
