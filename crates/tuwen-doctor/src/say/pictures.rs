//! Sizes of pictures beside the size they become.

use tuwen_data::grouped;

use super::repeats::{Thing, repeated};
use crate::finding::{Advice, Finding, Topic, Weight};
use crate::wording::{percent, spread};
use crate::{Diagnosis, Expectations, PictureNumbers, SideExpectation};

/// The multiple that sides are suggested in without a recipe: the usual patch.
const USUAL_PATCH: u64 = 16;
/// A picture whose longer side is more than so many per cent of the shorter one is called long.
const LONG: u64 = 200;
/// Pictures so many times larger than needed, and of so many pixels a side, cost time at each visit.
const WASTEFUL: u64 = 4;
const SLOW: u64 = 256;

pub(crate) fn pictures(diagnosis: &Diagnosis, expectations: &Expectations) -> Vec<Finding> {
    let mut findings = Vec::new();
    let sizes = &diagnosis.pictures;
    let pictures = sizes.pictures();
    if pictures > 0 {
        let (widths, heights) = (spread(&sizes.widths), spread(&sizes.heights));
        let sentence = format!("{widths} × {heights} pixels");
        findings.push(Finding::fact(Topic::Pictures, sentence));
        let long = sizes.aspects.above(LONG);
        if long > 0 {
            let share = percent(long, pictures);
            let sentence = format!("{share} are more than twice as long as wide, and are squashed into a square");
            findings.push(Finding::fact(Topic::Pictures, sentence));
        }
        // Without a recipe: pictures go to ALBEF, strips of frames to UniBERT.
        let usual = if diagnosis.clips.clips() > 0 { "vision.descriptor.side" } else { "vision.side" };
        findings.extend(side(sizes, expectations.side, usual));
    }
    let (topic, of) = if diagnosis.clips.clips() > 0 { (Topic::Clips, "clips") } else { (Topic::Pictures, "pictures") };
    findings.extend(repeated(topic, (of, "captions"), &diagnosis.visuals, Thing::Visual, expectations));
    findings
}

fn side(sizes: &PictureNumbers, expected: Option<SideExpectation>, usual: &'static str) -> Option<Finding> {
    let (pictures, sides) = (sizes.pictures(), &sizes.shorter_sides);
    // Nine tenths of the pictures have at least this side.
    let reached = sides.quantile(10)?;
    let multiple = expected.map_or(USUAL_PATCH, |side| u64::from(side.multiple_of).max(1));
    let suggested = reached / multiple * multiple;
    let advice = |key| {
        let effect = "the largest that nine tenths of the pictures reach";
        (suggested > 0).then(|| Advice::set(key, suggested, effect))
    };
    let Some(SideExpectation { key, side, .. }) = expected else {
        let sentence = format!("nine tenths have a shorter side of at least {} pixels", grouped(reached));
        return Some(Finding::fact(Topic::Pictures, sentence).suggesting(advice(usual)));
    };
    let side = u64::from(side);
    let enlarged = sides.below(side);
    let median = sides.quantile(50)?;
    if enlarged == 0 && median >= (WASTEFUL * side).max(SLOW) {
        let sentence = format!(
            "the median shorter side is {} pixels, {} times `{key}` = {side}: smaller files would load faster",
            grouped(median),
            median / side.max(1)
        );
        return Some(Finding::new(Topic::Pictures, Weight::Concern, sentence));
    }
    let sentence = format!("{} are smaller than `{key}` = {side} and are enlarged", percent(enlarged, pictures));
    let advised = (10 * enlarged > pictures).then(|| advice(key)).flatten();
    Some(Finding::fact(Topic::Pictures, sentence).advised(advised))
}
