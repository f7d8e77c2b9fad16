//! Bicubic resizing against Pillow's own pixels.

use std::path::Path;

use safetensors::SafeTensors;
use tuwen_vision::{Image, ResizeFilter, resize};

fn image(file: &SafeTensors<'_>, name: &str) -> Image {
    let view = file.tensor(name).unwrap_or_else(|error| panic!("{name}: {error}"));
    let &[height, width, 3] = view.shape() else { panic!("{name} has shape {:?}", view.shape()) };
    Image::new(width as u32, height as u32, view.data().to_vec()).unwrap()
}

#[test]
fn bicubic_is_pillows_to_the_bit() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/golden/image_ops.safetensors");
    let bytes = std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let file = SafeTensors::deserialize(&bytes).unwrap();
    let picture = image(&file, "input/picture");
    for side in [24, 32, 56] {
        let expected = image(&file, &format!("expect/test_resize/{side}"));
        let resized = resize(&picture, side, side, ResizeFilter::Bicubic).unwrap();
        assert!(resized == expected, "side {side}: other pixels");
    }
}
