//! What is wrong in a run's files: named, counted, and no reason to stop.

/// So many of a kind are named; the rest is counted.
const NAMED: usize = 3;

/// Sentences by kind.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    kinds: Vec<(String, Vec<String>, usize)>,
}

impl Faults {
    /// One more fault of `kind`.
    pub(crate) fn add(&mut self, kind: &str, sentence: String) {
        let known = self.kinds.iter().position(|(known, ..)| known == kind);
        let place = known.unwrap_or_else(|| {
            self.kinds.push((kind.to_owned(), Vec::new(), 0));
            self.kinds.len() - 1
        });
        let (_, named, more) = &mut self.kinds[place];
        if named.len() < NAMED { named.push(sentence) } else { *more += 1 }
    }

    /// The named ones, each kind followed by how many more there are.
    pub(crate) fn lines(&self) -> Vec<String> {
        let lines = |(kind, named, more): &(String, Vec<String>, usize)| {
            let rest = (*more > 0).then(|| format!("{kind}: {more} more like these"));
            named.iter().cloned().chain(rest).collect::<Vec<_>>()
        };
        self.kinds.iter().flat_map(lines).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_of_a_kind_are_named_and_the_rest_is_counted() {
        let mut faults = Faults::default();
        (1..=5).for_each(|line| faults.add("a.jsonl", format!("a.jsonl, line {line}")));
        faults.add("b", "b is broken".to_owned());
        let expected =
            ["a.jsonl, line 1", "a.jsonl, line 2", "a.jsonl, line 3", "a.jsonl: 2 more like these", "b is broken"];
        assert_eq!(faults.lines(), expected);
    }
}
