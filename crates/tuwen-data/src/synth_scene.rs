//! What a synthetic clip shows: one or two shapes, each with a colour and a size, that move or stand still.

use std::collections::BTreeSet;

use tuwen_random::Draws;

use crate::synth_words::{COLOURS, DIRECTIONS, SHAPES, SIZES, SPEEDS, STILL};

/// One shape; the numbers are places in the tables of [`synth_words`](crate::synth_words).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Mover {
    pub(crate) shape: usize,
    pub(crate) colour: usize,
    pub(crate) size: usize,
    /// `None`: it stands still.
    pub(crate) motion: Option<Motion>,
}

/// Where to, and how fast.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Motion {
    pub(crate) direction: usize,
    pub(crate) speed: usize,
}

/// All that a clip shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Scene {
    pub(crate) main: Mover,
    pub(crate) second: Option<Mover>,
}

/// Which combinations of shape, colour and direction may appear.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Combinations {
    /// All but the unseen one of each shape and colour.
    Seen,
    /// The main shape moves in the direction in which training never shows its shape and colour.
    Unseen,
}

/// Of every ten shapes that could stand still, how many do.
const STILL_TENTHS: u64 = 1;
/// Of every ten clips, how many have a second shape.
const SECOND_TENTHS: u64 = 2;
/// Where the draws of the second shape begin.
const SECOND: u64 = 10;
/// Where the draws of a changed scene begin.
const CHANGE: u64 = 20;

/// The one direction in which a shape of that colour is shown only in the held-out set.
pub(crate) const fn unseen_direction(shape: usize, colour: usize) -> usize {
    (shape + 3 * colour) % DIRECTIONS.len()
}

fn place(draws: &Draws, position: u64, length: usize) -> usize {
    draws.below(position, length as u64) as usize
}

/// A place other than `old`.
fn other_place(draws: &Draws, position: u64, length: usize, old: usize) -> usize {
    (old + 1 + place(draws, position, length - 1)) % length
}

impl Mover {
    /// Draws a shape at the six positions from `at`.
    fn drawn(draws: &Draws, at: u64, combinations: Combinations) -> Self {
        let (shape, colour) = (place(draws, at, SHAPES.len()), place(draws, at + 1, COLOURS.len()));
        let size = place(draws, at + 2, SIZES.len());
        let still = combinations == Combinations::Seen && draws.below(at + 3, 10) < STILL_TENTHS;
        let motion = (!still).then(|| Self::drawn_motion(draws, at + 4, (shape, colour), combinations));
        Self { shape, colour, size, motion }
    }

    fn drawn_motion(draws: &Draws, at: u64, (shape, colour): (usize, usize), combinations: Combinations) -> Motion {
        let unseen = unseen_direction(shape, colour);
        let direction = match combinations {
            Combinations::Seen => other_place(draws, at, DIRECTIONS.len(), unseen),
            Combinations::Unseen => unseen,
        };
        Motion { direction, speed: place(draws, at + 1, SPEEDS.len()) }
    }

    /// Whether training may show it.
    pub(crate) fn is_seen(&self) -> bool {
        self.motion.is_none_or(|motion| motion.direction != unseen_direction(self.shape, self.colour))
    }

    /// Turned by one direction where training would not show it.
    fn turned_into_seen(mut self) -> Self {
        if !self.is_seen() {
            self.motion = self
                .motion
                .map(|Motion { direction, speed }| Motion { direction: (direction + 1) % DIRECTIONS.len(), speed });
        }
        self
    }

    /// The attributes with other values, each changed with probability ½.
    fn changed(&self, draws: &Draws, at: u64) -> Self {
        let change = |attribute: u64| draws.below(at + attribute, 2) == 1;
        let mut new = *self;
        if change(0) {
            new.shape = other_place(draws, at + 5, SHAPES.len(), self.shape);
        }
        if change(1) {
            new.colour = other_place(draws, at + 6, COLOURS.len(), self.colour);
        }
        if change(2) {
            new.size = other_place(draws, at + 7, SIZES.len(), self.size);
        }
        let kind = (new.shape, new.colour);
        new.motion = match self.motion {
            None => change(3).then(|| Self::drawn_motion(draws, at + 8, kind, Combinations::Seen)),
            Some(Motion { mut direction, mut speed }) => {
                if change(3) {
                    direction = other_place(draws, at + 8, DIRECTIONS.len(), direction);
                }
                if change(4) {
                    speed = other_place(draws, at + 9, SPEEDS.len(), speed);
                }
                Some(Motion { direction, speed })
            }
        };
        new
    }
}

impl Scene {
    /// Draws a scene at positions below 20. The second shape has another colour, so titles are never ambiguous.
    pub(crate) fn drawn(draws: &Draws, combinations: Combinations) -> Self {
        let main = Mover::drawn(draws, 0, combinations);
        let has_second = draws.below(SECOND - 1, 10) < SECOND_TENTHS;
        let second = has_second.then(|| {
            let mut second = Mover::drawn(draws, SECOND, Combinations::Seen);
            second.colour = other_place(draws, SECOND + 1, COLOURS.len(), main.colour);
            let kind = (second.shape, second.colour);
            second.motion = second.motion.map(|_| Mover::drawn_motion(draws, SECOND + 4, kind, Combinations::Seen));
            second
        });
        Self { main, second }
    }

