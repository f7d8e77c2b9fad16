//! The momentum features of earlier batches, as a ring: the newest take the place of the oldest.

use burn::tensor::{Device, Tensor, TensorData};
use tuwen_random::{Draws, Stream};

use crate::PairKeys;

/// The stream of [`FeatureQueue::random`]'s draws.
pub const QUEUE_START: Stream = Stream::named("ita.queue_start");

/// Why stored parts make no queue.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum QueueError {
    /// Images, texts and keys aren't as many.
    #[error("ita queue: `{image}` image rows, `{text}` text rows and `{keys}` keys, expected the same number of each")]
    Lengths {
        /// Rows of the images.
        image: usize,
        /// Rows of the texts.
        text: usize,
        /// Entries of the keys.
        keys: usize,
    },
    /// Image and text features differ in size.
    #[error("ita queue: image features of `{image}` numbers and text features of `{text}`, expected the same size")]
    Sizes {
        /// Of an image.
        image: usize,
        /// Of a text.
        text: usize,
    },
    /// No place for any entry.
    #[error("ita queue: no rows, expected room for at least 1 entry")]
    NoRows,
    /// The next place isn't in the queue.
    #[error("ita queue: pointer `{pointer}`, expected below `{capacity}`")]
    Pointer {
        /// Where the next entry would go.
        pointer: usize,
        /// How many there is room for.
        capacity: usize,
    },
    /// Entries aren't those in front of the pointer.
    #[error(
        "ita queue: `{valid}` entries of `{capacity}` with pointer `{pointer}`, expected all or as many as the pointer"
    )]
    Valid {
        /// How many places hold an entry.
        valid: usize,
        /// How many places there are.
        capacity: usize,
        /// Where the next entry would go.
        pointer: usize,
    },
}

/// All that a queue is, as a checkpoint holds it.
#[derive(Clone, Debug)]
pub struct QueueParts {
    /// `[Q, E]`: an image feature in each place.
    pub image: Tensor<2>,
    /// `[Q, E]`: a text feature in each place.
    pub text: Tensor<2>,
    /// `Q` long: whose they are; `None` equals nothing.
    pub keys: Vec<Option<PairKeys>>,
    /// The place of the next entry.
    pub pointer: usize,
    /// How many places hold an entry: all, or the first `pointer` of them.
    pub valid: usize,
}

/// Up to `Q` pairs of momentum features, outside of autodiff.
#[derive(Clone, Debug)]
pub struct FeatureQueue(QueueParts);

impl FeatureQueue {
    /// A queue without entries.
    ///
    /// # Panics
    /// If it has no capacity.
    pub fn empty(capacity: usize, embedding_size: usize, device: &Device) -> Self {
        assert!(capacity > 0, "a queue with room for an entry");
        let device = device.clone().inner();
        let rows = || Tensor::zeros([capacity, embedding_size], &device);
        Self(QueueParts { image: rows(), text: rows(), keys: vec![None; capacity], pointer: 0, valid: 0 })
    }

    /// A queue full of random directions that equal nothing, as the seed starts: `Draws::new(seed, QUEUE_START, 0, 0)`.
    ///
    /// # Panics
    /// If it has no capacity.
    pub fn random(capacity: usize, embedding_size: usize, draws: &Draws, device: &Device) -> Self {
        let Self(mut parts) = Self::empty(capacity, embedding_size, device);
        let count = (capacity * embedding_size) as u64;
        parts.image = unit_normal_rows([capacity, embedding_size], draws, 0, &parts.image.device());
        parts.text = unit_normal_rows([capacity, embedding_size], draws, count, &parts.text.device());
        parts.valid = capacity;
        Self(parts)
    }

    /// A queue from a checkpoint.
    ///
    /// # Errors
    /// [`QueueError`], a variant for each thing that doesn't fit.
    pub fn from_parts(parts: QueueParts) -> Result<Self, QueueError> {
        let ([image, image_size], [text, text_size], keys) = (parts.image.dims(), parts.text.dims(), parts.keys.len());
        let (capacity, pointer, valid) = (keys, parts.pointer, parts.valid);
        if image != keys || text != keys {
            return Err(QueueError::Lengths { image, text, keys });
        }
        if image_size != text_size {
            return Err(QueueError::Sizes { image: image_size, text: text_size });
        }
        if capacity == 0 {
            return Err(QueueError::NoRows);
        }
        if pointer >= capacity {
            return Err(QueueError::Pointer { pointer, capacity });
        }
        if valid != capacity && valid != pointer {
            return Err(QueueError::Valid { valid, capacity, pointer });
        }
        Ok(Self(QueueParts { image: parts.image.inner(), text: parts.text.inner(), ..parts }))
    }

    /// All that the queue is, for a checkpoint.
    pub fn parts(&self) -> &QueueParts {
        &self.0
    }

    /// `[valid, E]`: image features in the order of their places.
    pub fn image(&self) -> Tensor<2> {
        self.image_newest(self.len())
    }

