//! Boxes in pictures, as COCO has them: `[x, y, width, height]` from the top left corner, in pixels.

use std::fmt;

use serde_json::Value;

use crate::Fault;
use crate::fields::wrong_kind;

/// A box in a picture, in pixels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BoundingBox {
    /// From the left edge of the picture.
    pub x: f64,
    /// From the top edge of the picture.
    pub y: f64,
    /// Across.
    pub width: f64,
    /// Down.
    pub height: f64,
}

/// Annotators and detectors round; so much a box may reach out of its picture, in pixels.
const ROUNDING: f64 = 1.0;

impl BoundingBox {
    /// The first four numbers of a list; detectors append a class and a score.
    pub(crate) fn read(field: &'static str, value: &Value) -> Result<Self, Fault> {
        let list = value.as_array().ok_or_else(|| wrong_kind(field, value, "a list of four numbers"))?;
        if list.len() < 4 {
            return Err(Fault::Length { field, found: list.len(), expected: 4 });
        }
        let number = |at: usize| list[at].as_f64().ok_or_else(|| wrong_kind(field, &list[at], "a number"));
        Ok(Self { x: number(0)?, y: number(1)?, width: number(2)?, height: number(3)? })
    }

    /// Checks that the box has an area and lies in a picture of that width and height.
    pub(crate) fn within(self, (width, height): (u32, u32)) -> Result<Self, Fault> {
        if !(self.width > 0.0 && self.height > 0.0) {
            return Err(Fault::NoArea { bounds: self });
        }
        let (right, bottom) = (self.x + self.width, self.y + self.height);
        let inside = self.x >= -ROUNDING
            && self.y >= -ROUNDING
            && right <= f64::from(width) + ROUNDING
            && bottom <= f64::from(height) + ROUNDING;
        if inside { Ok(self) } else { Err(Fault::BoxOutside { bounds: self, width, height }) }
    }
}

impl fmt::Display for BoundingBox {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "[{}, {}, {}, {}]", self.x, self.y, self.width, self.height)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<BoundingBox, String> {
        let value = serde_json::from_str(text).unwrap();
        let read = BoundingBox::read("bbox", &value).and_then(|bounds| bounds.within((100, 50)));
        read.map_err(|fault| fault.to_string())
    }

    #[test]
    fn boxes_lie_in_their_picture() {
        let bounds = BoundingBox { x: 1.0, y: 2.5, width: 10.0, height: 20.0 };
        assert_eq!(read("[1, 2.5, 10, 20, 3, 0.9]"), Ok(bounds));
        assert!(read("[0, 0, 100.5, 50]").is_ok() && read("[-0.5, 0, 100, 51]").is_ok());
        assert_eq!(read("[90, 0, 20, 10]").unwrap_err(), "box [90, 0, 20, 10] reaches out of the picture of 100 × 50");
        for outside in ["[-2, 0, 10, 10]", "[0, 45, 10, 10]", "[0, -2, 10, 10]", "[0, 0, 1e308, 10]"] {
            assert!(read(outside).unwrap_err().contains("reaches out of the picture"), "{outside}");
        }
    }

    #[test]
    fn what_is_no_box_is_named() {
        assert_eq!(read("[1, 2, 0, 4]").unwrap_err(), "box [1, 2, 0, 4] has no area");
        assert_eq!(read("[1, 2, 3, -4]").unwrap_err(), "box [1, 2, 3, -4] has no area");
        assert_eq!(read("[1, 2, 3]").unwrap_err(), "`bbox` has `3` entries, expected `4`");
        assert_eq!(read("[1, 2, 3, \"4\"]").unwrap_err(), "`bbox` is a text, expected a number");
        assert_eq!(read("{}").unwrap_err(), "`bbox` is an object, expected a list of four numbers");
    }
}
