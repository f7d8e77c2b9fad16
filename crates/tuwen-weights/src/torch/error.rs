//! What can be wrong with a file of PyTorch's.

/// Why a file of PyTorch's is not read. Nothing in it was executed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TorchError {
    /// It asks for a function or class that no state dict needs.
    #[error(
        "asks Python to look up `{callable}`, which is no part of a state dict: nothing was executed, and nothing is read; if you trust its origin, let its author save `model.state_dict()` alone"
    )]
    Forbidden {
        /// The module and name that Python would import.
        callable: String,
    },
    /// It ends, or an entry does, before what it announced.
    #[error("{what} ends early: {needed} bytes at byte {at}, expected within {there}")]
    Truncated {
        /// What of it.
        what: String,
        /// The place.
        at: u64,
        /// Bytes announced from there on.
        needed: u64,
        /// Bytes in all.
        there: u64,
    },
    /// A pickle instruction that `torch.save` doesn't write.
    #[error("pickle instruction {opcode:#04x} at byte {at} is none that `torch.save` writes")]
    Opcode {
        /// The instruction.
        opcode: u8,
        /// The place.
        at: usize,
    },
    /// A pickle that contradicts itself.
    #[error("the pickle is damaged at byte {at}: {reason}")]
    Pickle {
        /// The place.
        at: usize,
        /// What is wrong there.
        reason: &'static str,
    },
    /// More bytes than a list of tensors can need.
    #[error("{what} has {size} bytes, expected at most {most}")]
    Oversized {
        /// What.
        what: String,
        /// Its size.
        size: u64,
        /// The limit.
        most: u64,
    },
    /// An archive that is none of PyTorch's, or a damaged one.
    #[error("not an archive of PyTorch's: {reason}")]
    Archive {
        /// Why not.
        reason: String,
    },
    /// An entry whose bytes are not those that were written.
    #[error("entry `{entry}` was changed after it was written: its checksum is {found:08x}, expected {expected:08x}")]
    Checksum {
        /// The entry.
        entry: String,
        /// CRC-32 of its bytes.
        found: u32,
        /// CRC-32 in the archive's list.
        expected: u32,
    },
    /// Numbers in another byte order.
    #[error("its numbers are big-endian, expected little-endian")]
    BigEndian,
    /// A tensor that its storage can't fill.
    #[error("tensor `{name}`: {reason}")]
    Tensor {
        /// The tensor.
        name: String,
        /// What does not fit.
        reason: String,
    },
}
