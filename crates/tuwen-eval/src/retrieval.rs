//! The table that retrieval is reported by: recall in both directions, beside chance.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{EvalError, Ranks, Relevance, RightAnswers, Scores, Ties, chance_recall, ranks};

/// The numbers of first answers that recall is reported for.
pub const RECALL_AT: [usize; 3] = [1, 5, 10];

/// One direction of retrieval; shares are in per cent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RetrievalRow {
    /// Recall at each of [`RECALL_AT`].
    pub recall: [f64; 3],
    /// What a random order is expected to reach at each of [`RECALL_AT`].
    pub chance: [f64; 3],
    /// The median place of the best right answer, counted from 1.
    pub median_rank: f64,
    /// How many queries were asked.
    pub queries: usize,
    /// Among how many candidates the answers are.
    pub candidates: usize,
}

/// Retrieval in both directions.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RetrievalTable {
    /// From images to captions (text retrieval).
    pub i2t: RetrievalRow,
    /// From captions to images (image retrieval).
    pub t2i: RetrievalRow,
    /// The mean of the six recalls, in per cent.
    pub mean_recall: f64,
}

impl RetrievalRow {
    /// One direction, from its ranks and what is right in it. Errors: another number of ranks than of queries.
    pub fn new(ranks: &Ranks, right: &RightAnswers) -> Result<Self, EvalError> {
        let (rows, columns, queries, candidates) =
            (ranks.as_slice().len(), right.candidates(), right.queries(), right.candidates());
        if rows != queries {
            return Err(EvalError::Shape { rows, columns, queries, candidates });
        }
        Ok(Self {
            recall: RECALL_AT.map(|k| ranks.recall_at(k)),
            chance: RECALL_AT.map(|k| chance_recall(right, k)),
            median_rank: ranks.median(),
            queries,
            candidates,
        })
    }

    /// The mean of the three recalls, in per cent.
    pub fn mean_recall(&self) -> f64 {
        self.recall.iter().sum::<f64>() / 3.0
    }
}

impl RetrievalTable {
    /// The table of two score matrices: images by captions and captions by images. Errors: a matrix of another shape than
    /// the right answers are.
    pub fn new(i2t: &Scores, t2i: &Scores, relevance: &Relevance, ties: Ties) -> Result<Self, EvalError> {
        let i2t = RetrievalRow::new(&ranks(i2t, relevance.i2t(), ties)?, relevance.i2t())?;
        let t2i = RetrievalRow::new(&ranks(t2i, relevance.t2i(), ties)?, relevance.t2i())?;
        Ok(Self { mean_recall: (i2t.mean_recall() + t2i.mean_recall()) / 2.0, i2t, t2i })
    }
}

impl fmt::Display for RetrievalTable {
    /// Four lines: the two directions, each with the chance below it in the same columns, under a line of names.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(out, "{:<15} {:>6} {:>6} {:>6} {:>8} {:>8}", "", "R@1", "R@5", "R@10", "median", "of")?;
        for (name, row) in [("image to text", &self.i2t), ("text to image", &self.t2i)] {
            let ([r1, r5, r10], [c1, c5, c10]) = (row.recall, row.chance);
            writeln!(out, "{name:<15} {r1:>6.2} {r5:>6.2} {r10:>6.2} {:>8.1} {:>8}", row.median_rank, row.candidates)?;
            writeln!(out, "{:<15} {c1:>6.2} {c5:>6.2} {c10:>6.2}", "  chance")?;
        }
        write!(out, "{:<15} {:>6.2}", "mean of six", self.mean_recall)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Image i owns captions 2i and 2i + 1; ranks from 0 of images: 0, 1, 5, 6; of captions: see each column.
    #[rustfmt::skip]
    const I2T: [f32; 32] = [
        9.0, 0.0,  1.0, 2.0,  3.0, 4.0,  5.0, 6.0,
        9.0, 0.0,  8.0, 2.0,  3.0, 4.0,  5.0, 6.0,
        8.0, 7.0,  6.0, 5.0,  1.0, 3.0,  4.0, 2.0,
        8.0, 7.0,  6.0, 5.0,  4.0, 3.0,  2.0, 1.0,
    ];

    fn table() -> RetrievalTable {
        let i2t = Scores::new(4, 8, I2T.to_vec()).unwrap();
        RetrievalTable::new(&i2t, &i2t.transposed(), &Relevance::consecutive(&[2; 4]).unwrap(), Ties::Pessimistic)
            .unwrap()
    }

    #[test]
    fn matrix_of_four_images_and_eight_captions() {
        let table = table();
        // Ranks 0, 1, 5, 6 and, column by column, 1 (a tie), 3 (a tie); 0, 3 (a tie); 3, 3 (a tie); 3, 3.
        assert_eq!(table.i2t.recall, [25.0, 50.0, 100.0]);
        assert_eq!(table.t2i.recall, [100.0 / 8.0, 100.0, 100.0]);
        assert_eq!((table.i2t.median_rank, table.t2i.median_rank), ((2.0 + 6.0) / 2.0, 4.0));
        assert_eq!(table.mean_recall, (25.0 + 50.0 + 100.0 + 12.5 + 100.0 + 100.0) / 6.0);
        assert_eq!(table.t2i.chance, [25.0, 100.0, 100.0]);
        // 1 − C(6,5)/C(8,5) = 1 − 6/56; ten of eight is all of them.
        assert!((table.i2t.chance[1] - 100.0 * 50.0 / 56.0).abs() < 1e-9 && table.i2t.chance[2] == 100.0);
        assert_eq!((table.i2t.queries, table.i2t.candidates, table.t2i.queries), (4, 8, 8));
    }

    #[test]
    fn table_is_written_and_read_again() {
        let text = serde_json::to_string(&table()).unwrap();
        assert_eq!(serde_json::from_str::<RetrievalTable>(&text).unwrap(), table());
    }

    #[test]
    fn printed_table_has_chance_below_recall() {
        let printed = table().to_string();
        let lines: Vec<&str> = printed.lines().collect();
        assert_eq!(lines[0], "                   R@1    R@5   R@10   median       of");
        assert_eq!(lines[1], "image to text    25.00  50.00 100.00      4.0        8");
        assert_eq!(lines[4], "  chance         25.00 100.00 100.00");
        assert_eq!(lines.len(), 6);
    }

    #[test]
    fn ranks_of_other_queries_are_refused() {
        let relevance = Relevance::consecutive(&[1; 3]).unwrap();
        let too_few = RetrievalRow::new(&Ranks::new(vec![0]).unwrap(), relevance.i2t());
        assert!(matches!(too_few, Err(EvalError::Shape { rows: 1, queries: 3, .. })));
    }
}
