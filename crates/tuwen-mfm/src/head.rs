//! From the hidden state of a masked frame to a frame feature.

use burn::module::Module;
use burn::tensor::{Device, Int, Tensor};
use tuwen_core::{Aligned, FrameLabels, HiddenStates};
use tuwen_ops::{LayerNorm, Linear, linear_gelu};

use crate::{FrameSimilarity, frame_hits, nce_loss, similarity};

/// `decoder(norm(gelu(transform(h))))`, BERT's head with a frame feature in place of the vocabulary.
#[derive(Module, Debug)]
pub struct FrameHead {
    /// H to H.
    pub transform: Linear,
    /// Over H.
    pub norm: LayerNorm,
    /// H to D.
    pub decoder: Linear,
}

impl FrameHead {
    /// A fresh head; `frame_size` is D and BERT's `layer_norm_eps` 1e-12.
    pub fn init(hidden_size: usize, frame_size: usize, layer_norm_eps: f64, device: &Device) -> Self {
        Self {
            transform: Linear::init(hidden_size, hidden_size, device),
            norm: LayerNorm::init(hidden_size, layer_norm_eps, device),
            decoder: Linear::init(hidden_size, frame_size, device),
        }
    }

    /// Hidden states of masked frames `[M, H]` to the features they are taken for `[M, D]`.
    pub fn predict(&self, hidden: Tensor<2>) -> Tensor<2> {
        self.decoder.forward(self.norm.forward(linear_gelu(&self.transform, hidden)))
    }

    /// Similarity of each prediction to each frame of the batch, `[M, N]`.
    pub fn logits(&self, states: &HiddenStates<Aligned>, labels: &FrameLabels, measure: &FrameSimilarity) -> Tensor<2> {
        similarity(self.predict(states.rows(labels.rows.clone())), labels.frames.clone(), measure)
    }

    /// The loss `[1]` over the masked frames.
    pub fn loss(&self, states: &HiddenStates<Aligned>, labels: &FrameLabels, measure: &FrameSimilarity) -> Tensor<1> {
        nce_loss(self.logits(states, labels, measure), labels.targets.clone(), labels.twins.clone())
    }

    /// How many of the masked frames are recognised, `[1]`.
    pub fn hits(
        &self,
        states: &HiddenStates<Aligned>,
        labels: &FrameLabels,
        measure: &FrameSimilarity,
    ) -> Tensor<1, Int> {
        frame_hits(self.logits(states, labels, measure), labels.targets.clone(), labels.twins.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::module::{ModuleVisitor, Param};

    /// Transform 100 times the identity, so that gelu passes what is positive; the decoder triples: H = D = 2.
    fn literal_head(device: &Device) -> FrameHead {
        let linear = |scale: f32| Linear {
            weight: Param::from_tensor(Tensor::from_floats([[scale, 0.0], [0.0, scale]], device)),
            bias: Param::from_tensor(Tensor::zeros([2], device)),
        };
        FrameHead { transform: linear(100.0), norm: LayerNorm::init(2, 1e-12, device), decoder: linear(3.0) }
    }

    #[test]
    fn the_labelled_row_meets_its_frame() {
        let device = Device::flex();
        // Row 1 of B·S: gelu(100, 300) → norm (−1, 1) → (−3, 3). Dot products with the frames: −3, 3, 0.
        let states = HiddenStates::new(Tensor::from_floats([[[9.0, 9.0], [1.0, 3.0]]], &device));
        let frames = Tensor::from_floats([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]], &device);
        let (head, measure) = (literal_head(&device), FrameSimilarity::DotProduct);
        let normaliser = ((-3.0_f32).exp() + 3.0_f32.exp() + 1.0).ln();
        for (target, dot, hits) in [(0, -3.0, 0), (1, 3.0, 1), (2, 0.0, 0)] {
            let labels = FrameLabels::new(&[1], &[target], frames.clone(), None).unwrap();
            let loss = head.loss(&states, &labels, &measure).into_scalar::<f32>();
            assert!((loss - (normaliser - dot)).abs() < 1e-4, "target {target}: {loss}");
            assert_eq!(head.hits(&states, &labels, &measure).into_scalar::<i32>(), hits);
        }
    }

    #[test]
    fn weights_are_named_as_in_checkpoints() {
        #[derive(Default)]
        struct Names(Vec<String>, Vec<String>); // where the visit is, and what it has seen
        impl ModuleVisitor for Names {
            fn enter_module(&mut self, name: &str, _: &str) {
                self.0.push(name.to_owned());
            }
            fn exit_module(&mut self, _: &str, _: &str) {
                self.0.pop();
            }
            fn visit_float<const D: usize>(&mut self, _: &Param<Tensor<D>>) {
                self.1.push(self.0.join("."));
            }
        }
        let mut names = Names::default();
        FrameHead::init(2, 3, 1e-12, &Device::flex()).visit(&mut names);
        let layers = ["transform", "norm", "decoder"];
        assert_eq!(names.1, layers.map(|layer| [format!("{layer}.weight"), format!("{layer}.bias")]).concat());
    }
}
