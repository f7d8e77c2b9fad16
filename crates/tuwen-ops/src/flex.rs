//! The way from tensors to plain numbers and back, for operations that bring their own backward.
//!
//! [`Operand::of`] answers whether a tensor lives on the embedded CPU backend as `f32`, with or without gradients; if
//! it doesn't, the operation composes Burn's own. [`record`] makes the tensor of a result, and hangs the backward into
//! the gradient graph if any operand asks for it.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, Flex};
use burn::tensor::{Bool, DType, Int, Shape, Tensor};
use burn_autodiff::checkpoint::{base::Checkpointer, strategy::NoCheckpointing};
use burn_autodiff::grads::Gradients;
use burn_autodiff::ops::{Backward, Ops, OpsKind};
use burn_flex::{FlexTensor, Layout};
use burn_std::Bytes;

use crate::Precision;
use crate::kernels;

type Tracking = Autodiff<Flex, NoCheckpointing>;
type Tracked = FloatTensor<Tracking>;

/// Contiguous `f32` numbers; a clone shares them.
#[derive(Clone)]
pub(crate) struct Values(FlexTensor);

impl Values {
    fn of(tensor: &FlexTensor) -> Option<Self> {
        let contiguous = Self(tensor.to_contiguous());
        contiguous.0.as_slice::<f32>().is_some().then_some(contiguous)
    }

    fn shaped(self, shape: Shape) -> FlexTensor {
        self.0.with_layout(Layout::contiguous(shape))
    }
}

impl From<Vec<f32>> for Values {
    fn from(values: Vec<f32>) -> Self {
        let layout = Layout::contiguous(Shape::new([values.len()]));
        Self(FlexTensor::new(Bytes::from_elems(values), layout, DType::F32))
    }
}

impl Deref for Values {
    type Target = [f32];

    fn deref(&self) -> &[f32] {
        // `Values` is made only where this was seen to be a slice.
        self.0.as_slice::<f32>().unwrap_or_default()
    }
}

/// An input of an operation.
pub(crate) struct Operand {
    /// Its numbers.
    pub(crate) values: Values,
    shape: Shape,
    node: Option<Tracked>,
}

impl Operand {
    /// `None`: the tensor is empty, not `f32`, not on the embedded CPU backend, or wants its forward recomputed; or
    /// the processor is too old for the kernels.
    pub(crate) fn of<const D: usize>(tensor: &Tensor<D>) -> Option<Self> {
        let shape = tensor.shape();
        if !kernels::worthwhile() || tensor.dtype() != DType::F32 || shape.num_elements() == 0 {
            return None;
        }
        if tensor.is_autodiff() {
            let node = tensor.clone().try_into_primitive::<Tracking>().ok()?;
            Some(Self { values: Values::of(node.primitive())?, shape, node: Some(node) })
        } else {
            let primitive = tensor.clone().try_into_primitive::<Flex>().ok()?;
            Some(Self { values: Values::of(&primitive)?, shape, node: None })
        }
    }

    /// As [`Self::of`] for an operation that multiplies matrices: `None` too where their factors are not f32.
    pub(crate) fn of_product<const D: usize>(tensor: &Tensor<D>) -> Option<Self> {
        if Precision::is_reduced() { None } else { Self::of(tensor) }
    }
}

/// The tensor of shape `dims` that holds `output`. `backward` gets the output's gradient and which of the operands
/// need theirs, and returns those at least.
pub(crate) fn record<const D: usize, const N: usize>(
    operands: [&Operand; N],
    output: Vec<f32>,
    dims: [usize; D],
    backward: impl Fn(&Values, [bool; N]) -> [Option<Values>; N] + Send + Sync + 'static,
) -> Tensor<D> {
    let output = Values::from(output).shaped(Shape::new(dims));
    if operands.iter().all(|operand| operand.node.is_none()) {
        return Tensor::from_primitive::<Flex>(output);
    }
    let nodes = operands.map(|operand| match &operand.node {
        Some(tensor) => tensor.node(),
        None => Tracked::new(operand.values.0.clone()).node(),
    });
    Tensor::from_primitive::<Tracking>(match Fused.prepare::<NoCheckpointing>(nodes).compute_bound().stateful() {
        OpsKind::Tracked(preparation) => {
            let shapes = operands.map(|operand| operand.shape.clone());
            preparation.finish(Step { shapes, backward: Arc::new(backward) }, output)
        }
        OpsKind::UnTracked(preparation) => preparation.finish(output),
    })
}

#[derive(Debug)]
struct Fused;

type Pullback<const N: usize> = dyn Fn(&Values, [bool; N]) -> [Option<Values>; N] + Send + Sync;

#[derive(Clone)]
struct Step<const N: usize> {
    shapes: [Shape; N],
    backward: Arc<Pullback<N>>,
}

impl<const N: usize> fmt::Debug for Step<N> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Step").field("shapes", &self.shapes).finish_non_exhaustive()
    }
}

impl<const N: usize> Backward<Flex, N> for Fused {
    type State = Step<N>;

