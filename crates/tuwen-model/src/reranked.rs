//! What a search found: by embeddings, the nearest of it put in order by the matching head.

use tuwen_vision::Image;

use crate::{Embeddings, Index, MatchScore, Model, ModelError, Ranked};

/// A picture or text that was found.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Found {
    /// Its number.
    pub place: usize,
    /// The cosine of its embedding to the query's.
    pub cosine: f32,
    /// That it belongs to the query, by the matching head; nothing where that was not asked.
    pub probability: Option<f32>,
}

impl Index {
    /// The `most` pictures that fit a text best, by their numbers: those that [`Index::search`] finds, the `candidates` nearest
    /// put in order by the matching head as the run's evaluation does it, the others behind them. Only these are read again;
    /// one that can't be read any more is told to `skip` and left out.
    ///
    /// # Errors
    /// As [`Model::embed_texts`]; where there are candidates, a model that was not trained to match.
    pub fn search_reranked(
        &self,
        model: &Model,
        query: &str,
        (most, candidates): (usize, usize),
        skip: &mut dyn FnMut(usize, ModelError),
    ) -> Result<Vec<Found>, ModelError> {
        let mut nearest = self.search(model, query, most.max(candidates))?;
        let places: Vec<usize> = nearest.iter().take(candidates).map(|ranked| ranked.place).collect();
        if places.is_empty() {
            return Ok(in_order(&nearest, &[], most));
        }
        let (mut scores, mut left_out) = (Vec::new(), Vec::new());
        let matched = model.match_stream(query, places.clone(), |place| self.pictures().read(place))?;
        for (place, score) in places.into_iter().zip(matched) {
            match score {
                Ok(score) => scores.push(score),
                Err(error) => {
                    left_out.push(place);
                    skip(place, error);
                }
            }
        }
        nearest.retain(|ranked| !left_out.contains(&ranked.place));
        Ok(in_order(&nearest, &scores, most))
    }
}

impl Model {
    /// The `most` texts that fit a picture best, by their places among `texts`, the `candidates` nearest put in order by the
    /// matching head as in [`Index::search_reranked`]. `embeddings` are those of the texts. Errors: as there.
    pub fn texts_of<T: AsRef<str>>(
        &self,
        image: &Image,
        (texts, embeddings): (&[T], &Embeddings),
        most: usize,
        candidates: usize,
    ) -> Result<Vec<Found>, ModelError> {
        let query = self.embed_images(std::slice::from_ref(image))?;
        let nearest = embeddings.rank(query.row(0), most.max(candidates));
        let asked: Vec<&str> = nearest.iter().take(candidates).map(|ranked| texts[ranked.place].as_ref()).collect();
        let scores = if asked.is_empty() { Vec::new() } else { self.match_scores(image, &asked)? };
        Ok(in_order(&nearest, &scores, most))
    }
}

/// The first of `nearest`, which have scores, in their order, of equal ones the nearer first; then the others.
fn in_order(nearest: &[Ranked], scores: &[MatchScore], most: usize) -> Vec<Found> {
    let (asked, others) = nearest.split_at(scores.len().min(nearest.len()));
    let mut asked: Vec<(&Ranked, &MatchScore)> = asked.iter().zip(scores).collect();
    asked.sort_by(|(_, a), (_, b)| b.order.total_cmp(&a.order));
    let found = |ranked: &Ranked, probability| Found { place: ranked.place, cosine: ranked.score, probability };
    let asked = asked.into_iter().map(|(ranked, score)| found(ranked, Some(score.probability)));
    asked.chain(others.iter().map(|ranked| found(ranked, None))).take(most).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn candidates_come_in_the_order_of_matching_and_others_behind_them() {
        let nearest = [(7, 0.9), (3, 0.8), (5, 0.7), (1, 0.6)].map(|(place, score)| Ranked { place, score });
        let score = |probability, order| MatchScore { probability, cosine: 0.0, order };
        let scores = [score(0.2, -3.0), score(0.9, 1.0), score(0.9, 1.0)];
        let found = |most, asked: usize| -> Vec<(usize, f32, Option<f32>)> {
            let found = in_order(&nearest, &scores[..asked], most);
            found.iter().map(|found| (found.place, found.cosine, found.probability)).collect()
        };
        let best = vec![(3, 0.8, Some(0.9)), (5, 0.7, Some(0.9)), (7, 0.9, Some(0.2)), (1, 0.6, None)];
        assert_eq!(found(9, 3), best);
        assert_eq!(found(2, 3), best[..2]);
        assert_eq!(found(2, 0), [(7, 0.9, None), (3, 0.8, None)]);
    }
}
