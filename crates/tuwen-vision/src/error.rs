//! Everything that can be wrong with a picture or a clip, one variant per way.

/// A picture or a clip that can't be used. The message says fact and expectation; the caller adds file and record.
#[derive(Debug, thiserror::Error)]
pub enum VisionError {
    /// A clip without any frame.
    #[error("the clip has `0` frames, expected at least `1`")]
    NoFrames,
    /// Frames asked for at length 0.
    #[error("frames are sampled to a length of `0`, expected at least `1`")]
    NoLength,
    /// A feature buffer that isn't made of whole frames.
    #[error("the features hold `{values}` values, expected a multiple of the frame width `{width}`")]
    FeatureLength {
        /// Values in the buffer.
        values: usize,
        /// Values of one frame.
        width: usize,
    },
    /// A frame index past the end of the features.
    #[error("frame `{frame}` does not exist, expected an index below `{frames}`")]
    FrameIndex {
        /// The index asked for.
        frame: usize,
        /// How many frames there are.
        frames: usize,
    },
    /// Sampled indices and mask of different length, as `FrameSampling::Seed` gives them one frame above the length.
    #[error("`{indices}` frames were sampled for a mask of `{mask}`, expected as many")]
    SampleLength {
        /// Sampled frames.
        indices: usize,
        /// Entries of the mask.
        mask: usize,
    },
    /// A frame mask that does not fit what it masks.
    #[error("the frame mask has `{mask}` entries, expected `{frames}`")]
    MaskLength {
        /// Entries of the mask.
        mask: usize,
        /// How many frames there are.
        frames: usize,
    },
    /// Too few or too many draws.
    #[error("`{draws}` draws were given for `{frames}` frames, expected one each")]
    DrawCount {
        /// Draws given.
        draws: usize,
        /// How many frames there are.
        frames: usize,
    },
    /// A probability that isn't one.
    #[error("the masking probability is `{0}`, expected a number from `0` to `1`")]
    Probability(f64),
    /// Bytes that no supported picture format begins with.
    #[error("the picture's format is unknown, expected JPEG, PNG, WebP, BMP, GIF or TIFF")]
    UnknownFormat,
    /// A picture that its decoder refuses.
    #[error("the picture can't be decoded: {0}")]
    Decode(#[source] image::ImageError),
    /// A JPEG that stops before its end marker; the missing part would come out grey.
    #[error("the JPEG picture stops after `{bytes}` bytes, expected an end marker (`FF D9`)")]
    TruncatedJpeg {
        /// Length of what is there.
        bytes: usize,
    },
    /// A decoder that stopped by panic. It concerns this picture alone.
    #[error("the picture's decoder failed: {0}")]
    DecoderPanic(String),
    /// A picture without pixels.
    #[error("the picture is `{width}×{height}` pixels, expected at least `1×1`")]
    EmptyImage {
        /// Pixels across.
        width: u32,
        /// Pixels down.
        height: u32,
    },
    /// A picture that would take too much memory, such as a decompression bomb.
    #[error("the picture of `{width}×{height}` pixels takes `{bytes}` bytes, expected at most `{limit}`")]
    TooLarge {
        /// Pixels across.
        width: u32,
        /// Pixels down.
        height: u32,
        /// Bytes it takes decoded.
        bytes: u64,
        /// The most it may take.
        limit: u64,
    },
    /// A pixel buffer that does not fit the picture's size.
    #[error("`{bytes}` bytes of pixels, expected `{width}×{height}×3`")]
    PixelCount {
        /// Length of the buffer.
        bytes: usize,
        /// Pixels across.
        width: u32,
        /// Pixels down.
        height: u32,
    },
    /// Pixel values that do not fit the picture's size.
    #[error("`{values}` pixel values, expected `3×{height}×{width}`")]
    PixelValues {
        /// Length of the buffer.
        values: usize,
        /// Pixels across.
        width: u32,
        /// Pixels down.
        height: u32,
    },
    /// A side that patches do not fill.
    #[error("a side of `{side}` pixels can't be cut into patches of `{patch}`, expected a multiple")]
    PatchSize {
        /// The side in pixels.
        side: u32,
        /// The patch's side in pixels.
        patch: u32,
    },
    /// A strip whose width its frames do not fill.
    #[error("a strip `{width}` pixels wide can't hold `{frames}` frames, expected a multiple")]
    StripWidth {
        /// The strip's width in pixels.
        width: u32,
        /// How many frames it should hold.
        frames: usize,
    },
    /// A part of a picture that is not wholly in it.
    #[error(
        "the part `{}×{}` at `({}, {})` reaches out of the picture of `{width}×{height}` pixels",
        part.width, part.height, part.left, part.top
    )]
    CropOutside {
        /// The part asked for.
        part: crate::CropBox,
        /// The picture's columns.
        width: u32,
        /// The picture's rows.
        height: u32,
    },
    /// A range of areas that no random crop can have.
    #[error("the crop's share of the area is `{low}` to `{high}`, expected a range within `0` to `1`")]
    CropScale {
        /// The smallest share.
        low: f64,
        /// The largest share.
        high: f64,
    },
    /// A strength of augmentation above the scale.
    #[error("the magnitude is `{0}`, expected a number from `0` to `10`")]
    Magnitude(u32),
    /// The probability of an augmentation that isn't one.
    #[error("the probability of an augmentation is `{0}`, expected a number from `0` to `1`")]
    AugmentProbability(f64),
}
