//! How weights and other values are stored, as far as the kernels know it.

use candle_core::DType;
use candle_core::quantized::GgmlDType;

/// Of weights.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    Plain(Float),
    Q8_0,
    Q4K,
}

/// Of everything else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Float {
    F32,
    F16,
    Bf16,
}

impl Format {
    pub fn of(dtype: GgmlDType) -> Option<Format> {
        match dtype {
            GgmlDType::F32 => Some(Format::Plain(Float::F32)),
            GgmlDType::F16 => Some(Format::Plain(Float::F16)),
            GgmlDType::BF16 => Some(Format::Plain(Float::Bf16)),
            GgmlDType::Q8_0 => Some(Format::Q8_0),
            GgmlDType::Q4K => Some(Format::Q4K),
            _ => None,
        }
    }

    /// As the kernels' names have it.
    pub fn name(self) -> &'static str {
        match self {
            Format::Plain(float) => float.name(),
            Format::Q8_0 => "q8_0",
            Format::Q4K => "q4k",
        }
    }

    /// Rows are read in runs of so many columns.
    pub fn run(self) -> usize {
        match self {
            Format::Plain(Float::F32) => 4,
            Format::Plain(Float::F16 | Float::Bf16) => 8,
            Format::Q8_0 => 32,
            Format::Q4K => 256,
        }
    }
}

impl Float {
    pub fn of(dtype: DType) -> Option<Float> {
        match dtype {
            DType::F32 => Some(Float::F32),
            DType::F16 => Some(Float::F16),
            DType::BF16 => Some(Float::Bf16),
            _ => None,
        }
    }

    pub fn name(self) -> &'static str {
        match self {
            Float::F32 => "f32",
            Float::F16 => "f16",
            Float::Bf16 => "bf16",
        }
    }
}
