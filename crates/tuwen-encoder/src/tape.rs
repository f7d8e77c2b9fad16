//! Recomputation: a part of a model is computed without its graph, and once more, with it, on the way back.

use std::cell::RefCell;
use std::num::NonZeroUsize;
use std::ops::Range;

use burn::module::Module;
use burn::tensor::{Gradients, Tensor};
use serde::{Deserialize, Serialize};

/// What is computed a second time instead of being remembered (arXiv:1604.06174).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Recompute {
    /// Nothing.
    #[default]
    Nothing,
    /// Each layer by itself: the states between layers are all that is kept.
    Layers,
    /// Each tower as a whole, with so many rows of the batch at a time: gradients are accumulated over the parts, and the
    /// losses are still those of the whole batch (arXiv:2101.06983).
    Rows(NonZeroUsize),
}

/// What a step computed without a graph, to be computed again in reverse order. Gradients are those of the step with
/// its whole graph: dropout is a function of its key, so the second time is like the first.
pub struct Tape<'a> {
    what: Recompute,
    /// Whether there is a graph to go back through at all.
    records: bool,
    segments: RefCell<Vec<Segment<'a>>>,
}

type Forward<'a> = Box<dyn Fn(&[Tensor<3>]) -> Vec<Tensor<3>> + 'a>;

struct Segment<'a> {
    inputs: Vec<Tensor<3>>,
    /// Leaves, which the step goes on from.
    outputs: Vec<Tensor<3>>,
    again: Forward<'a>,
}

impl<'a> Tape<'a> {
    /// An empty one.
    pub fn new(what: Recompute) -> Self {
        Self { what, records: true, segments: RefCell::default() }
    }

    /// One that remembers nothing: every graph is kept.
    pub fn off() -> Self {
        Self::new(Recompute::Nothing)
    }

    /// One for a model that takes no gradient: parts like those of this one, and nothing recorded.
    pub fn unrecorded<'b>(&self) -> Tape<'b> {
        Tape { what: self.what, records: false, segments: RefCell::default() }
    }

    /// Whether nothing is to be computed again.
    pub fn is_empty(&self) -> bool {
        self.segments.borrow().is_empty()
    }

    /// The rows of a batch that go through a tower together.
    pub fn parts(&self, batch: usize) -> Vec<Range<usize>> {
        let rows = if let Recompute::Rows(rows) = self.what { rows.get() } else { batch.max(1) };
        (0..batch).step_by(rows).map(|start| start..batch.min(start + rows)).collect()
    }

    /// A layer: `forward(module, inputs)`, in which everything but the module's weights comes in by `inputs`.
    pub fn layer<M: Module>(
        &self,
        module: &'a M,
        inputs: Vec<Tensor<3>>,
        forward: impl Fn(&M, &[Tensor<3>]) -> Tensor<3> + 'a,
    ) -> Tensor<3> {
        if !self.records || self.what != Recompute::Layers {
            return forward(module, &inputs);
        }
        let mut outputs = self.segment(module, inputs, move |module, inputs| vec![forward(module, inputs)]);
        let Some(output) = outputs.pop() else { unreachable!("a layer has an output") };
        output
    }

    /// Many layers: `forward(module, tape, inputs)`, which records its layers where they are recomputed one by one.
    pub fn tower<M: Module>(
        &self,
        module: &'a M,
        inputs: Vec<Tensor<3>>,
        forward: impl for<'m> Fn(&'m M, &Tape<'m>, &[Tensor<3>]) -> Vec<Tensor<3>> + 'a,
    ) -> Vec<Tensor<3>> {
        if self.records && matches!(self.what, Recompute::Rows(_)) {
            return self.segment(module, inputs, move |module, inputs| forward(module, &Tape::off(), inputs));
        }
        forward(module, self, &inputs)
    }

    fn segment<M: Module>(
        &self,
        module: &'a M,
        inputs: Vec<Tensor<3>>,
        forward: impl Fn(&M, &[Tensor<3>]) -> Vec<Tensor<3>> + 'a,
    ) -> Vec<Tensor<3>> {
        let plain: Vec<Tensor<3>> = inputs.iter().map(|input| input.clone().inner()).collect();
        let outputs: Vec<Tensor<3>> =
            forward(&module.valid(), &plain).into_iter().map(|output| output.autodiff().require_grad()).collect();
        let again = Box::new(move |inputs: &[Tensor<3>]| forward(module, inputs));
        self.segments.borrow_mut().push(Segment { inputs, outputs: outputs.clone(), again });
        outputs
    }

