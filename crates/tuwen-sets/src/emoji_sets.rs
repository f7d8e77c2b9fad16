//! Writes all sets made of the emoji, with their pictures and their rules.

use std::collections::HashMap;
use std::fmt;
use std::path::Path;

use tuwen_annotation::Question;

use crate::canvas::PLACES;
use crate::emoji::{Part, read_parts};
use crate::entailment::{Threes, sentences};
use crate::grounding::{expressions, numbered_from};
use crate::language::Language;
use crate::output::Output;
use crate::questions::{answer_list, questions};
use crate::readme::readme;
use crate::statements::statements;
use crate::vocabulary::Vocabulary;
use crate::{SetsError, entailment, grounding, questions as vqa, retrieval, statements as nlvr};

/// How much to make.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EmojiSets {
    /// Another seed, other lists: 42.
    pub seed: u64,
    /// Fours of statements for training in each language: 1000; validation and the held-out part have a fifth of it.
    pub fours: usize,
    /// Threes of sentences about keywords for training in each language: 1000; the others have a fifth of it.
    pub keyword_threes: usize,
    /// Threes of sentences about tones for training in each language: 300; the held-out part has a third of it.
    pub tone_threes: usize,
    /// How often each training emoji is put on a canvas of four: 2; the others are once. Beside it training emoji are once
    /// alone and once in twos.
    pub rounds: u64,
}

impl Default for EmojiSets {
    fn default() -> Self {
        Self { seed: 42, fours: 1000, keyword_threes: 1000, tone_threes: 300, rounds: 2 }
    }
}

/// The sizes of the lists that were written.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SetSizes(pub Vec<ListSize>);

/// One list, or one kind of question of it.
#[derive(Clone, Debug, PartialEq)]
pub struct ListSize {
    /// `vqa`, `nlvr`, `entailment`, `grounding`, `retrieval`.
    pub task: &'static str,
    /// `train`, `val`, `heldout`.
    pub part: &'static str,
    /// The kind of question, where there are several.
    pub kind: String,
    /// Its records.
    pub records: usize,
    /// The share of records that the best answer is right for that looks at no picture: a share.
    pub chance: f64,
}

impl fmt::Display for SetSizes {
    /// A line a list: task, part, records, chance in per cent.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{:<22} {:<8} {:>8} {:>9}", "set", "part", "records", "chance %")?;
        for ListSize { task, part, kind, records, chance } in &self.0 {
            let set = if kind.is_empty() { (*task).to_owned() } else { format!("{task}, {kind}") };
            write!(out, "\n{set:<22} {part:<8} {records:>8} {:>9.2}", 100.0 * chance)?;
        }
        Ok(())
    }
}

/// Makes the sets out of the emoji in `source` and writes them into `folder`, which must be empty or not there yet:
///
/// - `images/KEY.jpg`: all emoji; `canvases/PART-NUMBER.jpg`: four emoji each, or fewer to train on
/// - `vqa/{vqa_train,vqa_val,vqa_heldout,answer_list}.json`
/// - `nlvr/{nlvr_train,nlvr_val,nlvr_heldout}.json`
/// - `entailment/{ve_train,ve_val,ve_heldout}.json` and the same as lines, `snli_ve_PART.jsonl`
/// - `grounding/{refcoco+_train,refcoco+_val,refcoco+_heldout,refs,instances,dets}.json`
/// - `retrieval/{retrieval_train,retrieval_val,retrieval_heldout,dataset_emoji}.json`
/// - `README.txt`: the rules and the sizes, written last
///
/// Errors: a source without a field that is needed, a picture that can't be decoded, a folder that can't be written.
pub fn write_emoji_sets(source: &Path, folder: &Path, sets: &EmojiSets) -> Result<SetSizes, SetsError> {
    let parts = read_parts(source)?;
    let vocabulary = Vocabulary::read(&source.join("vocab.txt"))?;
    let output = Output::create(folder)?;
    for emoji in parts.iter().flat_map(|part| &part.emoji) {
        output.write(&format!("images/{}", emoji.file()), &emoji.picture)?;
    }
    let mut sizes = SetSizes::default();
    write_questions(&parts, sets, &output, &mut sizes)?;
    write_statements(&parts, sets, &output, &mut sizes)?;
    write_sentences(&parts, (sets, &vocabulary), &output, &mut sizes)?;
    write_expressions(&parts, sets, &output, &mut sizes)?;
    write_captions(&parts, &output, &mut sizes)?;
    output.write("README.txt", readme(sets, &sizes).as_bytes())?;
    Ok(sizes)
}

impl SetSizes {
    fn add(&mut self, task: &'static str, part: &Part, records: usize, chance: f64) {
        self.0.push(ListSize { task, part: part.name, kind: String::new(), records, chance });
    }
}

