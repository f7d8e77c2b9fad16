//! `device`: what there is to compute on.

use super::CommandError;
use crate::device::{DeviceError, DeviceName, Kind, number_formats};

/// Cards that are asked for.
const MOST_CARDS: usize = 16;

pub(super) fn run() -> Result<(), CommandError> {
    for kind in Kind::ALL {
        for index in 0..MOST_CARDS {
            let name = DeviceName { kind, index };
            match name.open() {
                Ok(device) => println!("{:<12}{}", name.to_string(), number_formats(&device).join(", ")),
                // Past the last card there is nothing to say.
                Err(DeviceError::Silent(..)) if index > 0 => break,
                Err(error) => {
                    println!("{:<12}{error}", name.to_string());
                    break;
                }
            }
            if !kind.has_numbers() {
                break;
            }
        }
    }
    Ok(())
}
