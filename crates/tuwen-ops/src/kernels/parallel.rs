//! Cutting work into blocks that do not depend on the number of threads.

use rayon::prelude::*;

/// Numbers in a block: 64 KiB of `f32`, enough to be worth a task and to stay in the second-level cache.
const BLOCK: usize = 16 * 1024;

/// Rows in a block, when a row has `width` numbers.
pub(crate) fn rows_per_block(width: usize) -> usize {
    (BLOCK / width.max(1)).max(1)
}

/// Does `work` for each job, in parallel where there are several; results in the order of the jobs.
pub(crate) fn each<Job: Send, Result: Send>(
    jobs: impl Iterator<Item = Job>,
    work: impl Fn(Job) -> Result + Sync + Send,
) -> Vec<Result> {
    let mut jobs: Vec<Job> = jobs.collect();
    // One job is not worth waking a thread.
    match jobs.len() {
        0 => Vec::new(),
        1 => jobs.drain(..).map(work).collect(),
        _ => jobs.into_par_iter().map(work).collect(),
    }
}

/// The sum of equally long `parts`, taken in their order.
pub(crate) fn sum_in_order(parts: Vec<Vec<f32>>) -> Vec<f32> {
    let mut parts = parts.into_iter();
    let mut total = parts.next().unwrap_or_default();
    for part in parts {
        for (sum, value) in total.iter_mut().zip(part) {
            *sum += value;
        }
    }
    total
}
