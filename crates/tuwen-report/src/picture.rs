//! The pictures of a run's folder, as data the page carries in itself.

use std::path::{Component, Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::ReportError;

/// A picture file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Picture {
    pub(crate) path: PathBuf,
    /// Its file name without ending.
    pub(crate) title: String,
}

/// The pictures that lie in `folder` itself, by name.
pub(crate) fn pictures(folder: &Path) -> Result<Vec<Picture>, ReportError> {
    let entries = std::fs::read_dir(folder).map_err(|source| ReportError::Io { path: folder.to_owned(), source })?;
    let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    paths.retain(|path| path.is_file() && media_type(path).is_some());
    paths.sort();
    let title = |path: &PathBuf| path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
    Ok(paths.into_iter().map(|path| Picture { title: title(&path), path }).collect())
}

/// The path of the picture that a file of the run calls `name`; none if it lies outside of the run's folder.
pub(crate) fn within(folder: &Path, name: &str) -> Option<PathBuf> {
    let inside = Path::new(name).components().all(|part| matches!(part, Component::Normal(_)));
    inside.then(|| folder.join(name))
}

/// How many bytes of pictures a page may carry, and how many are left.
#[derive(Debug)]
pub(crate) struct Budget {
    left: u64,
}

impl Budget {
    pub(crate) fn new(bytes: u64) -> Self {
        Self { left: bytes }
    }

    /// The picture as a `data:` address, or why the page is without it.
    pub(crate) fn embed(&mut self, path: &Path) -> Result<String, String> {
        let media_type = media_type(path).ok_or("not a picture, expected PNG, JPEG, WebP or GIF")?;
        let size = path.metadata().map_err(|error| error.to_string())?.len();
        let encoded = size.div_ceil(3) * 4;
        if encoded > self.left {
            return Err(format!("left out, its {} kB would make the page too large", size.div_ceil(1000)));
        }
        let bytes = std::fs::read(path).map_err(|error| error.to_string())?;
        self.left -= encoded;
        Ok(format!("data:{media_type};base64,{}", STANDARD.encode(bytes)))
    }
}

fn media_type(path: &Path) -> Option<&'static str> {
    match path.extension()?.to_str()?.to_ascii_lowercase().as_str() {
        "png" => Some("image/png"),
        "jpg" | "jpeg" => Some("image/jpeg"),
        "webp" => Some("image/webp"),
        "gif" => Some("image/gif"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_becomes_an_address_until_the_budget_is_spent() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("grid.png"), b"abc").unwrap();
        std::fs::write(folder.path().join("notes.txt"), b"abc").unwrap();
        let found = pictures(folder.path()).unwrap();
        assert_eq!((found.len(), found[0].title.as_str()), (1, "grid"));
        let mut budget = Budget::new(7); // `abc` is four characters in base64
        assert_eq!(budget.embed(&found[0].path).unwrap(), "data:image/png;base64,YWJj");
        assert_eq!(budget.embed(&found[0].path).unwrap_err(), "left out, its 1 kB would make the page too large");
    }

    #[test]
    fn a_name_that_leads_out_of_the_run_is_no_picture_of_it() {
        let folder = Path::new("run");
        assert_eq!(within(folder, "samples/1.png"), Some(PathBuf::from("run/samples/1.png")));
        assert_eq!(within(folder, "../secret.png"), None);
        assert_eq!(within(folder, "/etc/secret.png"), None);
    }
}
