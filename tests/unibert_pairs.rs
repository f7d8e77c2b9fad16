//! Pairs of clips, rank correlation and the ensemble against the numbers of the QQ reference.

use burn::tensor::{Int, Tensor, TensorData};
use tuwen::core::{Aligned, ClipTextView};
use tuwen::encoder::{Tape, weights_of};
use tuwen::ensemble::{Basis, Embeddings, concatenate};
use tuwen::eval::{rank_labels, spearman};
use tuwen::ops::{AdamWForm, Dropout};
use tuwen::train::Optimizer;
use tuwen::train::unibert::PairBatch;

use crate::golden::{Golden, assert_gradients, assert_near, assert_trajectory, assert_weights};
use crate::unibert_case::{Case, Job, gradients, optimizer, under_their_names, values};

const FILE: &str = "unibert_variants.safetensors";
const JOBS: [(&str, Job); 3] = [("job1", Job::ONE), ("job2", Job::TWO), ("job4", Job::FOUR)];

fn labels(golden: &Golden) -> Vec<f32> {
    rank_labels(&golden.floats("input/pair/raw_scores").values).unwrap()
}

fn view(case: &Case, clip: &str) -> ClipTextView<Aligned> {
    let (golden, device) = (&case.golden, case.device.clone().inner());
    let text = case.job.text.strip_prefix("input/").unwrap();
    let matrix = |name: &str| {
        let stored = golden.integers(&format!("input/pair/{clip}/{name}"));
        let values: Vec<i32> = stored.values.iter().map(|&value| value as i32).collect();
        Tensor::<2, Int>::from_data(TensorData::new(values, [stored.shape[0], stored.shape[1]]), &device)
    };
    let frames = golden.floats(&format!("input/pair/{clip}/video"));
    let shape = <[usize; 3]>::try_from(frames.shape.clone()).unwrap();
    let frames = Tensor::from_data(TensorData::new(frames.values.clone(), shape), &device);
    let flags = |name: &str| matrix(name).equal_elem(1);
    ClipTextView::new((frames, flags("video_mask")), (matrix(&format!("{text}_ids")), flags(&format!("{text}_mask"))))
}

fn batch(case: &Case) -> PairBatch {
    let labels = &labels(&case.golden)[..case.golden.size("pairs")];
    let labels = Tensor::from_floats(labels, &case.device.clone().inner());
    PairBatch { a: view(case, "a"), b: view(case, "b"), labels }
}

#[test]
fn unibert_pair_labels_are_ranks() {
    let golden = Golden::open(FILE);
    assert_near("labels", &labels(&golden), &golden.floats("expect/pair/rank_labels").values);
}

#[test]
fn unibert_pair_cosines_losses_and_gradients() {
    for (name, job) in JOBS {
        let case = Case::open(FILE, job);
        let batch = batch(&case);
        let expected = |part: &str| &case.golden.floats(&format!("expect/pair/{name}/{part}")).values;
        let embeddings = case.model.embeddings(&batch.a, &Dropout::off());
        let lengths = embeddings.clone().powi_scalar(2).sum_dim(1).sqrt();
        assert_near(&format!("{name}, embeddings"), &values(embeddings / lengths), expected("embedding_a"));
        let cosines = case.model.pair_cosines(&batch);
        assert_near(&format!("{name}, cosines"), &values(cosines), expected("cosine"));
        let loss = case.model.pair_loss(&Tape::off(), &batch, &Dropout::off());
        assert_near(&format!("{name}, loss"), &values(loss.clone()), expected("loss"));
        let found = gradients(&case.model, &loss);
        assert_gradients(name, &found, &case.golden.under(&format!("grad/pair/{name}/")));
    }
}

#[test]
fn unibert_pair_five_steps() {
    let case = Case::open(FILE, Job::ONE);
    let (batch, settings) = (batch(&case), &case.golden.meta["optimizer"]);
    let expected = &case.golden.floats("expect/pair/job1/trajectory").values;
    let mut optimizer = Optimizer::new(optimizer(AdamWForm::Transformers, settings, &settings["pair_lr"]));
    let (mut model, mut trajectory) = (case.model.clone(), Vec::new());
    for _ in expected {
        let loss = model.pair_loss(&Tape::off(), &batch, &Dropout::off());
        trajectory.push(loss.clone().into_scalar::<f32>());
        model = optimizer.step(model, &loss.backward().into(), 1.0).0;
    }
    assert_trajectory("pairs", &trajectory, expected);
    let after = under_their_names(&weights_of(&model));
    assert_weights("after5", &after, &case.golden.under("expect/pair/job1/after5/"));
}

#[test]
fn unibert_spearman_with_ties() {
    let golden = Golden::open(FILE);
    let [predictions, labels] = ["predictions", "labels"].map(|name| golden.floats(&format!("input/spearman/{name}")));
    let rho = spearman(&predictions.values, &labels.values).unwrap() as f32;
    assert_near("ρ", &[rho], &golden.floats("expect/spearman/rho").values);
}

#[test]
fn unibert_ensemble_of_six_jobs() {
    let golden = Golden::open(FILE);
    let jobs: Vec<Embeddings> = golden
        .under("input/ensemble/job")
        .into_values()
        .map(|job| Embeddings::new(job.shape[1], job.values).unwrap())
        .collect();
    let weight = 1.0 / jobs.len() as f64;
    let concat = concatenate(&jobs.iter().map(|job| (job, weight)).collect::<Vec<_>>()).unwrap();
    assert_near("concat", concat.values(), &golden.floats("expect/ensemble/concat").values);

    let rows: Vec<usize> = (0..concat.rows()).collect();
    let basis = Basis::fit(&concat.select(&rows).unwrap(), golden.size("svd_components")).unwrap();
    let narrow = |values: &[f64]| values.iter().map(|&value| value as f32).collect::<Vec<_>>();
    let expected = |name: &str| &golden.floats(&format!("expect/ensemble/{name}")).values;
    assert_near("singular values", &narrow(basis.singular_values()), expected("singular_values"));
    let shares = narrow(basis.explained_variance_ratio());
    assert_near("explained variance", &shares, expected("explained_variance_ratio"));

    let svd = basis.project(&concat).unwrap();
    let width = svd.width();
    for column in 0..width {
        let [own, theirs] = [svd.values(), expected("svd")]
            .map(|values| values.iter().copied().skip(column).step_by(width).collect::<Vec<_>>());
        let product: f32 = own.iter().zip(&theirs).map(|(a, b)| a * b).sum();
        let upright: Vec<f32> = own.iter().map(|value| value * product.signum()).collect();
        assert_near(&format!("column {column}"), &upright, &theirs);
    }

    let scores = &golden.floats("input/ensemble/pair_scores").values;
    let labels = rank_labels(scores).unwrap();
    let pairs = &golden.integers("input/ensemble/pairs").values;
    let (mut rhos, mut errors) = (Vec::new(), Vec::new());
    for embeddings in jobs.iter().chain([&svd, &concat]) {
        let cosines: Vec<f32> =
            pairs.chunks(2).map(|pair| embeddings.cosine(pair[0] as usize, pair[1] as usize)).collect();
        rhos.push(spearman(&cosines, scores).unwrap() as f32);
        let squares = cosines.iter().zip(&labels).map(|(cosine, label)| (cosine - label).powi(2));
        errors.push(squares.sum::<f32>() / cosines.len() as f32);
    }
    assert_near("spearman", &rhos, expected("spearman"));
    assert_near("mse", &errors, expected("mse"));
}
