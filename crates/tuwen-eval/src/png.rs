//! Writes pictures as PNG files that are whole or not there.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use image::codecs::png::{CompressionType, FilterType, PngEncoder};
use image::{ExtendedColorType, ImageEncoder};
use tuwen_vision::Image;

use crate::EvalError;

/// Writes a picture as PNG: to `PATH.partial`, then renamed, so that a file of that name is always whole. Errors: a file
/// that can't be written.
pub fn write_png(path: impl AsRef<Path>, picture: &Image) -> Result<(), EvalError> {
    let path = path.as_ref();
    let mut partial = OsString::from(path);
    partial.push(".partial");
    let partial = PathBuf::from(partial);
    let written = encoded(picture).and_then(|bytes| write_synced(&partial, &bytes));
    written.and_then(|()| fs::rename(&partial, path)).map_err(|source| {
        // The first error is the one to report.
        let _ = fs::remove_file(&partial);
        EvalError::Io { path: path.to_owned(), source }
    })
}

/// A picture as the bytes of a PNG file. Errors: a picture too large for the format.
pub fn png_bytes(picture: &Image) -> Result<Vec<u8>, EvalError> {
    encoded(picture).map_err(|source| EvalError::Io { path: PathBuf::from("PNG"), source })
}

fn encoded(picture: &Image) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    PngEncoder::new_with_quality(&mut bytes, CompressionType::Best, FilterType::Adaptive)
        .write_image(picture.pixels(), picture.width(), picture.height(), ExtendedColorType::Rgb8)
        .map_err(io::Error::other)?;
    Ok(bytes)
}

fn write_synced(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = File::create(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use tuwen_vision::decode_image;

    use super::*;

    #[test]
    fn written_picture_is_read_again_and_nothing_lies_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("grid.png");
        let picture = Image::from_fn(5, 3, |x, y| [x as u8, y as u8, 9]).unwrap();
        fs::write(&path, "an older one").unwrap();
        write_png(&path, &picture).unwrap();
        assert_eq!(decode_image(&fs::read(&path).unwrap()).unwrap(), picture);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn file_that_can_not_be_written_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let taken = folder.path().join("taken.png");
        fs::create_dir(&taken).unwrap();
        let picture = Image::from_fn(1, 1, |_, _| [0; 3]).unwrap();
        for path in [taken, folder.path().join("nowhere").join("grid.png")] {
            let error = write_png(&path, &picture).unwrap_err();
            assert!(matches!(&error, EvalError::Io { .. }) && error.to_string().contains(".png: "), "{error}");
        }
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