    /// The scene that its pair shows: half of the time the same, else with a changed main shape. The second shape stays.
    pub(crate) fn paired(&self, draws: &Draws) -> Self {
        if draws.below(CHANGE, 2) == 0 {
            return *self;
        }
        let mut main = self.main.changed(draws, CHANGE + 1);
        if self.second.is_some_and(|second| second.colour == main.colour) {
            main.colour = self.main.colour;
        }
        let main = main.turned_into_seen();
        Self { main, ..*self }
    }

    /// How alike two scenes of a pair are, in tenths: 3 for the same main shape, 3 for its colour, 2 for its direction
    /// (standing still is one), 1 for its size, 1 for its speed.
    pub(crate) fn similarity_tenths(&self, other: &Self) -> u32 {
        let (a, b) = (&self.main, &other.main);
        let direction = |mover: &Mover| mover.motion.map(|motion| motion.direction);
        let speed = |mover: &Mover| mover.motion.map(|motion| motion.speed);
        3 * u32::from(a.shape == b.shape)
            + 3 * u32::from(a.colour == b.colour)
            + 2 * u32::from(direction(a) == direction(b))
            + u32::from(a.size == b.size)
            + u32::from(speed(a) == speed(b))
    }

    /// The shapes, the main one first.
    pub(crate) fn movers(&self) -> impl Iterator<Item = &Mover> {
        std::iter::once(&self.main).chain(&self.second)
    }

    /// Whether all frames are the same.
    pub(crate) fn is_still(&self) -> bool {
        self.movers().all(|mover| mover.motion.is_none())
    }

    /// The tags of all words that describe it, ascending.
    pub(crate) fn tags(&self) -> BTreeSet<u32> {
        let of_one = |mover: &Mover| {
            let how = match mover.motion {
                Some(motion) => [Some(DIRECTIONS[motion.direction].tag), Some(SPEEDS[motion.speed].tag)],
                None => [Some(STILL.tag), None],
            };
            let what = [SHAPES[mover.shape].tag, COLOURS[mover.colour].tag, SIZES[mover.size].tag];
            what.into_iter().chain(how.into_iter().flatten())
        };
        self.movers().flat_map(of_one).collect()
    }
}

#[cfg(test)]
mod tests {
    use tuwen_random::Stream;

    use super::*;

    fn draws(sample: u64) -> Draws {
        Draws::new(3, Stream::named("test"), 0, sample)
    }

    #[test]
    fn training_and_heldout_share_no_combination() {
        for sample in 0..2000 {
            let seen = Scene::drawn(&draws(sample), Combinations::Seen);
            assert!(seen.movers().all(Mover::is_seen), "{seen:?}");
            let pair = seen.paired(&draws(sample));
            assert!(pair.movers().all(Mover::is_seen), "{pair:?}");
            let unseen = Scene::drawn(&draws(sample), Combinations::Unseen);
            assert!(!unseen.main.is_seen() && unseen.second.is_none_or(|second| second.is_seen()), "{unseen:?}");
        }
    }

    #[test]
    fn each_shape_colour_and_direction_is_held_out_somewhere() {
        let held: Vec<_> = (0..5).flat_map(|s| (0..8).map(move |c| (s, c, unseen_direction(s, c)))).collect();
        for direction in 0..8 {
            assert_eq!(held.iter().filter(|(_, _, d)| *d == direction).count(), 5, "40 kinds over 8 directions");
        }
    }

    #[test]
    fn shapes_of_one_clip_differ_in_colour() {
        for sample in 0..2000 {
            let scene = Scene::drawn(&draws(sample), Combinations::Seen);
            for scene in [scene, scene.paired(&draws(sample))] {
                assert!(scene.second.is_none_or(|second| second.colour != scene.main.colour), "{scene:?}");
            }
        }
    }

    #[test]
    fn similarity_counts_shared_attributes() {
        let motion = Some(Motion { direction: 4, speed: 1 });
        let scene = |main| Scene { main, second: None };
        let a = scene(Mover { shape: 1, colour: 2, size: 0, motion });
        assert_eq!(a.similarity_tenths(&a), 3 + 3 + 2 + 1 + 1);
        assert_eq!(a.similarity_tenths(&scene(Mover { colour: 3, ..a.main })), 10 - 3);
        assert_eq!(a.similarity_tenths(&scene(Mover { motion: None, ..a.main })), 10 - 2 - 1);
        let nothing = Mover { shape: 0, colour: 0, size: 1, motion: Some(Motion { direction: 0, speed: 0 }) };
        assert_eq!(a.similarity_tenths(&scene(nothing)), 0);
    }

    #[test]
    fn pairs_cover_the_scores() {
        let scores = (0..2000).map(|sample| {
            let scene = Scene::drawn(&draws(sample), Combinations::Seen);
            scene.similarity_tenths(&scene.paired(&draws(sample)))
        });
        assert_eq!(scores.collect::<BTreeSet<_>>().into_iter().collect::<Vec<_>>(), (0..=10).collect::<Vec<_>>());
    }

    #[test]
    fn tags_name_each_word_once() {
        let main = Mover { shape: 0, colour: 1, size: 2, motion: Some(Motion { direction: 3, speed: 1 }) };
        let second = Mover { shape: 0, colour: 0, size: 2, motion: None };
        let tags = Scene { main, second: Some(second) }.tags();
        assert_eq!(tags.into_iter().collect::<Vec<_>>(), [1001, 1101, 1102, 1203, 1304, 1402, 1403]);
    }
}
