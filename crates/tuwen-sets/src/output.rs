//! Writes lists and pictures into the folder of a set.

use std::fs;
use std::path::{Path, PathBuf};

use image::ExtendedColorType;
use image::codecs::jpeg::JpegEncoder;
use serde_json::Value;
use tuwen_vision::Image;

use crate::SetsError;

/// JPEG quality of composed pictures, high enough that an emoji encoded twice looks the same.
const QUALITY: u8 = 92;

/// A folder to write into.
pub(crate) struct Output(PathBuf);

impl Output {
    /// Takes a folder that is empty or not there yet.
    pub(crate) fn create(folder: &Path) -> Result<Self, SetsError> {
        let io = |source| SetsError::Io { path: folder.to_owned(), source };
        fs::create_dir_all(folder).map_err(io)?;
        if fs::read_dir(folder).map_err(io)?.next().is_some() {
            return Err(SetsError::NotEmpty { path: folder.to_owned() });
        }
        Ok(Self(folder.to_owned()))
    }

    /// Writes a JSON list, one record a line.
    pub(crate) fn list(&self, name: &str, records: &[Value]) -> Result<(), SetsError> {
        let lines: Vec<String> = records.iter().map(Value::to_string).collect();
        self.write(name, format!("[\n{}\n]\n", lines.join(",\n")).as_bytes())
    }

    /// Writes a JSON object a line.
    pub(crate) fn lines(&self, name: &str, records: &[Value]) -> Result<(), SetsError> {
        self.write(name, records.iter().map(|record| format!("{record}\n")).collect::<String>().as_bytes())
    }

    /// Writes any JSON.
    pub(crate) fn json(&self, name: &str, value: &Value) -> Result<(), SetsError> {
        self.write(name, format!("{value}\n").as_bytes())
    }

    /// Writes a picture as JPEG.
    pub(crate) fn picture(&self, name: &str, picture: &Image) -> Result<(), SetsError> {
        let mut bytes = Vec::new();
        JpegEncoder::new_with_quality(&mut bytes, QUALITY)
            .encode(picture.pixels(), picture.width(), picture.height(), ExtendedColorType::Rgb8)
            .map_err(|reason| SetsError::Encode { path: self.0.join(name), reason })?;
        self.write(name, &bytes)
    }

    /// Writes a file, and the folders it lies in.
    pub(crate) fn write(&self, name: &str, bytes: &[u8]) -> Result<(), SetsError> {
        let path = self.0.join(name);
        let folder = path.parent().map(Path::to_owned).unwrap_or_default();
        fs::create_dir_all(&folder).map_err(|source| SetsError::Io { path: folder, source })?;
        fs::write(&path, bytes).map_err(|source| SetsError::Io { path, source })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_with_files_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        Output::create(folder.path()).unwrap().list("a/b.json", &[Value::from(1), Value::from("x")]).unwrap();
        assert_eq!(fs::read_to_string(folder.path().join("a/b.json")).unwrap(), "[\n1,\n\"x\"\n]\n");
        assert!(matches!(Output::create(folder.path()), Err(SetsError::NotEmpty { .. })));
        let blocked = Output::create(&folder.path().join("c")).unwrap();
        fs::write(folder.path().join("c/d"), b"").unwrap();
        assert!(matches!(blocked.write("d/e", b""), Err(SetsError::Io { .. })));
    }
}
