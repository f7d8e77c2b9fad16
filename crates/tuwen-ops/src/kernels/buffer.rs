//! Buffers that are about to be filled.

/// `length` numbers that the caller writes before anybody reads them. Clearing them first would cost a pass over memory
/// for every operation. In this crate's tests they start as NaN, so that a place a kernel forgets is seen.
#[allow(unsafe_code, clippy::uninit_vec)]
pub(crate) fn unfilled(length: usize) -> Vec<f32> {
    if cfg!(test) {
        return vec![f32::NAN; length];
    }
    let mut buffer = Vec::with_capacity(length);
    // SAFETY: the capacity is `length`, any bits are an `f32`, and each kernel of this crate writes every number of the
    // buffer before it is read, which the tests check by the NaN above.
    unsafe { buffer.set_len(length) };
    buffer
}
