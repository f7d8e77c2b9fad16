//! The pages: what is found, and one picture.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use tuwen_model::{Blank, MatchScore};

use super::request::encoded;

pub(super) const STYLE: &str = include_str!("../../assets/serve.css");

/// A picture of a search, or of the whole set.
pub(super) struct Found<'a> {
    pub(super) number: usize,
    pub(super) score: Option<f32>,
    pub(super) name: &'a str,
}

/// A picture with the map of a word on it.
pub(super) struct WordPicture {
    pub(super) word: String,
    pub(super) png: Vec<u8>,
}

/// A picture that is looked at, with what was asked of it.
pub(super) struct Looked<'a> {
    pub(super) number: usize,
    pub(super) name: &'a str,
    pub(super) query: Option<&'a str>,
    pub(super) text: Option<&'a str>,
    pub(super) fill: Option<&'a str>,
    pub(super) matched: Option<&'a Result<(MatchScore, Vec<WordPicture>), String>>,
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

fn head(model: &str, query: Option<&str>) -> Markup {
    html! {
        header {
            p.brand { a href="/" { "tuwen " span lang="zh" { "图文" } } " " span.quiet { "model " (model) } }
            form.search action="/" method="get" role="search" {
                input type="search" name="q" value=(query.unwrap_or_default()) maxlength="500" autofocus[query.is_none()]
                    placeholder="a red circle · 红色的圆" aria-label="What to look for, in English or Chinese" autocomplete="off";
                button { "Search" }
            }
        }
    }
}

/// All pictures, or what a search found.
pub(super) fn home(
    model: &str,
    pictures: usize,
    query: Option<&str>,
    found: &[Found<'_>],
    skipped: &[(&str, &str)],
) -> Markup {
    let more = query.map_or(String::new(), |query| format!("?q={0}&text={0}", encoded(query)));
    let content = html! {
        (head(model, query))
        main {
            p.quiet {
                @if let Some(query) = query { "Of " (pictures) " pictures the nearest to “" (query) "”, with the cosine" }
                @else { (pictures) " pictures" @if found.len() < pictures { ", the first " (found.len()) } }
            }
            ol.grid {
                @for Found { number, score, name } in found {
                    li {
                        a href={ "/picture/" (number) (more) } {
                            img src={ "/small/" (number) } alt=(name) loading="lazy" width="96" height="96";
                            @if let Some(score) = score { span.score { (format!("{score:.3}")) } }
                            span.name { (name) }
                        }
                    }
                }
            }
            @if !skipped.is_empty() {
                details {
                    summary { (skipped.len()) " files could not be read" }
                    ul { @for (name, reason) in skipped { li { (name) ": " (reason) } } }
                }
            }
        }
    };
    page(&query.map_or("tuwen".to_string(), |query| format!("{query} · tuwen")), &content)
}

/// One picture, how a text fits it, and hidden words.
pub(super) fn picture(model: &str, looked: &Looked<'_>) -> Markup {
    let content = html! {
        (head(model, looked.query))
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
                        Some(Ok((score, words))) => (matching(score, words)),
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

fn matching(score: &MatchScore, words: &[WordPicture]) -> Markup {
    html! {
        p { strong { (format!("{:.1} %", 100.0 * score.probability)) } " that they belong together" (bar(score.probability)) }
        p.quiet { "Cosine of their embeddings: " (format!("{:.3}", score.cosine)) }
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
