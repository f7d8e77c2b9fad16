//! The pages: what is found, and one picture.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use tuwen_model::Blank;

use super::request::encoded;
use super::shelf::{self, Shelf};

/// Of what is left out, so many are told by name and reason.
const REASONS: usize = 20;

pub(super) const STYLE: &str = include_str!("../../assets/serve.css");

/// What a search found, or the beginning of all there is.
pub(super) struct Listing<'a> {
    pub(super) shelf: &'a Shelf,
    pub(super) query: Option<&'a str>,
    /// Of so many it is offered to put them in order by matching, and so many are.
    pub(super) offered: usize,
    pub(super) candidates: usize,
    pub(super) found: &'a [shelf::Listed],
    /// What the search had to leave out, with the reasons.
    pub(super) missed: &'a [String],
}

/// A picture with the map of a word on it.
pub(super) struct WordPicture {
    pub(super) word: String,
    pub(super) png: Vec<u8>,
}

/// How a text fits what is looked at.
pub(super) struct Matched {
    pub(super) probability: f32,
    /// Where text and picture have embeddings of their own.
    pub(super) cosine: Option<f32>,
    pub(super) words: Vec<WordPicture>,
}

/// A picture that is looked at, with what was asked of it.
pub(super) struct Looked<'a> {
    pub(super) number: usize,
    pub(super) name: &'a str,
    pub(super) query: Option<&'a str>,
    pub(super) text: Option<&'a str>,
    pub(super) fill: Option<&'a str>,
    pub(super) matched: Option<&'a Result<Matched, String>>,
    pub(super) filled: Option<&'a Result<Vec<Blank>, String>>,
}

/// A page of this site.
pub(super) fn page(title: &str, content: &Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                link rel="icon" href="data:,";
                title { (title) }
                style { (PreEscaped(STYLE)) }
            }
            body { (content) }
        }
    }
}

fn head(model: &str, query: Option<&str>, (offered, asked): (usize, bool)) -> Markup {
    html! {
        header {
            p.brand { a href="/" { "tuwen " span lang="zh" { "图文" } } " " span.quiet { "model " (model) } }
            form.search action="/" method="get" role="search" {
                input type="search" name="q" value=(query.unwrap_or_default()) maxlength="500" autofocus[query.is_none()]
                    placeholder="a red circle · 红色的圆" aria-label="What to look for, in English or Chinese" autocomplete="off";
                button { "Search" }
                @if offered > 0 {
                    label.quiet {
                        input type="checkbox" name="rerank" value="1" checked[asked];
                        " the " (offered) " nearest in order by matching"
                    }
                }
            }
        }
    }
}

/// All pictures, or what a search found.
pub(super) fn home(model: &str, listing: &Listing<'_>) -> Markup {
    let Listing { shelf, query, offered, candidates, found, missed } = listing;
    let (kind, readable) = (shelf.kind(), shelf.readable());
    let more = query.map_or(String::new(), |query| format!("?q={0}&text={0}", encoded(query)));
    let content = html! {
        (head(model, *query, (*offered, *candidates > 0)))
        main {
            p.quiet {
                @if let Some(query) = query { (order(shelf, query, *candidates, missed.len())) }
                @else { (readable) " " (kind) @if found.len() < readable { ", the first " (found.len()) } }
            }
            ol.grid { @for listed in *found { (tile(shelf, listed, &more)) } }
            (left_out(&shelf.skipped(), "files could not be read"))
            (left_out(missed, "could not be matched"))
        }
    };
    page(&query.map_or("tuwen".to_string(), |query| format!("{query} · tuwen")), &content)
}

/// How many are left out, and the first of them with their reasons.
fn left_out(lines: &[String], why: &str) -> Markup {
    html! {
        @if !lines.is_empty() {
            details {
                summary { (lines.len()) " " (why) }
                ul {
                    @for line in lines.iter().take(REASONS) { li { (line) } }
                    @if lines.len() > REASONS { li { "and " (lines.len() - REASONS) " more" } }
                }
            }
        }
    }
}

/// What was looked for and what the results are ordered by, in words; `missed` of them could not be matched.
fn order(shelf: &Shelf, query: &str, candidates: usize, missed: usize) -> String {
    let (readable, candidates) = (shelf.readable().saturating_sub(missed), candidates.saturating_sub(missed));
    match (shelf, candidates) {
        (Shelf::Clips { .. }, _) => format!("{readable} clips by how well “{query}” matches them"),
        (_, 0) => format!("Of {readable} pictures the nearest to “{query}”, with the cosine"),
        (_, asked) => format!(
            "Of {readable} pictures the nearest to “{query}”, {asked} of them in order by matching: the chance that it fits, and \
             the cosine"
        ),
    }
}

