//! The `README.txt` of the sets: the rules, and the sizes as they are.

use crate::{EmojiSets, SetSizes};

/// The form of the sets, a line of their `README.txt`: sets of another form were made by other rules.
pub const EMOJI_SETS_FORM: &str = "form 2: canvases of one, two and four to train on";

/// What the sets are and by which rules they were made.
pub(crate) fn readme(sets: &EmojiSets, sizes: &SetSizes) -> String {
    let EmojiSets { seed, fours, keyword_threes, tone_threes, rounds } = sets;
    format!(
        "\
Small sets for downstream tasks, made of the emoji
==================================================

Made by tuwen; the same numbers give the same lists:
seed = {seed}, fours = {fours}, keyword_threes = {keyword_threes}, tone_threes = {tone_threes}, rounds = {rounds}
{EMOJI_SETS_FORM}

images/       all emoji, 64 x 64 pixels; canvases/ four of them each or fewer, 128 x 128
Parts         train, val and heldout hold the emoji of train.tar, val.tar and heldout.tar of datasets/emoji, and no other.
Languages     every list has English and Chinese texts, of words that datasets/emoji/vocab.txt spells.

{sizes}
(chance: the best answer of one who sees no picture; retrieval: R@1 of a random order)

{RULES}"
    )
}

const RULES: &str = "\
Questions (vqa/, ALBEF's VQA lists and answer list)
---------------------------------------------------
tone       the one tone of a person or hand: five answers
tones      two people of different tones: both answers are right and weigh 1/2 each
gender     captions that begin with man or woman
direction  captions that say left or right; people who also exist facing right face left
sort       one of seven subgroups
name       what the caption says before the tone, where it says nothing behind it
All questions of a kind and language are one text. But for tones and name every answer is equally frequent in each part.

Statements (nlvr/, ALBEF's NLVR2 lists)
---------------------------------------
In fours: two statements about two pairs of pictures, each true of one pair and false of the other. So each text is true
as often as false, and so is whatever is said of a pair. Tones that are compared differ by two steps or more.

Sentences (entailment/, SNLI-VE's lines and ALBEF's lists)
----------------------------------------------------------
this is about K   entailment: K is a keyword of the picture; neutral: it is not, but the picture shares another keyword
                  with one that has K; contradiction: it shares none. Keywords of more than 5 % of the pictures are left out.
the skin tone is T   entailment: one person of tone T; neutral: one of two people has it; contradiction: nobody has.
In threes: one text with each label once.

Expressions (grounding/, ALBEF's RefCOCO+ lists, REFER's references as JSON, COCO's instances, detections)
----------------------------------------------------------------------------------------------------------
Four emoji of different captions and bases on a canvas, each in a quarter, 40 to 60 pixels large; a box holds what is not
white. Expressions are captions, candidates the four boxes. For training one expression an emoji in a drawn language, else
one in each. Training by captions alone (weakly supervised) reads the same list; some of its canvases show one emoji or two.

Captions (retrieval/, ALBEF's lists and Karpathy's file)
--------------------------------------------------------
The English and the Chinese caption of each emoji.
";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_what_it_was_made_with() {
        let text = readme(&EmojiSets { seed: 77, ..EmojiSets::default() }, &SetSizes::default());
        assert!(text.lines().any(|line| line == EMOJI_SETS_FORM));
        assert!(text.contains("seed = 77, fours = 1000, keyword_threes = 1000, tone_threes = 300, rounds = 2\n"));
    }
}