    fn backward(self, ops: Ops<Self::State, N>, gradients: &mut Gradients, _checkpointer: &mut Checkpointer) {
        let gradient = Values(gradients.consume::<Flex>(&ops.node).to_contiguous());
        let Step { shapes, backward } = ops.state;
        let computed = backward(&gradient, ops.parents.each_ref().map(Option::is_some));
        for ((parent, values), shape) in ops.parents.into_iter().zip(computed).zip(shapes) {
            if let (Some(parent), Some(values)) = (parent, values) {
                gradients.register::<Flex>(parent.id, values.shaped(shape));
            }
        }
    }
}

/// Numbers of a tensor outside of autodiff, to be changed in place; they are copied if anybody else holds them.
pub(crate) struct Owned(FlexTensor);

impl Owned {
    /// `None`: [`Operand::of`] would be, or the tensor is inside of autodiff.
    pub(crate) fn fits<const D: usize>(tensor: &Tensor<D>) -> bool {
        Operand::of(tensor).is_some_and(|operand| operand.node.is_none())
    }

    /// Takes over a tensor that [`Owned::fits`].
    pub(crate) fn take<const D: usize>(tensor: Tensor<D>) -> Self {
        let Ok(primitive) = tensor.try_into_primitive::<Flex>() else { unreachable!("a tensor that fits is on Flex") };
        let whole = primitive.as_slice::<f32>().is_some_and(|values| values.len() == primitive.storage::<f32>().len());
        Self(if whole { primitive } else { primitive.to_contiguous() })
    }

    /// The numbers.
    pub(crate) fn values(&mut self) -> &mut [f32] {
        self.0.storage_mut()
    }

    /// The tensor again.
    pub(crate) fn into_tensor<const D: usize>(self) -> Tensor<D> {
        Tensor::from_primitive::<Flex>(self.0)
    }
}

/// Ids as indices below `entries`; `None` if one is not, which Burn's own operation then reports.
pub(crate) fn indices<const D: usize>(ids: &Tensor<D, Int>, entries: usize) -> Option<Vec<usize>> {
    let below = |id: i64| usize::try_from(id).ok().filter(|id| *id < entries);
    ids.to_data().iter::<i64>().map(below).collect()
}

/// A mask as it is in memory.
pub(crate) fn flags<const D: usize>(mask: &Tensor<D, Bool>) -> Vec<bool> {
    mask.to_data().iter::<bool>().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::tensor::Device;

    #[test]
    fn only_numbers_that_the_kernels_can_read_are_taken() {
        let tensor = Tensor::<2>::ones([2, 3], &Device::flex());
        assert!(Operand::of(&tensor).is_some());
        assert!(Operand::of(&tensor.clone().autodiff()).is_some());
        assert!(Operand::of(&tensor.clone().cast(DType::F64)).is_none());
        assert!(Operand::of(&tensor.clone().slice([0..0, 0..3])).is_none());
        assert!(!Owned::fits(&tensor.autodiff()));
    }

    #[test]
    fn a_view_is_read_in_its_own_order() {
        let tensor = Tensor::<2>::from_floats([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], &Device::flex());
        let read = |tensor: Tensor<2>| Operand::of(&tensor).map(|operand| operand.values.to_vec());
        assert_eq!(read(tensor.clone().transpose()), Some(vec![1.0, 4.0, 2.0, 5.0, 3.0, 6.0]));
        assert_eq!(read(tensor.clone().slice([1..2, 0..3])), Some(vec![4.0, 5.0, 6.0]));
        let mut owned = Owned::take(tensor.slice([1..2, 1..3]));
        owned.values()[0] = 7.0;
        assert_eq!(read(owned.into_tensor()), Some(vec![7.0, 6.0]));
    }

    #[test]
    fn a_graph_that_computes_again_and_other_types_get_the_composition() {
        let device = Device::flex().autodiff();
        for point in [
            Tensor::<1>::from_floats([0.0, 1.0], &device.clone().gradient_checkpointing()),
            Tensor::<1>::from_floats([0.0, 1.0], &device).cast(DType::F64),
        ] {
            let point = point.detach().require_grad();
            let gradients = crate::gelu(point.clone()).sum().backward();
            let gradient: Vec<f64> = point.grad(&gradients).unwrap().try_into_vec_as().unwrap();
            // Φ(0) and Φ(1) + φ(1).
            assert!((gradient[0] - 0.5).abs() < 1e-6 && (gradient[1] - 1.083_315_5).abs() < 1e-6, "{gradient:?}");
        }
    }

    #[test]
    fn two_uses_of_a_tensor_add_up() {
        let point = Tensor::<1>::from_floats([0.0], &Device::flex().autodiff()).require_grad();
        let gradients = (crate::gelu(point.clone()) + crate::gelu(point.clone())).sum().backward();
        assert_eq!(point.grad(&gradients).unwrap().into_scalar::<f32>(), 1.0);
    }

    #[test]
    fn indices_outside_of_the_table_are_refused() {
        let ids = |id: i64| indices(&Tensor::<1, Int>::from_ints([0, id], &Device::flex()), 3);
        assert_eq!((ids(2), ids(3), ids(-1)), (Some(vec![0, 2]), None, None));
    }
}
