//! The `README.txt` of a synthetic set: how it was made, in the words of the configuration.

use crate::SynthConfig;
use crate::synth_clip::FRAMES;
use crate::synth_picture::SIDE;
use crate::synth_words::{COLOURS, DIRECTIONS, SHAPES, SIZES, all_words};

/// What the set is, how to read it, and the rules behind it.
pub(crate) fn readme(config: &SynthConfig) -> String {
    [layout(config), clips(config), RULES.to_owned(), tags()].join("\n")
}

fn layout(config: &SynthConfig) -> String {
    let SynthConfig { clips, heldout, pairs, files, seed, width } = config;
    format!(
        "\
A synthetic set of clips in the schema of the QQ browser video set
==================================================================

Made by tuwen; the same numbers give the same bytes:
clips = {clips}, heldout = {heldout}, pairs = {pairs}, files = {files}, seed = {seed}, width = {width}

train/        {clips} clips
heldout/      {heldout} clips whose main shape moves as training never shows it
pairwise/     two clips for each of {pairs} pairs; label.tsv: id1, id2 and their similarity, separated by tabs
tag_list.txt  all tags, one a line

A record is a tf.Example with `id`, `title` (Chinese), `title_en` (English), `tag_id` and `frame_feature`:
{width} little-endian f16 for each frame.
"
    )
}

fn clips(config: &SynthConfig) -> String {
    let [fewest, most] = FRAMES;
    let (shapes, colours, sizes, directions) = (SHAPES.len(), COLOURS.len(), SIZES.len(), DIRECTIONS.len());
    format!(
        "\
Clips
-----
{fewest} to {most} pictures of {SIDE} × {SIDE} pixels, RGB on black: one of {shapes} shapes, {colours} colours and {sizes} \
sizes. It goes from
a random start in one of {directions} directions, slowly (0.37 pixels a frame) or quickly (1.17); what leaves on one
side comes back on the other. One shape in ten stands still, but never the main shape of a held-out clip.
Two clips in ten have a second shape, of another colour, behind the first.
A picture becomes {width} features through a fixed Gaussian matrix, scaled so that a typical shape's features
have variance 1, plus Gaussian noise of standard deviation 0.05, anew for each frame. All frames of a clip in
which nothing moves are one frame, noise included.
",
        width = config.width
    )
}

const RULES: &str = "\
Combinations that training never shows
--------------------------------------
For each shape and colour one direction: (shape + 3 · colour) mod 8, all counted from 0 in the order of the
tags below. The main shape of each held-out clip moves in it; no shape in train/ and pairwise/ does.

Similarity
----------
The second clip of a pair is a new take (start, length, noise, titles): half of the time of the same scene, else
of one in which each attribute of the main shape was changed with probability 1/2. The score adds up what the
main shapes share: 0.3 shape, 0.3 colour, 0.2 direction, 0.1 size, 0.1 speed; standing still counts as a
direction and as a speed.
";

fn tags() -> String {
    let table: String = all_words().map(|word| format!("{}  {}  {}\n", word.tag, word.en, word.zh)).collect();
    format!("Tags\n----\n{table}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_what_it_was_made_with_and_names_each_tag() {
        let text = readme(&SynthConfig { seed: 77, ..SynthConfig::default() });
        assert!(text.contains("clips = 2000, heldout = 200, pairs = 200, files = 4, seed = 77, width = 1536\n"));
        for word in all_words() {
            let line = format!("{}  {}  {}", word.tag, word.en, word.zh);
            assert!(text.lines().any(|in_text| in_text == line), "{line}");
        }
    }
}
