//! Where to compute: a name on the command line becomes a device that was compiled in and answers.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind, set_hook, take_hook};

/// What computes; `Device::flex()` is the processor.
pub use burn::tensor::Device;
use burn::tensor::{DType, Tensor};

/// Every kind of device there can be, whether it was compiled in or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The embedded backend, always there.
    Cpu,
    /// An NVIDIA card by way of Burn's own kernels.
    Cuda,
    /// LibTorch on the CPU.
    Tch,
    /// LibTorch on an NVIDIA card.
    TchCuda,
}

/// A device by name: `cpu`, `cuda`, `cuda:1`, `tch`, `tch-cuda:0`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DeviceName {
    /// Which kind.
    pub kind: Kind,
    /// Which of several.
    pub index: usize,
}

/// Why a device can't be used.
#[derive(Debug, PartialEq, Eq)]
pub enum DeviceError {
    /// No such name.
    Unknown(String),
    /// The program was built without it; with everything built in, nobody can be told so.
    #[cfg_attr(all(feature = "cuda", feature = "tch"), allow(dead_code))]
    NotBuilt(DeviceName),
    /// It was built in and does not answer.
    Silent(DeviceName, String),
}

impl std::error::Error for DeviceError {}

impl fmt::Display for DeviceError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown(name) => {
                write!(out, "no device `{name}`, expected `cpu`, `cuda:NUMBER`, `tch` or `tch-cuda:NUMBER`")
            }
            Self::NotBuilt(name) => {
                let feature = name.kind.feature();
                write!(out, "device `{name}` was not compiled in; build with `cargo xtask --features {feature} …`")
            }
            Self::Silent(name, reason) => write!(out, "device `{name}` does not answer: {reason}"),
        }
    }
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Cpu, Self::Cuda, Self::Tch, Self::TchCuda];

    fn name(self) -> &'static str {
        match self {
            Self::Cpu => "cpu",
            Self::Cuda => "cuda",
            Self::Tch => "tch",
            Self::TchCuda => "tch-cuda",
        }
    }

    /// The feature that compiles it in.
    pub(crate) fn feature(self) -> &'static str {
        match self {
            Self::Cpu => "default",
            Self::Cuda => "cuda",
            Self::Tch | Self::TchCuda => "tch",
        }
    }

    /// What PyTorch calls device number `index` of the kind.
    pub(crate) fn torch(self, index: usize) -> String {
        if self.has_numbers() { format!("cuda:{index}") } else { "cpu".to_string() }
    }

    /// Whether there can be several.
    pub fn has_numbers(self) -> bool {
        matches!(self, Self::Cuda | Self::TchCuda)
    }
}

impl fmt::Display for DeviceName {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind.has_numbers() {
            true => write!(out, "{}:{}", self.kind.name(), self.index),
            false => out.write_str(self.kind.name()),
        }
    }
}

impl std::str::FromStr for DeviceName {
    type Err = DeviceError;

    fn from_str(text: &str) -> Result<Self, DeviceError> {
        let unknown = || DeviceError::Unknown(text.to_string());
        let (name, number) = text.split_once(':').map_or((text, None), |(name, number)| (name, Some(number)));
        let kind = Kind::ALL.into_iter().find(|kind| kind.name() == name).ok_or_else(unknown)?;
        let index = match number {
            None => 0,
            Some(number) if kind.has_numbers() => number.parse().map_err(|_| unknown())?,
            Some(_) => return Err(unknown()),
        };
        Ok(Self { kind, index })
    }
}

impl DeviceName {
    /// The device, once it has computed something.
    ///
    /// # Errors
    /// If it was not compiled in or does not compute.
    pub fn open(self) -> Result<Device, DeviceError> {
        if self.kind == Kind::Cpu {
            return Ok(Device::flex());
        }
        // A missing driver shows as a panic of the library that looks for it.
        quietly(|| {
            let device = self.compiled_in()?;
            let sum = Tensor::<1>::ones([3], &device).sum().into_scalar::<f32>();
            if sum == 3.0 { Ok(device) } else { Err(DeviceError::Silent(self, format!("1 + 1 + 1 gave {sum}"))) }
        })
        .unwrap_or_else(|reason| Err(DeviceError::Silent(self, reason)))
    }

