//! What the six QQ jobs do differently, and the reference's own optimizer.

use tuwen::ops::{AdamWForm, Dropout};
use tuwen::train::unibert::Content::{Clean, Masked};
use tuwen::train::unibert::recipe::MaskingViews::{Joint, Separate};

use crate::golden::{Golden, assert_gradients, assert_near, assert_trajectory, assert_weights};
use crate::unibert_case::{Case, Factors, Job, Tags, gradients, optimizer, values};

const FILE: &str = "unibert_variants.safetensors";

/// The reference's factors of the named tasks, divided by `divisor`; job 5 weighs ITM by a third instead of 1/100.
fn factors(tasks: &str, divisor: f64, itm: f64) -> Factors {
    let of =
        |names: &[&str], factor: f64| if tasks.split('+').any(|t| names.contains(&t)) { factor / divisor } else { 0.0 };
    Factors {
        mlm: of(&["mlm"], 0.8),
        mfm: of(&["mfm", "mvm"], 1.0 / 3.0),
        itm: of(&["itm"], itm),
        tag: of(&["tag"], 1250.0),
    }
}

/// Every loss under `expect/JOB/loss/`; some end in a remark after the tasks.
fn check_losses(job: &str, kind: Job, divisor: impl Fn(usize) -> f64, itm: f64) {
    let case = Case::open(FILE, kind);
    for (name, expected) in case.golden.under(&format!("expect/{job}/loss/")) {
        let (tasks, tags) = match name.strip_suffix("_all_tags_missing") {
            Some(tasks) => (tasks, Tags::AllMissing),
            None => (name.as_str(), Tags::AsGiven),
        };
        let count = tasks.split('+').count();
        let masking = if count > 1 { Joint } else { Separate };
        let total = case.total_with(&case.model, factors(tasks, divisor(count), itm), masking, tags);
        assert_near(&format!("{job} {name}"), &values(total), &expected.values);
    }
}

#[test]
fn unibert_job2_layout_and_outputs() {
    let case = Case::open(FILE, Job::TWO);
    let golden = &case.golden;
    let states = case.model.encoder.forward(&case.batch().aligned(Clean, Clean), &Dropout::off());
    assert_near("features", &values(states.hidden_states.tensor()), &golden.floats("expect/job2/features").values);
    let embedding = case.model.embedding(&states);
    let norm = embedding.clone().powf_scalar(2.0).sum_dim(1).sqrt();
    assert_near("embedding", &values(embedding / norm), &golden.floats("expect/job2/embedding").values);
    let tags = case.model.tag.as_ref().unwrap().forward(case.model.tag_states(&states));
    assert_near("tag_logits", &values(tags), &golden.floats("expect/job2/tag_logits").values);

    let expected = golden.floats("expect/job2/mlm_scores");
    let states = case.model.encoder.forward(&case.batch().aligned(Masked, Clean), &Dropout::off());
    let [batch, _, hidden] = states.hidden_states.tensor().dims();
    let length = expected.shape[1];
    let text = states.hidden_states.tensor().narrow(1, golden.size("frames"), length);
    let scores = case.model.mlm.as_ref().unwrap().forward(text.reshape([batch * length, hidden]));
    assert_near("mlm_scores", &values(scores), &expected.values);
}

#[test]
fn unibert_job4_attention_pooling() {
    let case = Case::open(FILE, Job::FOUR);
    let golden = &case.golden;
    let states = case.model.encoder.forward(&case.batch().aligned(Clean, Clean), &Dropout::off());
    let pooling = case.model.attention_pooling.as_ref().unwrap();
    let weights = pooling.weights(states.hidden_states.tensor(), None);
    assert_near("pooling_weights", &values(weights), &golden.floats("expect/job4/pooling_weights").values);
    let embedding = case.model.embedding(&states);
    let norm = embedding.clone().powf_scalar(2.0).sum_dim(1).sqrt();
    assert_near("embedding", &values(embedding / norm), &golden.floats("expect/job4/embedding").values);
}

#[test]
fn unibert_job_losses() {
    check_losses("job2", Job::TWO, |count| count as f64, 1.0 / 100.0);
    check_losses("job3", Job::TWO, |_| 3.0, 1.0 / 100.0);
    check_losses("job4", Job::FOUR, |_| 3.0, 1.0 / 100.0);
    check_losses("job5", Job::FOUR, |_| 3.0, 1.0 / 3.0);
}

#[test]
fn unibert_job_gradients() {
    for (name, kind, tasks, divisor) in [
        ("grad/job2/tag+mlm+mvm/", Job::TWO, "tag+mlm+mvm", 3.0),
        ("grad/job2/mlm+mvm/", Job::TWO, "mlm+mvm", 2.0),
        ("grad/job4/tag+mlm+mfm/", Job::FOUR, "tag+mlm+mfm", 3.0),
    ] {
        let case = Case::open(FILE, kind);
        let total = case.total(&case.model, factors(tasks, divisor, 0.0), Joint);
        let found = gradients(&case.model, &total);
        assert_gradients(name, &found, &case.golden.under(name));
        if kind.overlay == Some("weights_job4/") {
            let pooled = found.keys().any(|n| n.starts_with("newemb_att") || n.starts_with("newfc_hidden"));
            assert!(!pooled, "tags read [CLS], so the pooling gets no gradient");
        }
    }
}

#[test]
fn unibert_steps_of_the_references_own_adamw() {
    let variants = Golden::open(FILE);
    let settings = &variants.meta["optimizer"];
    // The official numbers for job 1 start from the weights and the batch of the other file.
    for (case, name, after) in [
        (Case::open("unibert.safetensors", Job::ONE), "expect/job1/trajectory", "expect/job1/after6/"),
        (Case::open(FILE, Job::TWO), "expect/job2/trajectory", "expect/job2/after5/"),
    ] {
        let expected = &variants.floats(name).values;
        let factors = factors("tag+mlm+mfm", 3.0, 0.0);
        let optimizer = optimizer(AdamWForm::Transformers, settings, &settings["lr"]);
        let (trajectory, weights) = case.train(factors, optimizer, expected.len());
        assert_trajectory(name, &trajectory, expected);
        assert_weights(after, &weights, &variants.under(after));
    }
}
