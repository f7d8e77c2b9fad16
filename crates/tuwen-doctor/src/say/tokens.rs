//! What the vocabulary and the layout make of captions.

use tuwen_text::Padding;

use super::many;
use crate::finding::{Advice, Finding, Topic};
use crate::wording::{percent, spread};
use crate::{Diagnosis, Expectations, TextExpectation, TokenNumbers};

const LENGTH: &str = "text.layout.max_length";
/// Unknown words that are named.
const NAMED: usize = 5;

pub(crate) fn tokens(diagnosis: &Diagnosis, expectations: &Expectations) -> Vec<Finding> {
    let Some(text) = &expectations.text else {
        let sentence = "no vocabulary was given, so tokens were not counted".to_owned();
        return vec![Finding::fact(Topic::Tokens, sentence)];
    };
    let of_each =
        || diagnosis.captions.iter().filter_map(|(language, c)| Some((language, c.captions, c.tokens.as_ref()?)));
    let at = |percent| of_each().filter_map(|(.., tokens)| tokens.lengths.quantile(percent)).max().unwrap_or(0);
    let (most, longest) = (at(99), at(100));
    let mut findings = Vec::new();
    for (language, captions, tokens) in of_each() {
        findings.push(lengths(language, captions, tokens, text, (most, longest)));
        if tokens.unknown > 0 {
            findings.push(unknown(language, captions, tokens));
        }
    }
    findings
}

/// `most` covers 99 % of the captions of each language, `longest` all of them.
fn lengths(
    language: &str,
    captions: u64,
    tokens: &TokenNumbers,
    text: &TextExpectation,
    (most, longest): (u64, u64),
) -> Finding {
    let shown = spread(&tokens.lengths);
    let whole = "99 % of the captions of each language stay whole";
    let (Some(layout), Some(cut)) = (text.layout, tokens.cut) else {
        let sentence = format!("`{language}`: {shown} tokens with `[CLS]` and `[SEP]`");
        return Finding::fact(Topic::Tokens, sentence).suggesting(Some(Advice::set(LENGTH, most, whole)));
    };
    let (max_length, share) = (layout.max_length as u64, percent(cut, captions));
    let sentence = format!("`{language}`: {shown} tokens; {share} are cut at `{LENGTH}` = {max_length}");
    let finding = Finding::fact(Topic::Tokens, sentence);
    if many(cut, captions) {
        finding.advised(Some(Advice::set(LENGTH, most, whole)))
    } else if layout.padding == Padding::MaxLength && longest < max_length {
        finding.suggesting(Some(Advice::set(LENGTH, longest, "nothing is cut, and less padding is computed")))
    } else {
        finding
    }
}

fn unknown(language: &str, captions: u64, tokens: &TokenNumbers) -> Finding {
    let words: Vec<String> = tokens.unknown_words.iter().take(NAMED).map(|(word, _)| format!("`{word}`")).collect();
    let sentence = format!(
        "`{language}`: {} of the tokens are unknown, in {} of the captions, such as {}",
        percent(tokens.unknown, tokens.tokens),
        percent(tokens.captions_with_unknown, captions),
        words.join(" "),
    );
    let effect = "one that can spell these captions";
    let advice = many(tokens.unknown, tokens.tokens).then(|| Advice::think("text.vocabulary", effect));
    Finding::fact(Topic::Tokens, sentence).advised(advice)
}
