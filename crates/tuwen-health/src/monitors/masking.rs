//! Masking that is off: nothing masked, or another share than the recipe asks for.

use super::{Monitor, View};
use crate::health::Verdict;
use crate::{Rate, Severity};

pub(super) const WORDS: Monitor =
    Monitor { name: "masked_words", title: "as many words are masked as are to be", look: words };
pub(super) const FRAMES: Monitor =
    Monitor { name: "masked_frames", title: "as many frames are masked as are to be", look: frames };

fn words(view: &View<'_>) -> Verdict {
    share(view, view.facts.word_masking, "observed/mlm_masked_share", "words")
}

fn frames(view: &View<'_>) -> Verdict {
    share(view, view.facts.frame_masking, "observed/mfm_masked_share", "frames")
}

fn share(view: &View<'_>, rate: Option<Rate>, name: &str, what: &str) -> Verdict {
    let (Some(Rate { key, value, share }), Some(seen)) = (rate, view.recent(name)) else { return Verdict::Unsure };
    let steps = view.config.window;
    if seen == 0.0 {
        let sentence = format!("no {what} were masked in the last {steps} steps: nothing is learned from them");
        let advice = format!("`{key}` is {value}: BERT's is 0.15, short captions bear more");
        return Verdict::ill(Severity::Warning, sentence, advice);
    }
    let factor = if seen > share { seen / share } else { share / seen };
    if factor < view.config.mask_factor.sqrt() {
        return Verdict::Well;
    }
    if factor < view.config.mask_factor {
        return Verdict::Unsure;
    }
    let sentence = format!(
        "{:.1} % of the {what} were masked in the last {steps} steps, `{key}` = {value} asks for {:.1} %",
        100.0 * seen,
        100.0 * share
    );
    let advice = if seen > share {
        "short texts with `at_least = \"one_masked\"` mask more than is asked for: a higher probability says what happens"
    } else {
        "texts are cut, empty, or full of what is never masked: `cargo xtask doctor` shows their lengths"
    };
    Verdict::ill(Severity::Note, sentence, advice)
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{look as see, sentence};
    use super::*;
    use crate::Facts;

    fn facts(probability: f64) -> Facts {
        Facts {
            word_masking: Some(Rate { key: "tasks.masking.probability", value: probability, share: probability }),
            ..Facts::default()
        }
    }

    fn said(probability: f64, share: f64) -> Verdict {
        see(&WORDS, facts(probability), 50, |_| [("observed/mlm_masked_share", share)])
    }

    #[test]
    fn rings_where_nothing_is_masked() {
        assert!(sentence(said(0.0, 0.0)).starts_with("no words were masked in the last 50 steps"));
    }

    #[test]
    fn rings_where_the_share_is_another() {
        let expected =
            "25.0 % of the words were masked in the last 50 steps, `tasks.masking.probability` = 0.15 asks for 15.0 %";
        assert_eq!(sentence(said(0.15, 0.25)), expected);
        assert!(sentence(said(0.15, 0.05)).starts_with("5.0 %"));
    }

    #[test]
    fn a_share_near_the_probability_is_well() {
        assert_eq!(said(0.4, 0.41), Verdict::Well);
        assert_eq!(said(0.15, 0.2), Verdict::Unsure);
        let frames = Facts { frame_masking: facts(0.5).word_masking, ..Facts::default() };
        assert_eq!(see(&FRAMES, frames, 50, |_| [("observed/mfm_masked_share", 0.5)]), Verdict::Well);
    }
}
