//! Everything that can be wrong with scores, right answers or a grid, one variant per way.

use std::path::PathBuf;

use tuwen_vision::VisionError;

/// What can't be measured or drawn.
#[derive(Debug, thiserror::Error)]
pub enum EvalError {
    /// A matrix without entries.
    #[error("the scores are `{rows}×{columns}`, expected at least `1×1`")]
    NoScores {
        /// Queries.
        rows: usize,
        /// Candidates.
        columns: usize,
    },
    /// A buffer that is not the matrix it should be.
    #[error("`{values}` scores, expected `{rows}×{columns}`")]
    ScoreCount {
        /// Length of the buffer.
        values: usize,
        /// Queries.
        rows: usize,
        /// Candidates.
        columns: usize,
    },
    /// A score by which nothing can be ranked, as from a diverged model.
    #[error("row `{row}`, column `{column}`: the score is `{value}`, expected a finite number")]
    NotFinite {
        /// The query.
        row: usize,
        /// The candidate.
        column: usize,
        /// `NaN` or an infinity.
        value: f32,
    },
    /// Scores and right answers of different numbers of queries or candidates.
    #[error("the scores are `{rows}×{columns}`, expected `{queries}×{candidates}` as the right answers are")]
    Shape {
        /// Rows of the scores.
        rows: usize,
        /// Columns of the scores.
        columns: usize,
        /// Queries with right answers.
        queries: usize,
        /// Candidates they are among.
        candidates: usize,
    },
    /// A query that nothing answers.
    #[error("{kind} `{index}` belongs to no {other}, expected at least one")]
    NoRightAnswer {
        /// `image` or `caption`.
        kind: &'static str,
        /// Which one.
        index: usize,
        /// What it should belong to.
        other: &'static str,
    },
    /// A pair that names what is not there.
    #[error("pair `{pair}` names {kind} `{index}`, expected one below `{count}`")]
    PairIndex {
        /// Which pair.
        pair: usize,
        /// `image` or `caption`.
        kind: &'static str,
        /// Which one.
        index: usize,
        /// How many there are.
        count: usize,
    },
    /// Pairs with more of one side.
    #[error("`{images}` image keys and `{captions}` caption keys, expected one of each per pair")]
    PairKeys {
        /// Image keys.
        images: usize,
        /// Caption keys.
        captions: usize,
    },
    /// No ranks to count.
    #[error("`0` ranks, expected at least `1`")]
    NoRanks,
    /// A query that does not exist.
    #[error("query `{query}` does not exist, expected one below `{queries}`")]
    Query {
        /// The query asked for.
        query: usize,
        /// How many there are.
        queries: usize,
    },
    /// Candidate lists or matching scores for another number of queries.
    #[error("`{lists}` candidate lists and `{scored}` lists of matching scores, expected `{rows}` of each")]
    ListCount {
        /// Lists of candidates.
        lists: usize,
        /// Lists of matching scores.
        scored: usize,
        /// Queries.
        rows: usize,
    },
    /// A candidate without a matching score, or the reverse.
    #[error("row `{row}`: `{candidates}` candidates and `{scores}` matching scores, expected as many")]
    ListLength {
        /// The query.
        row: usize,
        /// Candidates listed.
        candidates: usize,
        /// Matching scores.
        scores: usize,
    },
    /// A candidate that does not exist or is listed twice.
    #[error("row `{row}` lists candidate `{candidate}`, expected different ones below `{columns}`")]
    Candidate {
        /// The query.
        row: usize,
        /// The candidate.
        candidate: usize,
        /// How many there are.
        columns: usize,
    },
    /// A value that has no rank.
    #[error("value `{index}` is `{value}`, expected a finite number")]
    NoNumber {
        /// Which one.
        index: usize,
        /// `NaN` or an infinity.
        value: f32,
    },
    /// Values among which there is no order.
    #[error("all `{count}` {what} are equal, expected some that differ")]
    AllEqual {
        /// What they are.
        what: &'static str,
        /// How many there are.
        count: usize,
    },
    /// A map that can't be laid over a picture.
    #[error("a map has {cells} cells, expected a square number")]
    MapShape {
        /// Its cells.
        cells: usize,
    },
    /// A picture that can't be scaled into its place, or a grid that is too large.
    #[error("the picture can't be drawn: {0}")]
    Picture(#[from] VisionError),
    /// A grid without rows.
    #[error("the grid has `0` rows, expected at least `1`")]
    NoRows,
    /// Two lists that should go together.
    #[error("`{first}` values and `{second}` values, expected one of each a record")]
    Unpaired {
        /// Length of the first.
        first: usize,
        /// Length of the second.
        second: usize,
    },
    /// Nothing to measure on.
    #[error("`0` records, expected at least `1`")]
    NoRecords,
    /// Nothing that can be resampled, or no way to do it.
    #[error(
        "`{count}` records, `{resamples}` resamples and a confidence of `{confidence}`, expected at least one of each and a \
         confidence between 0 and 1"
    )]
    Bootstrap {
        /// Records.
        count: usize,
        /// Resamples.
        resamples: usize,
        /// The share inside the interval.
        confidence: f64,
    },
    /// A measure that is no number on a resample.
    #[error("resample `{resample}` measures `{value}`, expected a finite number")]
    Unmeasured {
        /// Which one.
        resample: usize,
        /// What it measures.
        value: f64,
    },
    /// Numbers that are no feature vectors.
    #[error("`{values}` feature values, expected whole rows of `{width}` and at least one")]
    FeatureCount {
        /// Numbers.
        values: usize,
        /// Length of a row.
        width: usize,
    },
    /// Features that can't be compared.
    #[error("features are `{first}` and `{second}` wide, expected the same")]
    FeatureWidths {
        /// One width.
        first: usize,
        /// The other.
        second: usize,
    },
    /// A feature vector that is zero.
    #[error("feature vector `{row}` has length 0, expected a direction")]
    NoDirection {
        /// Which one.
        row: usize,
    },
    /// A classification among fewer than two classes.
    #[error("`{classes}` classes, expected at least `2`")]
    Classes {
        /// How many there are.
        classes: usize,
    },
    /// A label that names no class.
    #[error("record `{row}` has label `{label}`, expected one below `{classes}`")]
    Label {
        /// The record.
        row: usize,
        /// Its label.
        label: usize,
        /// How many classes there are.
        classes: usize,
    },
    /// No sentence to name a class in.
    #[error("no prompt templates, expected at least one")]
    NoTemplates,
    /// A sentence that does not name its class once.
    #[error("template `{template}`, expected one `{{}}` for the name of a class")]
    Template {
        /// The sentence.
        template: String,
    },
    /// Features of another number of sentences.
    #[error("`{texts}` text features, expected a multiple of the `{templates}` templates")]
    PromptCount {
        /// Features.
        texts: usize,
        /// Sentences of a class.
        templates: usize,
    },
    /// A file that can't be written.
    #[error("{path}: {source}", path = .path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
}
