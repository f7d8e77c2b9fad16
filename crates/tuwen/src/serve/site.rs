//! From a request to an answer.

use std::sync::{Mutex, MutexGuard, PoisonError};

use tuwen_eval::{heat_map, png_bytes};
use tuwen_model::{Blank, Clip, Model, ModelError};
use tuwen_vision::Image;

use super::page::{self, Looked, Matched, WordPicture};
use super::picture::fitted;
use super::request::Request;
use super::response::Response;
use super::shelf::{Search, Shelf};

/// Pictures on a page.
const SHOWN: usize = 60;
/// The longer side of a picture in a grid, and on its own page.
const SMALL: u32 = 192;
const LARGE: u32 = 512;
/// Words that are told for a hidden one.
const GUESSES: usize = 8;
/// Words whose maps are drawn.
const MAPS: usize = 12;
/// The nearest pictures that matching puts in order, where that is asked for.
const RERANKED: usize = 16;

/// Pictures or clips, and the model that looks at them.
pub(crate) struct Site {
    shelf: Shelf,
    /// One request at a time computes: all cores work on it.
    model: Mutex<Model>,
    name: String,
    /// What can be put in order by matching; 0 where nothing more can be.
    reranked: usize,
}

impl Site {
    pub(crate) fn new(model: Model, shelf: Shelf) -> Self {
        let reranked = if model.matches() && matches!(shelf, Shelf::Pictures(_)) { RERANKED } else { 0 };
        Self { reranked, name: model.recipe().name().to_string(), model: Mutex::new(model), shelf }
    }

    fn model(&self) -> MutexGuard<'_, Model> {
        self.model.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The answer to any request.
    pub(super) fn answer(&self, request: &Request) -> Response {
        let mut parts = request.path[1..].split('/');
        let (what, number, more) = (parts.next().unwrap_or_default(), parts.next(), parts.next());
        let answer = match (what, number, more) {
            ("", None, None) => self.home(request),
            ("small", Some(number), None) => self.drawn(number, SMALL),
            ("large", Some(number), None) => self.drawn(number, LARGE),
            ("picture", Some(number), None) => self.picture(number, request),
            _ => Ok(Response::told(404, "There is no such page.")),
        };
        // What a picture or a text is lacking is the reader's to know; it names no more than the list of pictures does.
        answer.unwrap_or_else(|error| Response::told(422, &error.without_folders()))
    }

    fn home(&self, request: &Request) -> Result<Response, ModelError> {
        let (query, shelf) = (request.value("q"), &self.shelf);
        let candidates = request.value("rerank").map_or(0, |_| self.reranked.min(shelf.readable()));
        let Search { found, missed } = match query {
            Some(query) => shelf.search(&self.model(), query, (SHOWN, candidates))?,
            None => Search { found: shelf.first(SHOWN), missed: Vec::new() },
        };
        let listed = page::Listing { shelf, query, offered: self.reranked, candidates, found: &found, missed: &missed };
        Ok(Response::page(page::home(&self.name, &listed)))
    }

    /// A picture by its number, or what is to be answered where there is none.
    fn numbered(&self, number: &str) -> Result<usize, Response> {
        let all_digits = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
        let number = if all_digits { number.parse().ok() } else { None };
        let number = number.filter(|&number: &usize| number < self.shelf.len());
        number.ok_or_else(|| Response::told(404, "There is no such picture."))
    }

    fn drawn(&self, number: &str, side: u32) -> Result<Response, ModelError> {
        let number = match self.numbered(number) {
            Ok(number) => number,
            Err(response) => return Ok(response),
        };
        match self.shelf.picture(number, side == LARGE)? {
            Some(picture) => Ok(Response::picture(png_bytes(&fitted(&picture, side)?)?)),
            None => Ok(Response::told(404, "This clip brings features and no picture.")),
        }
    }

    fn picture(&self, number: &str, request: &Request) -> Result<Response, ModelError> {
        let number = match self.numbered(number) {
            Ok(number) => number,
            Err(response) => return Ok(response),
        };
        let (text, fill) = (request.value("text"), request.value("fill"));
        let (matched, filled) = match &self.shelf {
            Shelf::Pictures(index) => {
                let image = index.pictures().read(number)?;
                (text.map(|text| self.matched(&image, text)), fill.map(|text| self.filled(&image, text)))
            }
            Shelf::Clips { clips, .. } => {
                let (_, clip) = clips.read(number)?;
                (text.map(|text| self.matched_clip(&clip, text)), fill.map(|text| self.filled_clip(&clip, text)))
            }
        };
        let looked = Looked {
            number,
            name: self.shelf.name(number),
            query: request.value("q"),
            text,
            fill,
            matched: matched.as_ref(),
            filled: filled.as_ref(),
        };
        Ok(Response::page(page::picture(&self.name, &looked)))
    }

    fn matched(&self, image: &Image, text: &str) -> Result<Matched, String> {
        let (scores, maps) = {
            let model = self.model();
            let scores = model.match_scores(image, &[text]).map_err(told)?;
            (scores, model.word_maps(image, text).map_err(told)?)
        };
        let shown = fitted(image, SMALL).map_err(told)?;
        let drawn = |map: &[f32]| heat_map(&shown, map).and_then(|picture| png_bytes(&picture));
        let pictures = maps
            .iter()
            .take(MAPS)
            .map(|word| Ok(WordPicture { word: word.word.clone(), png: drawn(&word.map).map_err(told)? }));
        let score = scores.first().ok_or("no score")?;
        let words = pictures.collect::<Result<_, String>>()?;
        Ok(Matched { probability: score.probability, cosine: Some(score.cosine), words })
    }

    fn matched_clip(&self, clip: &Clip, text: &str) -> Result<Matched, String> {
        let probabilities = self.model().match_clips(&[clip.clone().titled(text)]).map_err(told)?;
        let probability = *probabilities.first().ok_or("no score")?;
        Ok(Matched { probability, cosine: None, words: Vec::new() })
    }

    fn filled(&self, image: &Image, text: &str) -> Result<Vec<Blank>, String> {
        self.model().fill_mask(text, Some(image), GUESSES).map_err(told)
    }

    fn filled_clip(&self, clip: &Clip, text: &str) -> Result<Vec<Blank>, String> {
        self.model().fill_title(&clip.clone().titled(text), GUESSES).map_err(told)
    }
}

fn told(error: impl std::fmt::Display) -> String {
    error.to_string()
}
