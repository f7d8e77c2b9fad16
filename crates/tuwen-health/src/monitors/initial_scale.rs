//! First weights drawn too small: features are the same for every record from the first step on.

use super::{Monitor, View};
use crate::health::Verdict;
use crate::window::mean;
use crate::{InitialScale, Severity};

pub(super) const MONITOR: Monitor =
    Monitor { name: "initial_scale", title: "the features of different records differ", look };

/// So many first steps show the first weights.
const FIRST: u64 = 3;
/// So many steps are the beginning of a run.
const BEGINNING: u64 = 10;

fn look(view: &View<'_>) -> Verdict {
    let (mut known, mut unsure) = (false, false);
    let early = view.window.step() <= view.config.every.max(2 * BEGINNING);
    for part in &view.facts.initial_scales {
        let (name, [alike, apart]) = (part.series(), view.config.alike_and_apart(part.compared));
        let Some(now) = view.window.mean(&name, BEGINNING) else { continue };
        known = true;
        let first: Vec<f64> =
            view.window.remembered(&name).filter(|(step, _)| *step <= FIRST).map(|(_, value)| value).collect();
        if early && now > apart && !first.is_empty() && mean(&first) > alike {
            return told(part, mean(&first));
        }
        unsure |= now > apart;
    }
    if known && !unsure { Verdict::Well } else { Verdict::Unsure }
}

fn told(part: &InitialScale, alike: f64) -> Verdict {
    let InitialScale { of, key, range, width, taken, .. } = part;
    let sentence =
        format!("the features of all {of} are the same: mean cosine {alike:.4} to each other in the first steps");
    let fitting = 1.0 / (*width as f64).sqrt();
    let advice = if let Some(advice) = taken {
        advice.to_string()
    } else if *range < 0.8 * fitting {
        format!(
            "wider first weights: `{key}` is {range}, at width {width} about 1/√{width} = {fitting:.3} (0.02 belongs to width 768)"
        )
    } else {
        format!(
            "`{key}` = {range} suits width {width}: look whether all {of} are the same in the data (`cargo xtask doctor`)"
        )
    };
    Verdict::ill(Severity::Warning, sentence, advice)
}

#[cfg(test)]
mod tests {
    use super::super::fixture::look as see;
    use super::*;
    use crate::{Compared, Facts};

    fn facts(range: f64) -> Facts {
        let captions = InitialScale {
            observed: "text_similarity",
            compared: Compared::Features,
            of: "captions",
            key: "model.initializer_range.text",
            range,
            width: 128,
            taken: None,
        };
        Facts { initial_scales: vec![captions], ..Facts::default() }
    }

    #[test]
    fn rings_where_every_caption_has_one_feature() {
        // Standard deviation 0.002 in each of 64 numbers: 1 − 64 · 0.002² = 0.9997.
        let verdict = see(&MONITOR, facts(0.02), 10, |_| [("observed/text_similarity", 0.9997)]);
        let Verdict::Ill(illness) = verdict else { panic!("{verdict:?}") };
        assert!(illness.sentence.starts_with("the features of all captions are the same: mean cosine 0.9997"));
        assert!(illness.advice.contains("is 0.02, at width 128 about 1/√128 = 0.088"), "{}", illness.advice);
    }

    #[test]
    fn weights_that_were_not_drawn_are_not_to_be_drawn_wider() {
        let mut facts = facts(0.02);
        facts.initial_scales[0].taken = Some("another pooling");
        let verdict = see(&MONITOR, facts, 10, |_| [("observed/text_similarity", 1.0)]);
        let Verdict::Ill(illness) = verdict else { panic!("{verdict:?}") };
        assert_eq!(illness.advice, "another pooling");
    }

    #[test]
    fn features_that_differ_are_well() {
        // Standard deviation 0.03: 1 − 64 · 0.03² = 0.942.
        assert_eq!(see(&MONITOR, facts(0.08), 20, |_| [("observed/text_similarity", 0.942)]), Verdict::Well);
    }

    #[test]
    fn what_becomes_alike_later_is_no_matter_of_first_weights() {
        let later = |step| [("observed/text_similarity", if step < 50 { 0.9 } else { 0.999 })];
        assert_eq!(see(&MONITOR, facts(0.02), 100, later), Verdict::Unsure);
    }
}
