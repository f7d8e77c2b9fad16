//! Masked words and what each run filled in.

use maud::{Markup, html};

use super::{run_label, words};
use crate::picture::{Budget, within};
use crate::run::Run;
use crate::samples::{Guess, Sample, Samples, Token};

/// The section, if any run has samples.
pub(super) fn section(runs: &[Run], budget: &mut Budget) -> Markup {
    let shown = runs.iter().enumerate().filter_map(|(index, run)| Some((index, run, run.samples.as_ref()?)));
    html! {
        @if runs.iter().any(|run| run.samples.is_some()) {
            section {
                h2 { "Masked words, filled in" }
                p.quiet { "Marked words were hidden; below each, what the model holds likeliest." }
                @for (index, run, samples) in shown { (of_run(index, run, samples, budget)) }
            }
        }
    }
}

fn of_run(index: usize, run: &Run, samples: &Samples, budget: &mut Budget) -> Markup {
    html! {
        h3 {
            (run_label(index, run))
            @if let Some(step) = samples.step { span.quiet { " after step " (words::count(step)) } }
        }
        div.samples { @for sample in &samples.samples { (one(run, sample, budget)) } }
    }
}

fn one(run: &Run, sample: &Sample, budget: &mut Budget) -> Markup {
    let name = sample.record.as_deref().unwrap_or("sample");
    let address = sample.picture.as_ref().map(|picture| {
        let path = within(&run.folder, picture).ok_or("lies outside of the run's folder")?;
        budget.embed(&path)
    });
    html! {
        article.sample {
            @match address {
                Some(Ok(address)) => { img src=(address) alt=(name) loading="lazy"; },
                Some(Err(reason)) => { p.quiet { (sample.picture.as_deref().unwrap_or_default()) ": " (reason) } },
                None => {},
            }
            p.tokens {
                @for (place, token) in sample.tokens.iter().enumerate() {
                    @if place > 0 && parted(&sample.tokens[place - 1], token) { " " }
                    (word(token))
                }
            }
            @if let Some(record) = &sample.record { p.quiet { (record) } }
        }
    }
}

/// Whether a space stands between two tokens: not before the rest of a word, nor between two Chinese characters.
fn parted(former: &Token, token: &Token) -> bool {
    let chinese = |letter: Option<char>| letter.is_some_and(|letter| ('\u{2e80}'..='\u{9fff}').contains(&letter));
    let joined = chinese(former.text.chars().last()) && chinese(token.text.chars().next());
    !joined && !token.text.starts_with("##")
}

fn word(token: &Token) -> Markup {
    let text = token.text.strip_prefix("##").unwrap_or(&token.text);
    html! {
        @if token.guesses.is_empty() { span { (text) } }
        @else {
            span class=(if token.right() { "masked right" } else { "masked wrong" }) {
                span.answer { (text) span.spoken { @if token.right() { " (found)" } @else { " (not found)" } } }
                @for guess in token.guesses.iter().take(3) { (answer(guess)) }
            }
        }
    }
}

fn answer(guess: &Guess) -> Markup {
    html! { span.guess { (guess.text) " " span.quiet { (format!("{:.0} %", 100.0 * guess.probability)) } } }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(text: &str) -> Token {
        Token { text: text.to_owned(), guesses: vec![] }
    }

    #[test]
    fn words_are_parted_as_they_are_written() {
        assert!(parted(&token("brown"), &token("dog")));
        assert!(!parted(&token("play"), &token("##ing")));
        assert!(!parted(&token("小"), &token("狗")));
        assert!(parted(&token("狗"), &token("dog")));
    }
}
