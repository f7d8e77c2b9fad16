//! The pictures of a folder, an archive or a list, each read when it is asked for.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use tuwen_vision::{Image, decode_image};

use crate::ModelError;
use crate::walk::{At, Entry, in_archive, in_file, in_folder, in_list, is_picture};

/// A larger file is no picture that anybody wants to look at.
const MOST_BYTES: u64 = 256 << 20;

/// Pictures by number. Names and places are known; nothing is decoded before it is asked for.
#[derive(Clone, Debug)]
pub struct Pictures {
    place: PathBuf,
    entries: Vec<Entry>,
}

impl Pictures {
    /// The pictures of a folder and the folders below it (links are not followed), of an uncompressed tar archive, of a
    /// `.txt` list with a path in each line, or a single one.
    ///
    /// # Errors
    /// Nothing there, a place that can't be read, or no picture in it.
    pub fn open(place: &Path) -> Result<Self, ModelError> {
        let ending = place.extension().map(|ending| ending.to_string_lossy().to_lowercase());
        let entries = match ending.as_deref() {
            _ if place.is_dir() => in_folder(place)?,
            Some("tar") => in_archive(place)?,
            Some("txt") => {
                let text = std::fs::read_to_string(place).map_err(|error| ModelError::io(place, error))?;
                in_list(text.lines().map(str::to_string))
            }
            Some(_) if is_picture(&place.to_string_lossy()) => vec![in_file(place.display().to_string())],
            _ => Vec::new(),
        };
        if !place.exists() {
            return Err(ModelError::io(place, std::io::ErrorKind::NotFound.into()));
        }
        if entries.is_empty() {
            return Err(ModelError::NoPictures { path: place.to_path_buf() });
        }
        Ok(Self { place: place.to_path_buf(), entries })
    }

    /// The pictures at these paths, spaces around them and empty ones left out.
    pub fn list(paths: impl IntoIterator<Item = String>) -> Self {
        Self { place: PathBuf::from("-"), entries: in_list(paths.into_iter()) }
    }

    /// The one in this file, whatever it is called.
    pub fn one(path: &Path) -> Self {
        Self { place: path.to_path_buf(), entries: vec![in_file(path.display().to_string())] }
    }

    /// Where they lie.
    pub fn place(&self) -> &Path {
        &self.place
    }

    /// How many there are, unreadable ones included.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// What picture number `number` is called: its path below the folder or in the archive; panics where there is none.
    pub fn name(&self, number: usize) -> &str {
        &self.entries[number].name
    }

    /// A reason against picture number `number` with its name before it, once; panics where there is none.
    pub fn named(&self, number: usize, reason: &str) -> String {
        let name = self.name(number);
        if reason.starts_with(name) { reason.to_string() } else { format!("{name}: {reason}") }
    }

    /// What changes when the picture does.
    pub(crate) fn stamp(&self, number: usize) -> &str {
        &self.entries[number].stamp
    }

    /// Reads picture number `number`; panics where there is none. Errors: a file that can't be read, is too large, or is no
    /// sound picture.
    pub fn read(&self, number: usize) -> Result<Image, ModelError> {
        let Entry { name, .. } = &self.entries[number];
        let bytes = self.bytes(number)?;
        decode_image(&bytes).map_err(|source| ModelError::Picture { name: name.clone(), source })
    }

    fn bytes(&self, number: usize) -> Result<Vec<u8>, ModelError> {
        let Entry { name, at, .. } = &self.entries[number];
        let io = |error| ModelError::io(Path::new(name), error); // an error names no more than the list does
        let (path, offset, length) = match at {
            At::File(path) => {
                let metadata = path.metadata().map_err(io)?;
                // Asked before opening: opening a pipe would wait for a writer.
                if !metadata.is_file() {
                    return Err(io(std::io::Error::other("not a regular file")));
                }
                (path, 0, metadata.len())
            }
            At::Refused(reason) => return Err(io(std::io::Error::other(reason.clone()))),
            At::Part { offset, length } => (&self.place, *offset, *length),
        };
        if length > MOST_BYTES {
            return Err(ModelError::PictureTooLarge { name: name.clone(), bytes: length, most: MOST_BYTES });
        }
        let mut file = File::open(path).map_err(io)?;
        file.seek(SeekFrom::Start(offset)).map_err(io)?;
        let mut bytes = Vec::new();
        file.take(length).read_to_end(&mut bytes).map_err(io)?; // a file that was cut gives what is left of it
        Ok(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn a_folder_is_walked_by_name_and_links_are_passed_over() {
        let folder = tempfile::tempdir().unwrap();
        let outside = tempfile::tempdir().unwrap();
        for name in ["b.PNG", "sub/a.jpg", "notes.txt", ".hidden.png"] {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "x").unwrap();
        }
        fs::write(outside.path().join("secret.png"), "x").unwrap();
        #[cfg(unix)]
        {
            std::os::unix::fs::symlink(outside.path(), folder.path().join("linked")).unwrap();
            std::os::unix::fs::symlink(outside.path().join("secret.png"), folder.path().join("c.png")).unwrap();
        }
        let pictures = Pictures::open(folder.path()).unwrap();
        let names: Vec<&str> = (0..pictures.len()).map(|number| pictures.name(number)).collect();
        assert_eq!(names, ["b.PNG", "sub/a.jpg"]);
        let error = pictures.read(0).unwrap_err().to_string();
        assert!(error.starts_with("b.PNG: "), "{error}");
    }

    #[test]
    fn a_place_without_pictures_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let error = Pictures::open(folder.path()).unwrap_err().to_string();
        assert!(error.contains(": no picture there, expected a folder of"), "{error}");
        let nowhere = folder.path().join("nowhere");
        assert!(Pictures::open(&nowhere).unwrap_err().to_string().starts_with(&nowhere.display().to_string()));
    }

    #[test]
    fn a_single_path_is_taken_as_it_stands() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(" a.png ");
        fs::write(&path, "no picture").unwrap();
        let picture = Pictures::one(&path);
        assert_eq!((picture.len(), picture.bytes(0).unwrap()), (1, b"no picture".to_vec()));
        for nowhere in ["", " "] {
            let error = Pictures::one(Path::new(nowhere)).read(0).unwrap_err();
            assert!(matches!(error, ModelError::Io { .. }), "{error}");
        }
    }

    #[test]
    fn a_picture_that_is_gone_is_named_as_in_the_list() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("a.png"), "x").unwrap();
        let pictures = Pictures::open(folder.path()).unwrap();
        fs::remove_file(folder.path().join("a.png")).unwrap();
        let error = pictures.read(0).unwrap_err().to_string();
        assert!(error.starts_with("a.png: "), "{error}");
        assert_eq!(pictures.named(0, &error), error);
        assert_eq!(pictures.named(0, "no embedding"), "a.png: no embedding");
    }

    #[test]
    fn an_archive_is_read_in_parts() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pictures.tar");
        let mut archive = tar::Builder::new(fs::File::create(&path).unwrap());
        for (name, content) in [("../a.png", "no picture"), ("a.json", "{}")] {
            let mut header = tar::Header::new_ustar();
            header.as_ustar_mut().unwrap().name[..name.len()].copy_from_slice(name.as_bytes());
            header.set_size(content.len() as u64);
            header.set_cksum();
            archive.append(&header, content.as_bytes()).unwrap();
        }
        archive.finish().unwrap();
        let pictures = Pictures::open(&path).unwrap();
        assert_eq!((pictures.len(), pictures.name(0)), (1, "../a.png")); // a name, not a place
        assert_eq!(pictures.bytes(0).unwrap(), b"no picture");
    }
}
