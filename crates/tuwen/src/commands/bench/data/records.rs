//! TFRecord files in the QQ schema to ids, titles and frames.

use std::num::NonZeroUsize;
use std::path::Path;

use serde_json::{Value, json};
use tuwen_data::{Record, Source, SynthConfig, TfRecordSource, Visual, write_synthetic};

use super::{Contest, Part, Peer, Row, number};
use crate::commands::CommandError;

const SCRIPT: &str = concat!(include_str!("../answer.py"), include_str!("records.py"));
const CLIPS: NonZeroUsize = NonZeroUsize::new(200).unwrap();

/// Reading with our checks against reading without any, and with the same checks in plain Python.
pub(super) fn measure(peer: &Peer, _root: &Path, rounds: usize) -> Result<Part, CommandError> {
    let folder = tempfile::tempdir()?;
    let files = NonZeroUsize::MIN;
    let config = SynthConfig { clips: CLIPS, heldout: 0, pairs: 0, files, ..SynthConfig::default() };
    let summary = write_synthetic(folder.path().join("set"), &config)?;
    let path = folder.path().join("set/train/clips-000.tfrecord");
    let mut session = peer.start(SCRIPT, &[], 1)?;
    let theirs = session.ask(&json!({"do": "summary", "path": path, "width": config.width}))?;
    let records = read(&path, &config)?;
    compare(&records, &theirs)?;
    let mut rows = Vec::new();
    for (checks, name, rounds) in [
        (false, "TFRecord, checksums on our side alone", rounds),
        // A plain loop over all bytes takes seconds a round.
        (true, "TFRecord, checksums in plain Python", rounds.min(3)),
    ] {
        let contest = Contest::hold(
            rounds,
            || read(&path, &config).map(drop),
            || {
                let question = json!({"do": "time", "path": path, "width": config.width, "checks": checks});
                number(&session.ask(&question)?, "seconds")
            },
        )?;
        rows.push(Row { name: name.to_owned(), unit: "records", items: records.len(), contest });
    }
    let (bytes, frames) = (path.metadata()?.len() as f64, summary.frames);
    let versions = format!(
        "Records of {:.0} kB ({} frames of {} f16 on average), against struct and NumPy",
        bytes / 1e3 / records.len() as f64,
        frames / records.len(),
        config.width
    );
    let equal = vec![format!("{} ids, their titles, {frames} frames and the sum of all values", records.len())];
    Ok(Part { versions, equal, rows })
}

/// All records, from opening the file.
fn read(path: &Path, config: &SynthConfig) -> Result<Vec<Record>, CommandError> {
    let source = TfRecordSource::open(path, config.schema())?;
    (0..source.len()).map(|index| Ok(source.read(index)?)).collect()
}

/// Refuses other ids, titles, frames or sums than ours.
fn compare(records: &[Record], theirs: &Value) -> Result<(), CommandError> {
    let ids: Vec<&str> = records.iter().map(|record| record.id.as_str()).collect();
    let titles: Vec<&str> = records.iter().flat_map(|record| &record.titles).map(|title| title.text.as_str()).collect();
    let (mut frames, mut sum) = (0, 0.0);
    for record in records {
        if let Visual::Features { values, width } = &record.visual {
            frames += values.len() / width;
            sum += values.iter().copied().map(f64::from).sum::<f64>();
        }
    }
    let ours = json!({"ids": ids, "titles": titles, "frames": frames});
    for (name, ours) in ours.as_object().into_iter().flatten() {
        if theirs[name] != *ours {
            return Err(format!("both sides read other `{name}` from the same records, expected equal ones").into());
        }
    }
    let other = number(theirs, "sum")?;
    if (sum - other).abs() > 1e-9 * frames as f64 * 1536.0 {
        return Err(format!("the values of all frames sum to {sum} and in Python to {other}, expected the same").into());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_records_are_refused() {
        let visual = Visual::Features { values: vec![1.0, 2.0], width: 2 };
        let records = [Record { id: "7".into(), titles: vec![], tags: None, visual }];
        let theirs = json!({"ids": ["7"], "titles": [], "frames": 1, "sum": 3.0});
        assert!(compare(&records, &theirs).is_ok());
        for (name, value) in [("ids", json!(["8"])), ("frames", json!(2)), ("sum", json!(3.5))] {
            let mut other = theirs.clone();
            other[name] = value;
            assert!(compare(&records, &other).is_err(), "{name}");
        }
    }
}
