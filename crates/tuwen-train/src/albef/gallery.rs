//! Held-out pictures and captions for retrieval: every picture once, every caption of one language.

use std::collections::BTreeMap;

use tuwen_data::Record;
use tuwen_eval::{EvalError, Relevance};
use tuwen_text::TextInput;
use tuwen_vision::{Image, PixelPlanes, TestTransform};

use super::ExampleMaker;
use super::example::{image_key, key_of, picture_of, text_of};

/// A picture.
#[derive(Clone, Debug)]
pub struct Picture {
    /// As it is shown.
    pub image: Image,
    /// `[3 · R · R]`; the device normalises them.
    pub pixels: PixelPlanes,
    pub(crate) key: u64,
}

/// A caption.
#[derive(Clone, Debug)]
pub struct Caption {
    /// As it stands in the file.
    pub text: String,
    /// As the encoder reads it.
    pub input: TextInput,
    /// Its picture.
    pub picture: usize,
    pub(crate) key: u64,
}

/// Pictures with the captions of each language.
#[derive(Clone, Debug, Default)]
pub struct Gallery {
    /// Each once, in the order of the records.
    pub pictures: Vec<Picture>,
    /// By language, in the order of the recipe.
    pub captions: Vec<(String, Vec<Caption>)>,
    numbers: BTreeMap<u64, usize>,
}

impl Gallery {
    /// Without a picture, for these languages.
    pub fn new(languages: &[String]) -> Self {
        let captions = languages.iter().map(|language| (language.clone(), Vec::new())).collect();
        Self { captions, ..Self::default() }
    }

    /// Adds a record: its picture unless an equal one is there, its captions in the gallery's languages. A record that
    /// can't be read adds nothing.
    pub fn add(&mut self, record: &Record, maker: &ExampleMaker) -> Result<(), String> {
        let image = picture_of(&record.visual)?;
        let key = image_key(&image);
        let mut found = Vec::new();
        for title in &record.titles {
            for (place, (language, _)) in self.captions.iter().enumerate() {
                if *language == title.language {
                    let input = maker.encode(&title.text).map_err(text_of)?;
                    found.push((place, title.text.clone(), input));
                }
            }
        }
        let picture = match self.numbers.get(&key) {
            Some(&number) => number,
            None => {
                let test = TestTransform { side: maker.transform.side, normalisation: maker.transform.normalisation };
                let pixels = test.planes(&image).map_err(text_of)?;
                self.numbers.insert(key, self.pictures.len());
                self.pictures.push(Picture { image, pixels, key });
                self.pictures.len() - 1
            }
        };
        for (place, text, input) in found {
            let key = key_of(&input.input_ids);
            self.captions[place].1.push(Caption { text, input, picture, key });
        }
        Ok(())
    }

    /// Which pictures and captions of language number `language` belong together. Errors: a picture without a caption in
    /// that language.
    pub fn relevance(&self, language: usize) -> Result<Relevance, EvalError> {
        let captions = &self.captions[language].1;
        let picture_keys: Vec<u64> = self.pictures.iter().map(|picture| picture.key).collect();
        let caption_keys: Vec<u64> = captions.iter().map(|caption| caption.key).collect();
        let pairs: Vec<(usize, usize)> = captions.iter().enumerate().map(|(i, caption)| (caption.picture, i)).collect();
        Relevance::from_keys(&picture_keys, &caption_keys, &pairs)
    }
}
