//! Where pictures lie, and whether they are there.

use std::fs;
use std::path::{Component, Path, PathBuf};

use crate::Fault;

/// The folder that image paths start from.
#[derive(Clone, Debug)]
pub struct Images {
    root: PathBuf,
}

impl Images {
    /// Pictures below `root`.
    pub fn below(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    /// Where `image` lies.
    pub fn path(&self, image: &str) -> PathBuf {
        self.root.join(image)
    }

    /// `image`, if it is a file with something in it. Errors: a path that leads out of the root, no file, an empty one.
    pub(crate) fn existing(&self, image: String) -> Result<String, Fault> {
        let inside = |part: Component<'_>| matches!(part, Component::Normal(_) | Component::CurDir);
        if !Path::new(&image).components().all(inside) {
            return Err(Fault::PathEscapes { image });
        }
        let path = self.root.join(&image);
        match fs::metadata(&path) {
            Ok(metadata) if metadata.is_file() && metadata.len() > 0 => Ok(image),
            Ok(metadata) if metadata.is_file() => Err(Fault::EmptyImage { path }),
            _ => Err(Fault::MissingImage { path }),
        }
    }

    /// Width and height of an existing picture by its header. Errors: a header of no known kind.
    pub(crate) fn size(&self, image: &str) -> Result<(u32, u32), Fault> {
        let path = self.root.join(image);
        let broken = |reason| Fault::PictureHeader { path: path.clone(), reason };
        let size = imagesize::size(&path).map_err(broken)?;
        let side = |pixels: usize| u32::try_from(pixels).unwrap_or(u32::MAX);
        Ok((side(size.width), side(size.height)))
    }
}

#[cfg(test)]
mod tests {
    use crate::fixture::Folder;

    #[test]
    fn what_is_no_picture_is_named() {
        let folder = Folder::new();
        folder.file("text.jpg", "no picture");
        let images = folder.images();
        let fault = |image: &str| images.existing(image.to_owned()).unwrap_err().to_string();
        assert_eq!(images.existing("./1.jpg".to_owned()).unwrap(), "./1.jpg");
        assert_eq!(images.size("1.jpg").unwrap(), (100, 50));
        for image in ["../1.jpg", "/etc/hostname", "a/../../b"] {
            let expected = "leads out of the image root, expected a relative path without `..`";
            assert_eq!(fault(image), format!("image `{image}` {expected}"));
        }
        assert!(fault("3.jpg").starts_with("no image file `"));
        assert!(fault(".").starts_with("no image file `"));
        assert!(fault("a\0b").starts_with("no image file `"));
        assert!(fault("empty.jpg").ends_with("empty.jpg` is empty"));
        assert!(images.size("text.jpg").unwrap_err().to_string().contains("text.jpg`: "));
    }
}
