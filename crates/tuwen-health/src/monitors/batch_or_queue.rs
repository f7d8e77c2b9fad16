//! The queue's short cut: old keys come from an older momentum encoder, so "this batch" can be told from "the queue"
//! without telling pairs apart, and the loss over both falls all the same.

use super::{Monitor, View};
use crate::Severity;
use crate::health::Verdict;

pub(super) const MONITOR: Monitor = Monitor {
    name: "batch_or_queue",
    title: "alignment (ITA) tells pairs apart, not only the batch from the queue",
    look,
};

fn look(view: &View<'_>) -> Verdict {
    let mean = |name| view.recent(name);
    let (Some(own), Some(batch), Some(queue)) =
        (mean("observed/cosine_own"), mean("observed/cosine_batch"), mean("observed/cosine_queue"))
    else {
        return Verdict::Unsure;
    };
    let (batch_ahead, pair_ahead) = (batch - queue, own - batch);
    if pair_ahead > 2.0 * view.config.pair_ahead || batch_ahead < 0.5 * view.config.batch_ahead {
        return Verdict::Well;
    }
    if pair_ahead >= view.config.pair_ahead || batch_ahead <= view.config.batch_ahead {
        return Verdict::Unsure;
    }
    let sentence = format!(
        "alignment (ITA) tells this batch from the queue and not its pairs apart: mean cosine {own:.3} to the own key, {batch:.3} to the others of the batch, {queue:.3} to the queue's"
    );
    let advice = "begin without a queue (`stages[0].ita.loss = \"in_batch\"`) or with a smaller one; a falling ITA loss is no learning here";
    Verdict::ill(Severity::Warning, sentence, advice)
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{look as see, sentence};
    use super::*;
    use crate::Facts;

    fn cosines(own: f64, batch: f64, queue: f64) -> [(&'static str, f64); 3] {
        [("observed/cosine_own", own), ("observed/cosine_batch", batch), ("observed/cosine_queue", queue)]
    }

    #[test]
    fn rings_where_only_the_batch_is_near() {
        // Measured in run J of datasets/BASELINE.md at step 50.
        let verdict = see(&MONITOR, Facts::default(), 50, |_| cosines(0.310, 0.309, 0.096));
        assert!(sentence(verdict).contains("0.310 to the own key, 0.309 to the others of the batch, 0.096"));
    }

    #[test]
    fn pairs_apart_or_a_queue_as_near_is_well() {
        assert_eq!(see(&MONITOR, Facts::default(), 50, |_| cosines(0.5, 0.2, 0.05)), Verdict::Well);
        assert_eq!(see(&MONITOR, Facts::default(), 50, |_| cosines(0.310, 0.309, 0.30)), Verdict::Well);
        assert_eq!(see(&MONITOR, Facts::default(), 50, |_| cosines(0.33, 0.30, 0.05)), Verdict::Unsure);
    }
}
