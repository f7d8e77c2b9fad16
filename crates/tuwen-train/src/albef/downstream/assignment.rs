//! Text assignment, by which the layers for two pictures are trained before NLVR2 (`models/model_pretrain_nlvr.py` of
//! salesforce/ALBEF).

use burn::module::Module;
use burn::tensor::{Device, Int, Tensor, TensorData};
use tuwen_downstream::statements::assignment_weights;
use tuwen_encoder::albef::{Albef, AlbefConfig, PairedAlbef};
use tuwen_ops::{Dropout, Linear, select_rows};

use super::Texts;
use super::statements::pair_states;

/// Encoder of pairs, the map by which pictures are compared, and the head.
#[derive(Module, Debug)]
pub struct AssignmentModel {
    /// Reads two pictures and a caption.
    pub encoder: PairedAlbef,
    /// W to E; it gets no gradient.
    pub vision_projection: Linear,
    /// First, second, neither.
    pub head: Linear,
}

impl AssignmentModel {
    /// A fresh model.
    pub fn init(config: &AlbefConfig, device: &Device) -> Self {
        Self {
            encoder: config.init_paired(device),
            vision_projection: Linear::init(config.vision.hidden_size, config.embedding_size, device),
            head: Linear::init(config.text.hidden_size, 3, device),
        }
    }

    /// This model with the weights of a pre-trained encoder, whose fusion layers are there twice.
    #[must_use]
    pub fn started_from(self, encoder: &Albef) -> Self {
        let vision_projection = encoder.vision_projection().clone();
        Self { encoder: self.encoder.started_from(encoder), vision_projection, ..self }
    }

    /// How likely each picture is to stand beside each other one, `[B, B]`, of image states `[B, 1 + P, W]`.
    pub fn weights(&self, image_states: &Tensor<3>, temperature: f64) -> Tensor<2> {
        let [batch, _, width] = image_states.dims();
        let class = image_states.clone().narrow(1, 0, 1).reshape([batch, width]).inner();
        let (weight, bias) = (self.vision_projection.weight.val().inner(), self.vision_projection.bias.val().inner());
        let features = tuwen_ops::linear(class, weight, bias);
        let lengths = features.clone().powi_scalar(2).sum_dim(1).add_scalar(1e-24).sqrt();
        assignment_weights(features / lengths, temperature)
    }

    /// Captions `[B, L]`, each with two `pictures` of the batch, to logits `[B, 3]`.
    pub fn logits(
        &self,
        image_states: &Tensor<3>, // [B, 1 + P, W]
        pictures: &[[usize; 2]],  // [B]
        captions: &Texts,
        dropout: &Dropout,
    ) -> Tensor<2> {
        let device = image_states.device().inner();
        let placed = [0, 1].map(|place| {
            let rows: Vec<i32> = pictures.iter().map(|pair| pair[place] as i32).collect();
            let rows = Tensor::<1, Int>::from_data(TensorData::new(rows, [pictures.len()]), &device);
            select_rows(image_states.clone(), rows)
        });
        self.head.forward(pair_states(&self.encoder, placed.each_ref(), captions, dropout))
    }
}
