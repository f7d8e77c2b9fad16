//! The names a state dict may make Python look up, in two columns. Any other is refused.

/// What stands behind an allowed name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Global {
    /// A dictionary, whatever else it can do.
    Dict,
    /// From storage, offset, size and strides to a tensor.
    RebuildTensor,
    /// From a tensor to a parameter.
    RebuildParameter,
    /// Numbers of a type.
    Storage(Element),
    /// A thing that holds values and can do nothing; what it holds is not looked at.
    Inert,
}

/// A type of numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Element {
    F64,
    F32,
    F16,
    BF16,
    I64,
    I32,
    I16,
    I8,
    U8,
}

impl Element {
    /// Bytes of a number.
    pub(super) fn size(self) -> usize {
        match self {
            Self::F64 | Self::I64 => 8,
            Self::F32 | Self::I32 => 4,
            Self::F16 | Self::BF16 | Self::I16 => 2,
            Self::I8 | Self::U8 => 1,
        }
    }
}

#[rustfmt::skip]
const TABLE: &[(&str, Global)] = &[
    ("collections.OrderedDict",                Global::Dict),
    ("collections.defaultdict",                Global::Dict),
    ("collections.Counter",                    Global::Dict),
    ("torch._utils._rebuild_tensor",           Global::RebuildTensor),
    ("torch._utils._rebuild_tensor_v2",        Global::RebuildTensor),
    ("torch._utils._rebuild_parameter",        Global::RebuildParameter),
    ("torch.DoubleStorage",                    Global::Storage(Element::F64)),
    ("torch.FloatStorage",                     Global::Storage(Element::F32)),
    ("torch.HalfStorage",                      Global::Storage(Element::F16)),
    ("torch.BFloat16Storage",                  Global::Storage(Element::BF16)),
    ("torch.LongStorage",                      Global::Storage(Element::I64)),
    ("torch.IntStorage",                       Global::Storage(Element::I32)),
    ("torch.ShortStorage",                     Global::Storage(Element::I16)),
    ("torch.CharStorage",                      Global::Storage(Element::I8)),
    ("torch.ByteStorage",                      Global::Storage(Element::U8)),
    ("torch.BoolStorage",                      Global::Storage(Element::U8)),
    ("torch.Size",                             Global::Inert),
    ("torch.device",                           Global::Inert),
    ("torch.float64",                          Global::Inert),
    ("torch.float32",                          Global::Inert),
    ("torch.float16",                          Global::Inert),
    ("torch.bfloat16",                         Global::Inert),
    ("torch.int64",                            Global::Inert),
    ("argparse.Namespace",                     Global::Inert),
    ("builtins.dict",                          Global::Inert),
    ("builtins.int",                           Global::Inert),
    ("builtins.list",                          Global::Inert),
    ("builtins.set",                           Global::Inert),
    ("__builtin__.dict",                       Global::Inert),
    ("__builtin__.list",                       Global::Inert),
    ("__builtin__.set",                        Global::Inert),
    ("_codecs.encode",                         Global::Inert),
    ("numpy.dtype",                            Global::Inert),
    ("numpy.core.multiarray.scalar",           Global::Inert),
    ("numpy._core.multiarray.scalar",          Global::Inert),
];

/// What is behind `module.name`, if a state dict may ask for it.
pub(super) fn global(callable: &str) -> Option<Global> {
    TABLE.iter().find(|(name, _)| *name == callable).map(|(_, global)| *global)
}
