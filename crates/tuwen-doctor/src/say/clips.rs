//! Frames of clips beside the frames a clip is cut or padded to.

use tuwen_data::grouped;

use super::many;
use crate::finding::{Advice, Finding, Topic};
use crate::wording::{counted, percent, spread};
use crate::{ClipNumbers, Diagnosis, Expectations};

const KEY: &str = "vision.frames";

pub(crate) fn clips(diagnosis: &Diagnosis, expectations: &Expectations) -> Vec<Finding> {
    let clips = &diagnosis.clips;
    if clips.clips() == 0 {
        return Vec::new();
    }
    let mut findings = vec![lengths(clips, expectations.frames)];
    if clips.repeated_frames > 0 {
        let sentence = format!(
            "{} of the frames equal an earlier one of their clip, in {} of {}; {} stand still",
            percent(clips.repeated_frames, clips.frames.sum()),
            grouped(clips.clips_with_repeated),
            counted(clips.clips(), "clip"),
            grouped(clips.still),
        );
        let effect = "equal frames are not held against each other; the default";
        let advice = Advice::set("tasks.mfm.negatives", "\"distinct\"", effect);
        findings.push(Finding::fact(Topic::Clips, sentence).suggesting(Some(advice)));
    }
    findings
}

fn lengths(clips: &ClipNumbers, expected: Option<usize>) -> Finding {
    let (all, frames) = (clips.clips(), &clips.frames);
    let (most, longest) = (frames.quantile(99).unwrap_or(0), frames.quantile(100).unwrap_or(0));
    let shown = spread(frames);
    let Some(expected) = expected.map(|frames| frames as u64) else {
        let advice = Advice::set(KEY, most, "99 % of the clips keep every frame");
        let sentence = format!("{}, {shown} frames each", counted(all, "clip"));
        return Finding::fact(Topic::Clips, sentence).suggesting(Some(advice));
    };
    let (longer, shorter) = (frames.above(expected), frames.below(expected));
    let sentence = format!(
        "{}, {shown} frames each; at `{KEY}` = {expected}, {} are sampled down and {} padded",
        counted(all, "clip"),
        percent(longer, all),
        percent(shorter, all),
    );
    let finding = Finding::fact(Topic::Clips, sentence);
    if many(longer, all) {
        finding.advised(Some(Advice::set(KEY, most, "99 % of the clips keep every frame")))
    } else if longest < expected {
        finding.suggesting(Some(Advice::set(KEY, longest, "no frame is lost, and less padding is computed")))
    } else {
        finding
    }
}
