//! Own operations on the embedded CPU backend: from Burn's tensors to slices and back, with a backward of our own.
//!
//! An operation asks for its [`Operands`]; where they are not f32 tensors of this backend it gets nothing and composes
//! Burn's operations instead. Kernels below know no Burn type, take and give slices, and split their work in pieces
//! whose borders don't depend on the number of threads, so the bits don't either.

pub(crate) mod attention;
pub(crate) mod elementwise;
pub(crate) mod matrix;
pub(crate) mod norm;
pub(crate) mod simd;

use std::fmt;
use std::sync::Arc;

use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, Flex, TensorMetadata};
use burn::tensor::{DType, Shape, Tensor};
use burn_autodiff::checkpoint::base::Checkpointer;
use burn_autodiff::checkpoint::strategy::NoCheckpointing;
use burn_autodiff::grads::Gradients;
use burn_autodiff::ops::{Backward, Ops, OpsKind};
use burn_flex::{FlexTensor, Layout};
use burn_std::Bytes;

/// A tensor of this backend in autodiff's graph.
type TrackedTensor = FloatTensor<Autodiff<Flex>>;

/// The inputs of an operation on this backend: their values, and the graph if a gradient may be asked for.
pub(crate) struct Operands<const N: usize> {
    values: [FlexTensor; N],
    graph: Option<[TrackedTensor; N]>,
}

/// One input before all are known to be on this backend.
pub(crate) enum Operand {
    Plain(FlexTensor),
    Tracked(TrackedTensor),
}

/// `tensor` if it is f32 on this backend, with or without autodiff.
pub(crate) fn operand<const D: usize>(tensor: &Tensor<D>) -> Option<Operand> {
    if tensor.dtype() != DType::F32 {
        return None;
    }
    if tensor.is_autodiff() {
        tensor.clone().try_into_primitive::<Autodiff<Flex>>().ok().map(Operand::Tracked)
    } else {
        tensor.clone().try_into_primitive::<Flex>().ok().map(Operand::Plain)
    }
}

impl<const N: usize> Operands<N> {
    /// All of `operands`, or nothing if one of them is missing.
    pub(crate) fn of(operands: [Option<Operand>; N]) -> Option<Self> {
        let operands = operands.into_iter().collect::<Option<Vec<Operand>>>()?;
        let tracked = operands.iter().any(|operand| matches!(operand, Operand::Tracked(_)));
        let value = |operand: &Operand| match operand {
            Operand::Plain(tensor) => tensor.to_contiguous(),
            Operand::Tracked(tensor) => tensor.primitive().to_contiguous(),
        };
        let values: Vec<FlexTensor> = operands.iter().map(value).collect();
        let graph = tracked.then(|| {
            let tracked = operands.into_iter().map(|operand| match operand {
                Operand::Plain(tensor) => TrackedTensor::new(tensor),
                Operand::Tracked(tensor) => tensor,
            });
            tracked.collect::<Vec<_>>()
        });
        let graph = match graph {
            Some(graph) => Some(graph.try_into().ok()?),
            None => None,
        };
        Some(Self { values: values.try_into().ok()?, graph })
    }

    /// The values of input `index`, row-major.
    pub(crate) fn slice(&self, index: usize) -> &[f32] {
        slice_of(&self.values[index])
    }

    /// A share of the values of input `index`, to keep for the backward pass.
    pub(crate) fn saved(&self, index: usize) -> Saved {
        Saved(self.values[index].clone())
    }

    /// The result of shape `shape`. `backward` gets the gradient of the output and which inputs need one, and gives the
    /// gradients of the inputs, each of its input's shape.
    pub(crate) fn finish<const D: usize>(
        self,
        output: Vec<f32>,
        shape: [usize; D],
        backward: impl Fn(&[f32], [bool; N]) -> [Option<Vec<f32>>; N] + Send + Sync + 'static,
    ) -> Tensor<D> {
        let output = flex_tensor(output, shape.into());
        let Some(graph) = self.graph else { return Tensor::from_primitive::<Flex>(output) };
        let shapes: [Shape; N] = self.values.each_ref().map(|tensor| tensor.shape());
        let guards = graph.map(|tensor| tensor.node());
        let prepared = Node.prepare::<NoCheckpointing>(guards).compute_bound().stateful();
        Tensor::from_primitive::<Autodiff<Flex>>(match prepared {
            OpsKind::Tracked(prepared) => prepared.finish(State { shapes, backward: Arc::new(backward) }, output),
            OpsKind::UnTracked(prepared) => prepared.finish(output),
        })
    }
}

/// Values kept for the backward pass: a share of a buffer that nobody writes to while it is shared.
pub(crate) struct Saved(FlexTensor);

impl Saved {
    pub(crate) fn slice(&self) -> &[f32] {
        slice_of(&self.0)
    }
}

fn slice_of(tensor: &FlexTensor) -> &[f32] {
    tensor.as_slice::<f32>().expect("operands are contiguous f32")
}

fn flex_tensor(values: Vec<f32>, shape: Shape) -> FlexTensor {
    FlexTensor::new(Bytes::from_elems(values), Layout::contiguous(shape), DType::F32)
}

type BackwardFn<const N: usize> = dyn Fn(&[f32], [bool; N]) -> [Option<Vec<f32>>; N] + Send + Sync;

#[derive(Clone)]
struct State<const N: usize> {
    shapes: [Shape; N],
    backward: Arc<BackwardFn<N>>,
}

impl<const N: usize> fmt::Debug for State<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("State").field("shapes", &self.shapes).finish_non_exhaustive()
    }
}

#[derive(Debug)]
struct Node;

impl<const N: usize> Backward<Flex, N> for Node {
    type State = State<N>;

    fn backward(self, ops: Ops<Self::State, N>, gradients: &mut Gradients, _: &mut Checkpointer) {
        let output = gradients.consume::<Flex>(&ops.node).to_contiguous();
        let needed = ops.parents.each_ref().map(Option::is_some);
        let found = (ops.state.backward)(slice_of(&output), needed);
        for ((parent, gradient), shape) in ops.parents.into_iter().zip(found).zip(ops.state.shapes) {
            if let (Some(parent), Some(gradient)) = (parent, gradient) {
                gradients.register::<Flex>(parent.id, flex_tensor(gradient, shape));
            }
        }
    }
}
