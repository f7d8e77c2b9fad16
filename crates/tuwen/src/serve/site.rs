//! From a request to an answer.

use std::sync::{Mutex, MutexGuard, PoisonError};

use tuwen_eval::{heat_map, png_bytes};
use tuwen_model::{Blank, Index, MatchScore, Model, ModelError, Ranked};
use tuwen_vision::Image;

use super::page::{self, Found, Looked, WordPicture};
use super::picture::fitted;
use super::request::Request;
use super::response::Response;

/// Pictures on a page.
const SHOWN: usize = 60;
/// The longer side of a picture in a grid, and on its own page.
const SMALL: u32 = 192;
const LARGE: u32 = 512;
/// Words that are told for a hidden one.
const GUESSES: usize = 8;
/// Words whose maps are drawn.
const MAPS: usize = 12;

/// Pictures, their embeddings, and the model that made them.
pub(crate) struct Site {
    index: Index,
    /// One request at a time computes: all cores work on it.
    model: Mutex<Model>,
    name: String,
}

impl Site {
    pub(crate) fn new(model: Model, index: Index) -> Self {
        Self { index, name: model.recipe().name().to_string(), model: Mutex::new(model) }
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
        answer.unwrap_or_else(|error| Response::told(422, &error.to_string()))
    }

    fn home(&self, request: &Request) -> Result<Response, ModelError> {
        let query = request.value("q");
        let ranked: Vec<(usize, Option<f32>)> = match query {
            Some(query) => {
                let found = self.index.search(&self.model(), query, SHOWN)?;
                found.into_iter().map(|Ranked { place, score }| (place, Some(score))).collect()
            }
            None => self.index.numbers().iter().take(SHOWN).map(|&number| (number, None)).collect(),
        };
        let name = |number: usize| self.index.pictures().name(number);
        let found: Vec<Found<'_>> =
            ranked.iter().map(|&(number, score)| Found { number, score, name: name(number) }).collect();
        let skipped: Vec<(&str, &str)> =
            self.index.skipped().iter().map(|(number, reason)| (name(*number), reason.as_str())).collect();
        Ok(Response::page(page::home(&self.name, self.index.numbers().len(), query, &found, &skipped)))
    }

    /// A picture by its number, or what is to be answered where there is none.
    fn numbered(&self, number: &str) -> Result<usize, Response> {
        let all_digits = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
        let number = if all_digits { number.parse().ok() } else { None };
        let number = number.filter(|&number: &usize| number < self.index.pictures().len());
        number.ok_or_else(|| Response::told(404, "There is no such picture."))
    }

    fn drawn(&self, number: &str, side: u32) -> Result<Response, ModelError> {
        let number = match self.numbered(number) {
            Ok(number) => number,
            Err(response) => return Ok(response),
        };
        let picture = fitted(&self.index.pictures().read(number)?, side)?;
        Ok(Response::picture(png_bytes(&picture)?))
    }

    fn picture(&self, number: &str, request: &Request) -> Result<Response, ModelError> {
        let number = match self.numbered(number) {
            Ok(number) => number,
            Err(response) => return Ok(response),
        };
        let image = self.index.pictures().read(number)?;
        let (text, fill) = (request.value("text"), request.value("fill"));
        let matched = text.map(|text| self.matched(&image, text));
        let filled = fill.map(|text| self.filled(&image, text));
        let looked = Looked {
            number,
            name: self.index.pictures().name(number),
            query: request.value("q"),
            text,
            fill,
            matched: matched.as_ref(),
            filled: filled.as_ref(),
        };
        Ok(Response::page(page::picture(&self.name, &looked)))
    }

    fn matched(&self, image: &Image, text: &str) -> Result<(MatchScore, Vec<WordPicture>), String> {
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
        let score = scores.first().copied().ok_or("no score")?;
        Ok((score, pictures.collect::<Result<_, String>>()?))
    }

    fn filled(&self, image: &Image, text: &str) -> Result<Vec<Blank>, String> {
        self.model().fill_mask(text, Some(image), GUESSES).map_err(told)
    }
}

fn told(error: impl std::fmt::Display) -> String {
    error.to_string()
}