fn write_questions(parts: &[Part], sets: &EmojiSets, output: &Output, sizes: &mut SetSizes) -> Result<(), SetsError> {
    for part in parts {
        let questions = questions(part, sets.seed);
        output.list(&format!("vqa/vqa_{}.json", part.name), &vqa::albef(&questions))?;
        if part.name == "train" {
            output.list(
                "vqa/answer_list.json",
                &answer_list(&questions).into_iter().map(Into::into).collect::<Vec<_>>(),
            )?;
        }
        for kind in vqa::KINDS {
            let asked: Vec<&Question> = questions.iter().filter(|q| q.kind.as_deref() == Some(kind)).collect();
            if !asked.is_empty() {
                let (kind, chance) = (kind.to_owned(), commonest(&asked));
                sizes.0.push(ListSize { task: "vqa", part: part.name, kind, records: asked.len(), chance });
            }
        }
    }
    Ok(())
}

/// The share of questions for which the commonest answer to the same text is among the answers.
fn commonest(questions: &[&Question]) -> f64 {
    let texts: std::collections::BTreeSet<&str> = questions.iter().map(|question| question.text.as_str()).collect();
    let most = |text: &str| {
        let mut counts = std::collections::BTreeMap::new();
        let asked = questions.iter().filter(|question| question.text == text);
        let answers = asked.flat_map(|question| &question.answers);
        answers.for_each(|answer| *counts.entry(answer.text.as_str()).or_insert(0_usize) += 1);
        counts.into_values().max().unwrap_or(0)
    };
    texts.into_iter().map(most).sum::<usize>() as f64 / questions.len() as f64
}

fn write_statements(parts: &[Part], sets: &EmojiSets, output: &Output, sizes: &mut SetSizes) -> Result<(), SetsError> {
    for part in parts {
        let fours = if part.name == "train" { sets.fours } else { sets.fours / 5 };
        let statements = statements(part, sets.seed, fours);
        output.list(&format!("nlvr/nlvr_{}.json", part.name), &nlvr::albef(&statements))?;
        sizes.add("nlvr", part, statements.len(), 0.5);
    }
    Ok(())
}

fn write_sentences(
    parts: &[Part],
    (sets, vocabulary): (&EmojiSets, &Vocabulary),
    output: &Output,
    sizes: &mut SetSizes,
) -> Result<(), SetsError> {
    for part in parts {
        let (keywords, tones) = (sets.keyword_threes, sets.tone_threes);
        let train = part.name == "train";
        let threes =
            if train { Threes { keywords, tones } } else { Threes { keywords: keywords / 5, tones: tones / 3 } };
        let sentences = sentences(part, vocabulary, sets.seed, threes);
        let captions: HashMap<String, &str> =
            part.emoji.iter().map(|emoji| (emoji.file(), emoji.caption(Language::English))).collect();
        let caption = |file: &str| captions.get(file).copied().unwrap_or_default().to_owned();
        output.list(&format!("entailment/ve_{}.json", part.name), &entailment::albef(&sentences))?;
        output.lines(&format!("entailment/snli_ve_{}.jsonl", part.name), &entailment::official(&sentences, caption))?;
        sizes.add("entailment", part, sentences.len(), 1.0 / 3.0);
    }
    Ok(())
}

fn write_expressions(parts: &[Part], sets: &EmojiSets, output: &Output, sizes: &mut SetSizes) -> Result<(), SetsError> {
    let mut all = Vec::new();
    let mut next = 0;
    for part in parts {
        let rounds = if part.name == "train" { grounding::training_rounds(sets.rounds) } else { vec![PLACES] };
        let expressions = numbered_from(next, expressions(part, sets.seed, &rounds, output)?);
        let last = expressions.last().and_then(|last| last.id.parse::<u64>().ok());
        next = last.map_or(next, |last| (last + 1).next_multiple_of(PLACES as u64));
        output.list(&format!("grounding/refcoco+_{}.json", part.name), &grounding::albef(&expressions))?;
        let chance: f64 = expressions.iter().map(|expression| 1.0 / expression.candidates.len() as f64).sum();
        sizes.add("grounding", part, expressions.len(), chance / expressions.len().max(1) as f64);
        all.push(expressions);
    }
    grounding::write_beside(&all, output)
}

fn write_captions(parts: &[Part], output: &Output, sizes: &mut SetSizes) -> Result<(), SetsError> {
    for part in parts {
        let train = part.name == "train";
        let records = if train { retrieval::albef_training(part) } else { retrieval::albef_test(part) };
        output.list(&format!("retrieval/retrieval_{}.json", part.name), &records)?;
        sizes.add("retrieval", part, 2 * part.emoji.len(), 1.0 / part.emoji.len() as f64);
    }
    output.json("retrieval/dataset_emoji.json", &retrieval::karpathy(parts))
}

#[cfg(test)]
mod tests;
