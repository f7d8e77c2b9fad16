//! Zero-shot classification: a class is the mean of what its name says in several sentences (CLIP, arXiv:2103.00020, §3.1.4).

use serde::{Deserialize, Serialize};

use crate::{EvalError, Features, Scores};

/// Where the name of a class stands in a template.
const NAME: &str = "{}";

/// Sentences that name a class.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<String>", into = "Vec<String>")]
pub struct PromptTemplates(Vec<String>);

impl PromptTemplates {
    /// Templates with a `{}` each. Errors: none, one without or with two.
    pub fn new(templates: Vec<String>) -> Result<Self, EvalError> {
        if templates.is_empty() {
            return Err(EvalError::NoTemplates);
        }
        match templates.iter().find(|template| template.matches(NAME).count() != 1) {
            Some(template) => Err(EvalError::Template { template: template.clone() }),
            None => Ok(Self(templates)),
        }
    }

    /// English ones, for names such as `a cat` or `cat`.
    pub fn english() -> Self {
        Self(["{}", "a picture of {}", "a photo of {}", "a drawing of {}", "this is {}"].map(str::to_owned).to_vec())
    }

    /// Chinese ones.
    pub fn chinese() -> Self {
        Self(["{}", "{}的图片", "一张{}的照片", "一张{}的图", "这是{}"].map(str::to_owned).to_vec())
    }

    /// The sentences of all classes: those of the first class, then those of the second.
    pub fn texts<S: AsRef<str>>(&self, names: &[S]) -> Vec<String> {
        let sentences = |name: &S| self.0.iter().map(|template| template.replacen(NAME, name.as_ref(), 1)).collect();
        names.iter().flat_map(|name| -> Vec<String> { sentences(name) }).collect()
    }

    /// How many sentences a class has.
    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// The class features `[classes, width]` from those of [`PromptTemplates::texts`]: the mean of a class's unit vectors, made a
    /// unit vector. Errors: a number of texts that is no multiple of the templates, a class whose mean is zero.
    pub fn class_features(&self, texts: &Features) -> Result<Features, EvalError> {
        let (count, width) = (self.count(), texts.width());
        if !texts.rows().is_multiple_of(count) {
            return Err(EvalError::PromptCount { texts: texts.rows(), templates: count });
        }
        let texts = texts.unit()?;
        let mut values = vec![0.0_f32; texts.rows() / count * width];
        for row in 0..texts.rows() {
            let class = &mut values[row / count * width..][..width];
            class.iter_mut().zip(texts.row(row)).for_each(|(sum, value)| *sum += value);
        }
        Features::new(width, values)?.unit()
    }
}

impl TryFrom<Vec<String>> for PromptTemplates {
    type Error = EvalError;

    fn try_from(templates: Vec<String>) -> Result<Self, EvalError> {
        Self::new(templates)
    }
}

impl From<PromptTemplates> for Vec<String> {
    fn from(templates: PromptTemplates) -> Self {
        templates.0
    }
}

/// The cosine of each image with each class, `[images, classes]`; the best class is the first of equals. Errors: features of
/// other widths, a vector that is zero.
pub fn class_scores(images: &Features, classes: &Features) -> Result<Scores, EvalError> {
    if images.width() != classes.width() {
        return Err(EvalError::FeatureWidths { first: images.width(), second: classes.width() });
    }
    let (images, classes) = (images.unit()?, classes.unit()?);
    let cosine = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f32>();
    let rows = (0..images.rows()).flat_map(|image| {
        let row = images.row(image);
        (0..classes.rows()).map(|class| cosine(row, classes.row(class))).collect::<Vec<_>>()
    });
    Scores::new(images.rows(), classes.rows(), rows.collect())
}

/// The best column of each row, the first of equals.
pub fn best_classes(scores: &Scores) -> Vec<usize> {
    let best = |row: &[f32]| (0..row.len()).rev().max_by(|a, b| row[*a].total_cmp(&row[*b])).unwrap_or(0);
    (0..scores.rows()).map(|row| best(scores.row(row))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_class_is_named_in_each_template() {
        let templates = PromptTemplates::new(vec!["{}".to_owned(), "a picture of {}".to_owned()]).unwrap();
        let expected = ["cat", "a picture of cat", "{} dog", "a picture of {} dog"];
        assert_eq!(templates.texts(&["cat", "{} dog"]), expected);
        assert_eq!(PromptTemplates::chinese().texts(&["猫"])[1], "猫的图片");
        for built_in in [PromptTemplates::english(), PromptTemplates::chinese()] {
            assert_eq!(PromptTemplates::new(built_in.0.clone()).unwrap(), built_in);
        }
    }

    #[test]
    fn templates_have_one_place_for_the_name() {
        let error = |text: &str| PromptTemplates::new(vec![text.to_owned()]).unwrap_err().to_string();
        assert_eq!(error("a picture"), "template `a picture`, expected one `{}` for the name of a class");
        assert!(error("{} and {}").contains("expected one `{}`"));
        assert!(matches!(PromptTemplates::new(Vec::new()), Err(EvalError::NoTemplates)));
        assert!(serde_json::from_str::<PromptTemplates>("[\"x\"]").unwrap_err().to_string().contains("template `x`"));
        assert_eq!(serde_json::from_str::<PromptTemplates>("[\"{}\"]").unwrap().count(), 1);
    }

    #[test]
    fn a_class_is_the_mean_of_its_sentences() {
        let templates = PromptTemplates::new(vec!["{}".to_owned(), "x {}".to_owned()]).unwrap();
        // Class 0: (1, 0) and (0, 1), of any length; class 1: (-1, 0) twice.
        let texts = Features::new(2, vec![3.0, 0.0, 0.0, 1.0, -1.0, 0.0, -1.0, 0.0]).unwrap();
        let classes = templates.class_features(&texts).unwrap();
        let half = 0.5_f32.sqrt();
        assert!(classes.row(0).iter().all(|value| (value - half).abs() < 1e-6));
        assert_eq!(classes.row(1), [-1.0, 0.0]);
        let images = Features::new(2, vec![0.0, 5.0, -2.0, 0.1]).unwrap();
        let scores = class_scores(&images, &classes).unwrap();
        assert!((scores.row(0)[0] - half).abs() < 1e-6);
        assert_eq!(best_classes(&scores), [0, 1]);
    }

    #[test]
    fn what_does_not_fit_is_named() {
        let templates = PromptTemplates::english();
        let texts = Features::new(1, vec![1.0; 7]).unwrap();
        assert!(matches!(templates.class_features(&texts), Err(EvalError::PromptCount { texts: 7, templates: 5 })));
        let wide = Features::new(2, vec![1.0; 4]).unwrap();
        assert!(matches!(class_scores(&texts, &wide), Err(EvalError::FeatureWidths { first: 1, second: 2 })));
        let opposed = Features::new(1, vec![1.0, -1.0, 1.0, -1.0, 0.5]).unwrap();
        assert!(templates.class_features(&opposed).is_ok());
        let scores = Scores::new(1, 3, vec![0.5, 0.7, 0.7]).unwrap();
        assert_eq!(best_classes(&scores), [1]);
    }
}