fn tile(shelf: &Shelf, listed: &shelf::Listed, more: &str) -> Markup {
    let (number, name) = (listed.number, shelf.name(listed.number));
    let share = listed.probability.map(|share| format!("{:.1} %", 100.0 * share));
    let cosine = listed.cosine.map(|cosine| format!("{cosine:.3}"));
    let scores: Vec<String> = share.into_iter().chain(cosine).collect();
    html! {
        li {
            a href={ "/picture/" (number) (more) } {
                img src={ "/small/" (number) } alt=(name) loading="lazy" width="96" height="96";
                @if !scores.is_empty() { span.score { (scores.join(" · ")) } }
                span.name { (name) }
            }
        }
    }
}

/// One picture, how a text fits it, and hidden words.
pub(super) fn picture(model: &str, looked: &Looked<'_>) -> Markup {
    let content = html! {
        (head(model, looked.query, (0, false)))
        main.one {
            figure.whole {
                img src={ "/large/" (looked.number) } alt=(looked.name);
                figcaption { (looked.name) }
            }
            div {
                section {
                    h2 { "Does a text fit?" }
                    form method="get" {
                        (kept(&[("q", looked.query), ("fill", looked.fill)]))
                        input type="text" name="text" value=(looked.text.unwrap_or_default()) maxlength="500"
                            placeholder="a red circle · 红色的圆" aria-label="A text" autocomplete="off";
                        button { "Match" }
                    }
                    @match looked.matched {
                        Some(Ok(matched)) => (matching(matched)),
                        Some(Err(reason)) => p.told { (reason) },
                        None => {}
                    }
                }
                section {
                    h2 { "Which word is hidden?" }
                    form method="get" {
                        (kept(&[("q", looked.query), ("text", looked.text)]))
                        input type="text" name="fill" value=(looked.fill.unwrap_or("a [MASK] face")) maxlength="500"
                            aria-label="A text with [MASK] in it" autocomplete="off";
                        button { "Fill in" }
                    }
                    @match looked.filled {
                        Some(Ok(blanks)) => {
                            @for (number, blank) in blanks.iter().enumerate() {
                                @if blanks.len() > 1 { h3 { "[MASK] number " (number + 1) } }
                                (guesses(blank))
                            }
                        }
                        Some(Err(reason)) => p.told { (reason) },
                        None => {}
                    }
                }
            }
        }
    };
    page(&format!("{} · tuwen", looked.name), &content)
}

fn kept(values: &[(&str, Option<&str>)]) -> Markup {
    html! {
        @for (name, value) in values {
            @if let Some(value) = value { input type="hidden" name=(name) value=(value); }
        }
    }
}

fn matching(Matched { probability, cosine, words }: &Matched) -> Markup {
    html! {
        p { strong { (format!("{:.1} %", 100.0 * probability)) } " that they belong together" (bar(*probability)) }
        @if let Some(cosine) = cosine { p.quiet { "Cosine of their embeddings: " (format!("{cosine:.3}")) } }
        @if !words.is_empty() {
            h3 { "Where each word looks" }
            div.maps {
                @for WordPicture { word, png } in words {
                    figure {
                        img src={ "data:image/png;base64," (STANDARD.encode(png)) } alt={ "Where “" (word) "” looks" };
                        figcaption { (word) }
                    }
                }
            }
        }
    }
}

fn guesses(blank: &Blank) -> Markup {
    html! {
        table {
            tbody {
                @for guess in &blank.guesses {
                    tr {
                        th scope="row" { (guess.word) }
                        td { (format!("{:.1} %", 100.0 * guess.probability)) }
                        td.wide { (bar(guess.probability)) }
                    }
                }
            }
        }
    }
}

/// A share as a bar.
fn bar(share: f32) -> Markup {
    let width = format!("{:.1}", 100.0 * share.clamp(0.0, 1.0));
    html! {
        svg.bar viewBox="0 0 100 4" preserveAspectRatio="none" aria-hidden="true" {
            rect.track width="100" height="4" {}
            rect.fill width=(width) height="4" {}
        }
    }
}
