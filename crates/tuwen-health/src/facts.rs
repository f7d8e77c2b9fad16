//! What the monitors have to know of a run beside its steps.

/// Facts about a run. What is absent is not watched.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Facts {
    /// Steps of the run.
    pub total_steps: u64,
    /// B: records a batch.
    pub batch_size: usize,
    /// Share of true pairs among those that matching sees.
    pub matches: Option<f64>,
    /// V: entries of the vocabulary that masked words are told from.
    pub vocabulary: Option<usize>,
    /// Entropy of the training tokens one by one, in nats.
    pub unigram_entropy: Option<f64>,
    /// How many tokens are to be masked.
    pub word_masking: Option<Rate>,
    /// How many frames are to be masked.
    pub frame_masking: Option<Rate>,
    /// Where τ is kept.
    pub temperature_range: Option<[f64; 2]>,
    /// Standard deviations of the first weights.
    pub initial_scales: Vec<InitialScale>,
    /// Worker threads of the loader.
    pub workers: usize,
}

/// How much is to be masked, and where the recipe says so.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rate {
    /// The recipe's key.
    pub key: &'static str,
    /// Its value.
    pub value: f64,
    /// The share that is masked by it.
    pub share: f64,
}

/// What is compared of the records of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compared {
    /// Features in the shared space.
    Features,
    /// States of the encoder.
    States,
}

/// How widely a part's first weights were drawn.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct InitialScale {
    /// The observation of how alike this part's features are, such as `"text_similarity"`.
    pub observed: &'static str,
    /// What these are.
    pub compared: Compared,
    /// What has these features, such as `"captions"`.
    pub of: &'static str,
    /// The recipe's key.
    pub key: &'static str,
    /// The standard deviation.
    pub range: f64,
    /// H: the width of the layers, which 1/√H belongs to.
    pub width: usize,
    /// What to try instead of other first weights where they were not drawn, but taken from elsewhere.
    pub taken: Option<&'static str>,
}

impl InitialScale {
    /// The name of its series in a window.
    pub(crate) fn series(&self) -> String {
        format!("observed/{}", self.observed)
    }
}
