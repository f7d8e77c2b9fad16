//! Runs plain loops compiled for the widest vectors that the processor has; whole numbers stay the same in any width.

pub(crate) use pulp::{Simd, WithSimd};

/// Carries out `loops`, whose `with_simd` is to be `#[inline(always)]`: only so the compiler sees for what it compiles.
pub(crate) fn on_widest<L: WithSimd>(loops: L) -> L::Output {
    pulp::Arch::new().dispatch(loops)
}
