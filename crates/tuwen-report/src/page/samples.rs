//! Held-out records: masked words and what each run filled in, where words look, hidden frames and what was found.

use maud::{Markup, html};
use tuwen_data::grouped;

use super::run_label;
use crate::picture::{Budget, within};
use crate::run::Run;
use crate::samples::{Guess, HiddenFrame, Sample, Samples, Token};

/// The section, if any run has samples.
pub(super) fn section(runs: &[Run], budget: &mut Budget) -> Markup {
    let shown = runs.iter().enumerate().filter_map(|(index, run)| Some((index, run, run.samples.as_ref()?)));
    html! {
        @if runs.iter().any(|run| run.samples.is_some()) {
            section {
                h2 { "Held-out samples" }
                p.quiet {
                    "Marked words were hidden; below each, what the model holds likeliest."
                    @if has(runs, |sample| !sample.maps.is_empty()) {
                        " The redder, the more a word looks there (Grad-CAM of the cross-attention)."
                    }
                    @if has(runs, |sample| !sample.frames.is_empty()) {
                        " Hidden frames stand first in their row, then what the model took for them."
                    }
                }
                @for (index, run, samples) in shown { (of_run(index, run, samples, budget)) }
            }
        }
    }
}

/// Whether any sample of any run is so.
fn has(runs: &[Run], so: impl Fn(&Sample) -> bool) -> bool {
    runs.iter().flat_map(|run| &run.samples).flat_map(|samples| &samples.samples).any(so)
}

fn of_run(index: usize, run: &Run, samples: &Samples, budget: &mut Budget) -> Markup {
    html! {
        h3 {
            (run_label(index, run))
            @if let Some(step) = samples.step { span.quiet { " after step " (grouped(step)) } }
        }
        div.samples { @for sample in &samples.samples { (one(run, sample, budget)) } }
    }
}

fn one(run: &Run, sample: &Sample, budget: &mut Budget) -> Markup {
    let name = sample.record.as_deref().unwrap_or("sample");
    html! {
        article.sample {
            div.looks {
                @if let Some(file) = &sample.picture { figure { (picture(run, file, name, budget)) } }
                @for map in &sample.maps {
                    figure {
                        (picture(run, &map.picture, &format!("where {} looks", map.word), budget))
                        figcaption { (map.word) }
                    }
                }
            }
            p.tokens {
                @for (place, token) in sample.tokens.iter().enumerate() {
                    @if place > 0 && parted(&sample.tokens[place - 1], token) { " " }
                    (word(token))
                }
            }
            @for hidden in &sample.frames { (frame(run, hidden, budget)) }
            @if let Some(record) = &sample.record { p.quiet { (record) } }
        }
    }
}

/// A hidden frame beside what the model took for it.
fn frame(run: &Run, hidden: &HiddenFrame, budget: &mut Budget) -> Markup {
    html! {
        div.looks.hidden-frame {
            figure { (picture(run, &hidden.picture, "hidden frame", budget)) figcaption { "hidden" } }
            @for found in &hidden.found {
                figure class=(if found.right { "right" } else { "wrong" }) {
                    (picture(run, &found.picture, "frame found", budget))
                    figcaption {
                        (format!("{:.0} %", 100.0 * found.probability))
                        span.spoken { @if found.right { " (right)" } @else { " (wrong)" } }
                    }
                }
            }
        }
    }
}

/// A picture of the run's folder, or why it is not shown.
pub(super) fn picture(run: &Run, file: &str, what: &str, budget: &mut Budget) -> Markup {
    let path = within(&run.folder, file).ok_or_else(|| "lies outside of the run's folder".to_owned());
    html! {
        @match path.and_then(|path| budget.embed(&path)) {
            Ok(address) => { img src=(address) alt=(what) loading="lazy"; },
            Err(reason) => { p.quiet { (file) ": " (reason) } },
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
