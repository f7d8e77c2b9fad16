//! Collapse: features that differed and no longer do.

use super::{Monitor, View};
use crate::Severity;
use crate::health::Verdict;

pub(super) const MONITOR: Monitor = Monitor { name: "collapse", title: "features differ again", look };

fn look(view: &View<'_>) -> Verdict {
    let mut known = false;
    for part in &view.facts.initial_scales {
        let (name, of, [bar, apart]) = (part.series(), part.of, view.config.alike_and_apart(part.compared));
        let Some(alike) = view.recent(&name) else { continue };
        known = true;
        if alike > bar {
            let differed = view.window.remembered(&name).find(|(_, value)| *value < apart);
            let Some((step, value)) = differed else { return Verdict::Unsure };
            let sentence = format!(
                "the features of all {of} have become the same: mean cosine to each other {alike:.4} now, {value:.3} at step {step}"
            );
            let advice = "go back to a checkpoint before it, with a lower `optimizer.learning_rate` or with `optimizer.clip_norm`";
            return Verdict::ill(Severity::Warning, sentence, advice);
        }
        if alike > apart {
            return Verdict::Unsure;
        }
    }
    if known { Verdict::Well } else { Verdict::Unsure }
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{look as see, sentence};
    use super::*;
    use crate::{Compared, Facts, InitialScale};

    fn facts(compared: Compared) -> Facts {
        let (observed, of, key) = ("image_similarity", "pictures", "model.initializer_range.vision");
        let pictures = InitialScale { observed, compared, of, key, range: 0.1, width: 64, taken: None };
        Facts { initial_scales: vec![pictures], ..Facts::default() }
    }

    #[test]
    fn rings_where_features_fall_together() {
        let falling = |step| [("observed/image_similarity", if step <= 50 { 0.6 } else { 0.998 })];
        let said = sentence(see(&MONITOR, facts(Compared::Features), 100, falling));
        assert!(said.ends_with("mean cosine to each other 0.9980 now, 0.600 at step 1"), "{said}");
    }

    #[test]
    fn states_behind_a_layer_norm_lie_near_each_other_and_well() {
        let near = |step| [("observed/image_similarity", if step <= 50 { 0.83 } else { 0.995 })];
        assert_eq!(see(&MONITOR, facts(Compared::States), 100, near), Verdict::Well); // as `unibert-tiny`
    }

    #[test]
    fn features_that_differ_are_well_and_those_that_never_did_another_matter() {
        assert_eq!(
            see(&MONITOR, facts(Compared::Features), 100, |_| [("observed/image_similarity", 0.6)]),
            Verdict::Well
        );
        assert_eq!(
            see(&MONITOR, facts(Compared::Features), 100, |_| [("observed/image_similarity", 0.999)]),
            Verdict::Unsure
        );
    }
}
