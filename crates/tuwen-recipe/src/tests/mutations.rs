//! Broken recipes: whatever is done to a valid text, the answer is a recipe or an error of one line.

use tuwen_random::{Draws, Stream};

use super::{Recipe, TEXT, read};
use crate::{Override, RecipeError, parse, to_toml};

const EVERYTHING: &str = "compat = \"seed\"\nstages = [\"warm\", { train = 3 }, { cool = { epochs = 1 } }]\n";

/// Pieces that change the meaning of what stands around them.
const PIECES: &str =
    "=|.|[|]|{|}|\"|'|\n|#|-|1e999|nan|[[data]]\n|\"\"\"|2020-01-01|é|lr = 1\n|kind = \"sgd\"\n|\0|x|1|true|";

/// One or two edits: a few characters become a piece, or a word becomes another word of the text.
fn mutated(text: &str, draws: Draws) -> String {
    let mut text = text.to_owned();
    for edit in 0..1 + draws.below(0, 2) {
        let below = |position, bound: usize| draws.below(10 * (edit + 1) + position, bound.max(1) as u64) as usize;
        let words: Vec<&str> = text.split_inclusive([' ', '\n', '.', '[', ']', ',']).collect();
        text = if below(0, 2) == 0 {
            let (from, to) = (below(1, words.len()), below(2, words.len()));
            words.iter().enumerate().map(|(i, word)| if i == to { words[from] } else { word }).collect()
        } else {
            let (at, cut) = (below(3, text.chars().count()), below(4, 4));
            let before = text.chars().take(at);
            let pieces: Vec<&str> = PIECES.split('|').collect();
            before.chain(pieces[below(5, pieces.len())].chars()).chain(text.chars().skip(at + cut)).collect()
        };
    }
    text
}

fn assert_one_line(error: &RecipeError) {
    assert!(!error.to_string().contains('\n'), "{error}");
}

#[test]
fn mutated_texts_never_panic() {
    let text = format!("{EVERYTHING}{TEXT}");
    assert!(read(&text, &[]).is_ok());
    let (mut good, mut syntax, mut schema) = (0, 0, 0);
    for sample in 0..20_000 {
        let draws = Draws::new(2, Stream::named("recipe.mutations"), 0, sample);
        match read(&mutated(&text, draws), &[]) {
            Ok(recipe) => {
                good += 1;
                let again = to_toml(&recipe).unwrap();
                assert_eq!(to_toml(&read(&again, &[]).unwrap()).unwrap(), again);
            }
            Err(error) => {
                assert_one_line(&error);
                match error {
                    RecipeError::Syntax { .. } => syntax += 1,
                    _ => schema += 1,
                }
            }
        }
    }
    let enough = good > 500 && syntax > 500 && schema > 500;
    assert!(enough, "{good} good, {syntax} no TOML, {schema} no recipe: the mutations are too wild or too tame");
}

#[test]
fn mutated_overrides_never_panic() {
    let (mut good, mut bad) = (0, 0);
    for sample in 0..20_000 {
        let draws = Draws::new(3, Stream::named("recipe.mutations"), 1, sample);
        let set = mutated("optimizer.groups[1].lr = [1, { a = 'b' }]", draws);
        match Override::parse(&set).and_then(|set| parse::<Recipe>("x.toml", TEXT, &[set])) {
            Ok(_) => good += 1,
            Err(error @ RecipeError::Override { .. }) => assert_one_line(&error),
            Err(error) => {
                bad += 1;
                assert_one_line(&error);
            }
        }
    }
    assert!(good + bad > 1000, "{good} good, {bad} bad");
}