    /// `[valid, E]`: text features in the order of their places.
    pub fn text(&self) -> Tensor<2> {
        self.text_newest(self.len())
    }

    /// Whose the entries are, in the order of their places.
    pub fn keys(&self) -> &[Option<PairKeys>] {
        &self.0.keys[..self.0.valid]
    }

    /// `[min(n, valid), E]`: image features of the `n` newest entries, in the order of their places.
    pub fn image_newest(&self, n: usize) -> Tensor<2> {
        rows_at(&self.0.image, self.newest(n))
    }

    /// `[min(n, valid), E]`: text features of the `n` newest entries, in the order of their places.
    pub fn text_newest(&self, n: usize) -> Tensor<2> {
        rows_at(&self.0.text, self.newest(n))
    }

    /// Whose the `n` newest entries are, in the order of their places.
    pub fn keys_newest(&self, n: usize) -> Vec<Option<PairKeys>> {
        let [low, high] = self.newest(n).map(|(start, end)| &self.0.keys[start..end]);
        [low, high].concat()
    }

    /// How many entries there are.
    pub fn len(&self) -> usize {
        self.0.valid
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.valid == 0
    }

    /// How many entries there is room for, `Q`.
    pub fn capacity(&self) -> usize {
        self.0.keys.len()
    }

    /// The place of the next entry.
    pub fn pointer(&self) -> usize {
        self.0.pointer
    }

    /// Whether such a batch pushes out part of itself: worth a warning.
    pub fn is_smaller_than(&self, batch: usize) -> bool {
        self.capacity() < batch
    }

    /// Takes a batch of any size over the oldest entries; of more than `Q` the last `Q` stay.
    ///
    /// # Panics
    /// If features and keys aren't as many, or of another size than the queue's.
    pub fn enqueue(
        &mut self,
        image: Tensor<2>, // [B, E]
        text: Tensor<2>,  // [B, E]
        keys: &[PairKeys],
    ) {
        let (batch, capacity, [_, size]) = (keys.len(), self.capacity(), self.0.image.dims());
        assert_eq!([image.dims(), text.dims()], [[batch, size]; 2], "features of {size} numbers for each key");
        let kept = batch.min(capacity);
        let start = (self.0.pointer + batch - kept) % capacity;
        let before_the_end = kept.min(capacity - start);
        // (place, first row, rows): up to the end of the ring, then from its beginning.
        let pieces = [(start, 0, before_the_end), (0, before_the_end, kept - before_the_end)];
        for (place, first, count) in pieces.map(|(place, first, count)| (place, batch - kept + first, count)) {
            if count > 0 {
                write(&mut self.0.image, place, image.clone().narrow(0, first, count).inner());
                write(&mut self.0.text, place, text.clone().narrow(0, first, count).inner());
                let keys = keys[first..first + count].iter().copied().map(Some);
                self.0.keys.splice(place..place + count, keys);
            }
        }
        self.0.valid = (self.0.valid + batch).min(capacity);
        self.0.pointer = (self.0.pointer + batch) % capacity;
    }

    /// The places of the `n` newest entries: two ranges, the lower first, either may be empty.
    fn newest(&self, n: usize) -> [(usize, usize); 2] {
        let QueueParts { pointer, valid, .. } = self.0;
        if n >= valid {
            return [(0, valid), (valid, valid)];
        }
        let (low, high) = (n.min(pointer), n.saturating_sub(pointer));
        [(pointer - low, pointer), (self.capacity() - high, self.capacity())]
    }
}

fn rows_at(rows: &Tensor<2>, ranges: [(usize, usize); 2]) -> Tensor<2> {
    let [low, high] = ranges.map(|(start, end)| rows.clone().slice(start..end));
    // One piece is a view of the queue, not a copy.
    if high.dims()[0] == 0 { low } else { Tensor::cat(vec![low, high], 0) }
}

/// Writes in place where nobody else holds the tensor.
fn write(rows: &mut Tensor<2>, place: usize, values: Tensor<2>) {
    let placeholder = Tensor::empty([0, 0], &rows.device());
    let [count, size] = values.dims();
    *rows = std::mem::replace(rows, placeholder).slice_assign([place..place + count, 0..size], values);
}

fn unit_normal_rows([rows, size]: [usize; 2], draws: &Draws, first: u64, device: &Device) -> Tensor<2> {
    let mut values = Vec::with_capacity(rows * size);
    for row in 0..rows as u64 {
        let normal: Vec<f64> = (0..size as u64).map(|i| draws.normal(first + row * size as u64 + i)).collect();
        let length = normal.iter().map(|x| x * x).sum::<f64>().sqrt();
        values.extend(normal.iter().map(|x| (x / length) as f32));
    }
    Tensor::from_data(TensorData::new(values, [rows, size]), device)
}

#[cfg(test)]
#[path = "queue_tests.rs"]
mod tests;