    /// `states` as a leaf. What two layers read has to be cut off, or going back to it twice would walk its graph twice.
    pub fn cut(&self, states: Tensor<3>) -> Tensor<3> {
        if !self.records || self.what == Recompute::Nothing {
            return states;
        }
        let leaf = states.clone().inner().autodiff().require_grad();
        let again = Box::new(|inputs: &[Tensor<3>]| inputs.to_vec());
        self.segments.borrow_mut().push(Segment { inputs: vec![states], outputs: vec![leaf.clone()], again });
        leaf
    }

    /// The gradients of `total`, in parts that add up: `each` is given one after the other.
    pub fn backward(self, total: &Tensor<1>, each: &mut dyn FnMut(&Gradients)) {
        let mut segments = self.segments.into_inner();
        let mut known: Vec<Vec<Option<Tensor<3>>>> =
            segments.iter().map(|segment| vec![None; segment.outputs.len()]).collect();
        let mut total = Some(total.clone());
        loop {
            if let Some(total) = total.take() {
                let gradients = total.backward();
                known.iter_mut().zip(&segments).for_each(|(known, segment)| segment.collect(&gradients, known));
                each(&gradients);
            }
            let (Some(segment), Some(known)) = (segments.pop(), known.pop()) else { return };
            total = segment.again_towards(known);
        }
    }
}

impl Segment<'_> {
    /// Adds what `gradients` say of the outputs to what is `known`.
    fn collect(&self, gradients: &Gradients, known: &mut [Option<Tensor<3>>]) {
        for (output, known) in self.outputs.iter().zip(known) {
            *known = match (known.take(), output.grad(gradients)) {
                (Some(sum), Some(more)) => Some(sum + more),
                (one, other) => one.or(other),
            };
        }
    }

    /// `Σ output · gradient` of a second run, whose gradients are those of the loss; nothing if the loss reads no output.
    fn again_towards(&self, gradients: Vec<Option<Tensor<3>>>) -> Option<Tensor<1>> {
        if gradients.iter().all(Option::is_none) {
            return None;
        }
        let outputs = (self.again)(&self.inputs);
        let read = outputs.into_iter().zip(gradients).filter_map(|(output, gradient)| Some((output, gradient?)));
        read.map(|(output, gradient)| (output * gradient.autodiff()).sum()).reduce(|sum, term| sum + term)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::tensor::Device;
    use tuwen_ops::Linear;

    fn gradient_of(what: Recompute) -> Vec<f32> {
        let device = Device::flex().autodiff();
        let linear = Linear::init(2, 2, &device);
        let weight = burn::module::Param::from_tensor(Tensor::from_floats([[0.5, -1.0], [2.0, 0.25]], &device));
        let linear = Linear { weight, ..linear };
        let tape = Tape::new(what);
        let input = Tensor::<3>::from_floats([[[1.0, 2.0]]], &device);
        // Twice the same layer, the middle read by the loss too: a sum over three paths.
        let middle = tape.cut(tape.layer(&linear, vec![input], |linear, states| linear.forward(states[0].clone())));
        let last = tape.tower(&linear, vec![middle.clone()], |linear, tape, states| {
            vec![tape.layer(linear, states.to_vec(), |linear, states| linear.forward(states[0].clone()))]
        });
        let loss = middle.powi_scalar(2).sum() + last[0].clone().powi_scalar(3).sum();
        let mut sum = Tensor::<2>::zeros([2, 2], &Device::flex());
        let mut parts = 0;
        tape.backward(&loss, &mut |gradients| {
            parts += 1;
            sum = sum.clone() + linear.weight.val().grad(gradients).unwrap_or_else(|| sum.zeros_like());
        });
        assert_eq!(parts > 1, what != Recompute::Nothing);
        sum.try_into_vec_as().unwrap()
    }

    #[test]
    fn what_is_computed_twice_has_the_gradient_of_what_is_remembered() {
        let whole = gradient_of(Recompute::Nothing);
        assert!(whole.iter().all(|slope| *slope != 0.0));
        assert_eq!(gradient_of(Recompute::Layers), whole);
        assert_eq!(gradient_of(Recompute::Rows(NonZeroUsize::MIN)), whole);
    }

    #[test]
    fn five_rows_in_parts_of_two() {
        let tape = Tape::new(Recompute::Rows(NonZeroUsize::new(2).unwrap()));
        assert_eq!(tape.parts(5), [0..2, 2..4, 4..5]);
        assert_eq!(Tape::off().parts(5), vec![0..5]);
        assert!(Tape::off().parts(0).is_empty());
    }
}