    /// The card, if the driver knows it: it is asked before Burn opens the card, which says less when there is none.
    #[cfg(feature = "cuda")]
    fn card(self) -> Result<Device, DeviceError> {
        let cards = Device::enumerate(burn::tensor::DeviceType::Cuda).len();
        match cards {
            0 => Err(DeviceError::Silent(self, "no NVIDIA driver is installed, or it finds no card".to_string())),
            _ if self.index >= cards => {
                Err(DeviceError::Silent(self, format!("the driver finds {cards}, numbered from 0")))
            }
            _ => Ok(Device::cuda(self.index)),
        }
    }

    // Burn means to drop LibTorch; until then it is the way to compare with it.
    #[cfg_attr(feature = "tch", allow(deprecated))]
    fn compiled_in(self) -> Result<Device, DeviceError> {
        match self.kind {
            Kind::Cpu => Ok(Device::flex()),
            #[cfg(feature = "cuda")]
            Kind::Cuda => self.card(),
            #[cfg(feature = "tch")]
            Kind::Tch => Ok(Device::libtorch()),
            #[cfg(feature = "tch")]
            Kind::TchCuda => Ok(Device::libtorch_cuda(self.index)),
            #[cfg(not(all(feature = "cuda", feature = "tch")))]
            _ => Err(DeviceError::NotBuilt(self)),
        }
    }
}

/// The kinds of numbers `device` computes with.
pub fn number_formats(device: &Device) -> Vec<&'static str> {
    let formats = [(DType::F64, "f64"), (DType::F32, "f32"), (DType::F16, "f16"), (DType::BF16, "bf16")];
    formats.into_iter().filter(|(dtype, _)| device.supports_dtype(*dtype)).map(|(_, name)| name).collect()
}

/// Runs `work`; a panic is returned as its first line instead of being printed.
pub(crate) fn quietly<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    let hook = take_hook();
    set_hook(Box::new(|_| {}));
    let done = catch_unwind(AssertUnwindSafe(work));
    set_hook(hook);
    done.map_err(|cause| {
        let text = cause.downcast_ref::<String>().cloned();
        let text = text.or_else(|| cause.downcast_ref::<&str>().map(|text| (*text).to_string()));
        gist(&text.unwrap_or_default()).to_string()
    })
}

/// The first line of a panic's text, without what Rust and LibTorch put around it; a stack may follow in escapes.
fn gist(text: &str) -> &str {
    let line = text.lines().next().unwrap_or("no reason given");
    let line = line.split("\\n").next().unwrap_or(line);
    let line = line.strip_prefix("called `Result::unwrap()` on an `Err` value: ").unwrap_or(line);
    line.strip_prefix("Torch(\"").unwrap_or(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_numbers() {
        for (text, kind, index) in [
            ("cpu", Kind::Cpu, 0),
            ("cuda", Kind::Cuda, 0),
            ("cuda:3", Kind::Cuda, 3),
            ("tch-cuda:1", Kind::TchCuda, 1),
        ] {
            assert_eq!(text.parse(), Ok(DeviceName { kind, index }));
        }
        for text in ["gpu", "cuda:", "cuda:x", "cpu:0", "tch:1", ""] {
            let error = text.parse::<DeviceName>().unwrap_err().to_string();
            assert!(error.starts_with(&format!("no device `{text}`, expected `cpu`")), "{error}");
        }
    }

    #[test]
    fn the_processor_is_always_there() {
        let device = "cpu".parse::<DeviceName>().unwrap().open().unwrap();
        assert!(number_formats(&device).contains(&"f32"));
    }

    #[cfg(not(feature = "cuda"))]
    #[test]
    fn what_was_not_compiled_in_says_how_to_build_it() {
        let error = "cuda:0".parse::<DeviceName>().unwrap().open().unwrap_err().to_string();
        assert_eq!(error, "device `cuda:0` was not compiled in; build with `cargo xtask --features cuda …`");
    }

    #[test]
    fn a_panic_becomes_its_first_line() {
        assert_eq!(quietly(|| 1), Ok(1));
        let panics = || -> u8 { panic!("no driver\nat all") };
        assert_eq!(quietly(panics), Err("no driver".to_string()));
        let torch = r#"called `Result::unwrap()` on an `Err` value: Torch("no card\nframe #0: c10")"#;
        assert_eq!(gist(torch), "no card");
    }
}
