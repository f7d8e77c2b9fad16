//! Everything counted of one set, record after record.

use std::collections::BTreeMap;

use tuwen_data::DataError;

use super::captions::Captions;
use super::clips::ClipNumbers;
use super::occurrences::Occurrences;
use super::pictures::PictureNumbers;
use super::tags::Tags;
use super::unreadable::UnreadableNumbers;
use crate::digest::Digest;
use crate::fingerprint::Fingerprint;

/// Counts, fingerprints and record numbers: what a record adds does not grow with its size.
#[derive(Debug, Default)]
pub(crate) struct Census {
    pub(crate) readable: u64,
    pub(crate) unreadable: UnreadableNumbers,
    pub(crate) visuals: Occurrences,
    pub(crate) captions: BTreeMap<String, Captions>,
    pub(crate) pictures: PictureNumbers,
    pub(crate) clips: ClipNumbers,
    pub(crate) tags: Tags,
}

impl Census {
    /// Counts record number `record`. Records come in ascending order.
    pub(crate) fn add(&mut self, record: u64, digest: Result<Digest, DataError>, special_tokens: usize) {
        let digest = match digest {
            Ok(digest) => digest,
            Err(error) => return self.unreadable.add(&error),
        };
        self.readable += 1;
        let visual = digest.visual;
        let captions = Fingerprint::of(digest.captions.iter().map(|caption| caption.fingerprint.as_ref()));
        self.visuals.add(visual.fingerprint, record, captions);
        if let Some(size) = visual.size {
            self.pictures.add(size);
        }
        if let Some(frames) = visual.frames {
            self.clips.add(frames);
        }
        for caption in digest.captions {
            let captions = self.captions.entry(caption.language.clone()).or_default();
            captions.add(caption, record, visual.fingerprint, special_tokens);
        }
        self.tags.add(digest.tags);
    }

    /// Records looked at.
    pub(crate) fn examined(&self) -> u64 {
        self.readable + self.unreadable.records
    }
}
