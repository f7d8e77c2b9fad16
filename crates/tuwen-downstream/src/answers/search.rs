//! Writing an answer: the likeliest words, several beginnings at a time (beam search).

use std::num::NonZeroUsize;

/// How an answer is looked for.
#[derive(Clone, Copy, Debug)]
pub struct Search {
    /// The word that begins an answer.
    pub start: u32,
    /// The word that ends it.
    pub end: u32,
    /// Beginnings that are kept; 1 takes the likeliest word each time.
    pub beams: NonZeroUsize,
    /// Words at most, the end included.
    pub longest: usize,
}

/// An answer that was written.
#[derive(Clone, Debug, PartialEq)]
pub struct Generated {
    /// Its words, without beginning and end.
    pub words: Vec<u32>,
    /// The sum over its words, the end included.
    pub log_likelihood: f64,
    /// Whether it came to its end.
    pub ended: bool,
}

/// The likeliest answers that were found, best first, at most as many as beams. `next` gives `log p(word)` over the
/// vocabulary for each of several beginnings. Of equal answers the one found earlier is first; a word whose probability is
/// no number is never taken.
pub fn generate<E>(
    search: Search,
    mut next: impl FnMut(&[Vec<u32>]) -> Result<Vec<Vec<f32>>, E>,
) -> Result<Vec<Generated>, E> {
    let mut beams = vec![Generated { words: Vec::new(), log_likelihood: 0.0, ended: false }];
    for _ in 0..search.longest {
        // What has ended can't become likelier, and no other overtakes the first one.
        if beams.first().is_none_or(|best| best.ended) {
            break;
        }
        let open: Vec<&Generated> = beams.iter().filter(|beam| !beam.ended).collect();
        let beginnings: Vec<Vec<u32>> =
            open.iter().map(|beam| [&[search.start], beam.words.as_slice()].concat()).collect();
        let mut longer: Vec<Generated> = beams.iter().filter(|beam| beam.ended).cloned().collect();
        for (beam, words) in open.into_iter().zip(next(&beginnings)?) {
            longer.extend(best_words(&words, search.beams.get()).map(|word| beam.and(word, words[word], search.end)));
        }
        longer.sort_by(|a, b| b.log_likelihood.total_cmp(&a.log_likelihood));
        longer.truncate(search.beams.get());
        beams = longer;
    }
    Ok(beams)
}

impl Generated {
    fn and(&self, word: usize, log_probability: f32, end: u32) -> Self {
        let (mut words, ended) = (self.words.clone(), word == end as usize);
        if !ended {
            words.push(word as u32);
        }
        Self { words, log_likelihood: self.log_likelihood + f64::from(log_probability), ended }
    }
}

fn best_words(log_probabilities: &[f32], count: usize) -> impl Iterator<Item = usize> {
    let mut order: Vec<usize> = (0..log_probabilities.len()).filter(|&at| !log_probabilities[at].is_nan()).collect();
    order.sort_by(|&a, &b| log_probabilities[b].total_cmp(&log_probabilities[a]));
    order.into_iter().take(count)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::convert::Infallible;

    /// Word 0 ends. First 1 (0.6) or 2 (0.4); after 1 anything, after 2 surely the end.
    fn next(beginnings: &[Vec<u32>]) -> Result<Vec<Vec<f32>>, Infallible> {
        let row = |beginning: &Vec<u32>| match beginning[1..] {
            [] => [0.0, 0.6, 0.4],
            [2] => [1.0, 0.0, 0.0],
            _ => [0.4, 0.3, 0.3],
        };
        Ok(beginnings.iter().map(|beginning| row(beginning).map(f32::ln).to_vec()).collect())
    }

    fn search(beams: usize, longest: usize) -> Vec<Generated> {
        let beams = NonZeroUsize::new(beams).unwrap();
        generate(Search { start: 9, end: 0, beams, longest }, next).unwrap()
    }

    #[test]
    fn two_beams_find_what_one_misses() {
        let greedy = search(1, 5);
        assert_eq!((greedy.len(), greedy[0].words.as_slice(), greedy[0].ended), (1, [1].as_slice(), true));
        assert!((greedy[0].log_likelihood - (0.6 * 0.4_f64).ln()).abs() < 1e-6);
        let beam = search(2, 5);
        assert_eq!((beam[0].words.as_slice(), beam[0].ended), ([2].as_slice(), true));
        assert!((beam[0].log_likelihood - 0.4_f64.ln()).abs() < 1e-6);
    }

    #[test]
    fn an_answer_that_is_too_long_is_cut_and_says_so() {
        let cut = search(1, 1);
        assert_eq!((cut[0].words.as_slice(), cut[0].ended), ([1].as_slice(), false));
        assert!(search(3, 0)[0].words.is_empty());
    }

    #[test]
    fn no_word_is_taken_whose_probability_is_no_number() {
        let only = |_: &[Vec<u32>]| Ok::<_, Infallible>(vec![vec![f32::NAN, f32::NAN]]);
        let beams = NonZeroUsize::new(2).unwrap();
        assert!(generate(Search { start: 9, end: 0, beams, longest: 3 }, only).unwrap().is_empty());
    }

    #[test]
    fn an_error_of_the_model_is_handed_on() {
        let fails = |_: &[Vec<u32>]| Err::<Vec<Vec<f32>>, _>("no memory");
        assert_eq!(
            generate(Search { start: 9, end: 0, beams: NonZeroUsize::MIN, longest: 3 }, fails),
            Err("no memory")
        );
    }
}
