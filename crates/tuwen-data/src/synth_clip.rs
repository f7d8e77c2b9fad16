//! One clip of the synthetic set: a scene filmed once. Each clip is a function of (seed, part, number).

use tuwen_random::{Draws, Stream};

use crate::synth_features::{NOISE_STARTS, Projection};
use crate::synth_picture::{SIDE, VALUES, centre, paint};
use crate::synth_scene::{Combinations, Scene};
use crate::synth_words::titles;
use crate::{Record, Visual};

const SCENE: Stream = Stream::named("synth.scene");
const TAKE: Stream = Stream::named("synth.take");
const WORDING: Stream = Stream::named("synth.wording");

/// The fewest and the most frames of a clip.
pub(crate) const FRAMES: [u64; 2] = [2, 40];
/// Where the draws of the frames' noise begin; before them are the number of frames and the starts of the shapes.
const NOISE: u64 = 8;

/// A part of the set: its clips share neither draws nor ids with another part's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    Train = 1,
    Heldout = 2,
    Pairwise = 3,
}

/// Which clip it is, and what it shows.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clip {
    part: Part,
    number: usize,
    pub(crate) scene: Scene,
}

impl Clip {
    /// Clip `number` of a part whose clips stand alone.
    pub(crate) fn alone(seed: u64, part: Part, number: usize) -> Self {
        let combinations = if part == Part::Heldout { Combinations::Unseen } else { Combinations::Seen };
        Self { part, number, scene: Scene::drawn(&draws(seed, SCENE, part, number), combinations) }
    }

    /// Both clips of pair `number`: the same or a similar scene in two takes.
    pub(crate) fn pair(seed: u64, number: usize) -> [Self; 2] {
        let part = Part::Pairwise;
        let draws = draws(seed, SCENE, part, number);
        let scene = Scene::drawn(&draws, Combinations::Seen);
        [Self { part, number: 2 * number, scene }, Self { part, number: 2 * number + 1, scene: scene.paired(&draws) }]
    }

    /// Digits, as in the QQ set; the first is the part's.
    pub(crate) fn id(&self) -> String {
        format!("{}{:012}", self.part as u64, self.number)
    }

    /// The clip as its file holds it.
    pub(crate) fn record(&self, seed: u64, projection: &Projection) -> Record {
        Record {
            id: self.id(),
            titles: titles(&self.scene, &draws(seed, WORDING, self.part, self.number)),
            tags: Some(self.scene.tags().iter().map(u32::to_string).collect()),
            visual: self.frames(&draws(seed, TAKE, self.part, self.number), projection),
        }
    }

    /// Films the scene. All frames of a scene that stands still are one frame, noise included.
    fn frames(&self, draws: &Draws, projection: &Projection) -> Visual {
        let [fewest, most] = FRAMES;
        let frames = fewest + draws.below(0, most - fewest + 1);
        let start = |axis: u64| (draws.uniform(1 + axis) * SIDE as f64) as f32;
        let starts = [[start(0), start(1)], [start(2), start(3)]];
        let mut values = Vec::with_capacity(frames as usize * projection.width());
        for frame in 0..frames {
            let mut picture = [0.0; VALUES];
            // The second shape lies behind the first.
            for (mover, start) in self.scene.movers().zip(starts).collect::<Vec<_>>().into_iter().rev() {
                paint(&mut picture, mover, centre(mover, start, frame as usize));
            }
            let noise_frame = if self.scene.is_still() { 0 } else { frame };
            let noise_start = draws.below(NOISE + noise_frame, NOISE_STARTS as u64) as usize;
            projection.append(&picture, noise_start, &mut values);
        }
        Visual::Features { values, width: projection.width() }
    }
}

fn draws(seed: u64, stream: Stream, part: Part, number: usize) -> Draws {
    Draws::new(seed, stream, part as u64, number as u64)
}

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;

    use super::*;

    fn frames_of(clip: &Clip) -> Vec<Vec<f32>> {
        static PROJECTION: LazyLock<Projection> = LazyLock::new(|| Projection::new(64, 5));
        match clip.record(5, &PROJECTION).visual {
            Visual::Features { values, width } => values.chunks_exact(width).map(<[f32]>::to_vec).collect(),
            other => panic!("not features: {other:?}"),
        }
    }

    #[test]
    fn frames_are_identical_only_where_nothing_moves() {
        let clips: Vec<Clip> = (0..60).map(|number| Clip::alone(5, Part::Train, number)).collect();
        assert!(clips.iter().any(|clip| clip.scene.is_still()));
        for clip in &clips {
            let frames = frames_of(clip);
            assert!((2..=40).contains(&frames.len()));
            for (at, frame) in frames.iter().enumerate() {
                for later in &frames[at + 1..] {
                    assert_eq!(frame == later, clip.scene.is_still(), "{:?}", clip.scene);
                }
            }
        }
    }

    #[test]
    fn lengths_reach_both_ends() {
        let lengths: Vec<usize> = (0..600).map(|n| frames_of(&Clip::alone(5, Part::Train, n)).len()).collect();
        assert_eq!((lengths.iter().min(), lengths.iter().max()), (Some(&2), Some(&40)));
    }

    #[test]
    fn same_scene_is_filmed_anew_for_its_pair() {
        let pairs = (0..20).map(|number| Clip::pair(5, number));
        let [a, b] = pairs.into_iter().find(|[a, b]| a.scene == b.scene).expect("half of the pairs");
        assert_ne!(a.id(), b.id());
        assert_ne!(frames_of(&a)[0], frames_of(&b)[0]);
        assert_eq!(a.scene.tags(), b.scene.tags());
    }

    #[test]
    fn ids_are_the_parts_own() {
        assert_eq!(Clip::alone(5, Part::Train, 17).id(), "1000000000017");
        assert_eq!(Clip::alone(5, Part::Heldout, 17).id(), "2000000000017");
        assert_eq!(Clip::pair(5, 17).map(|clip| clip.id()), ["3000000000034", "3000000000035"]);
    }

    #[test]
    fn neither_seed_nor_part_repeats_a_clip() {
        let base = frames_of(&Clip::alone(5, Part::Train, 0));
        assert_ne!(base, frames_of(&Clip::alone(5, Part::Train, 1)));
        assert_ne!(base, frames_of(&Clip::alone(5, Part::Heldout, 0)));
        assert_ne!(Clip::alone(5, Part::Train, 0).scene, Clip::alone(6, Part::Train, 0).scene);
    }
}
