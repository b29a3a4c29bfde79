//! In which number format the weights are held: `--dtype`, and `--quant` for the language model's
//! matrix products.

use std::str::FromStr;

use candle_core::DType;
use candle_core::quantized::GgmlDType;

use super::ModelError;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Precision {
    pub dtype: DType,
    pub quant: Option<Quant>,
}

impl From<DType> for Precision {
    fn from(dtype: DType) -> Precision {
        Precision { dtype, quant: None }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Quant {
    Q8_0,
    Q4K,
}

impl Quant {
    /// The format of a matrix with rows of this length: a block never spans two rows. `None` if not
    /// even the smaller blocks divide them.
    pub fn format(self, row: usize) -> Option<GgmlDType> {
        let formats: &[GgmlDType] = match self {
            Quant::Q8_0 => &[GgmlDType::Q8_0],
            Quant::Q4K => &[GgmlDType::Q4K, GgmlDType::Q8_0],
        };
        let divides = |format: &&GgmlDType| row.is_multiple_of(format.block_size());
        formats.iter().find(divides).copied()
    }
}

impl FromStr for Quant {
    type Err = ModelError;

    fn from_str(name: &str) -> Result<Quant, ModelError> {
        match name {
            "q8_0" => Ok(Quant::Q8_0),
            "q4k" => Ok(Quant::Q4K),
            _ => Err(ModelError::UnknownQuant { name: name.into() }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_that_a_format_does_not_divide_get_a_finer_one() {
        let of = |quant: Quant| [512, 1376, 88].map(|row| quant.format(row));
        assert_eq!(
            of(Quant::Q4K),
            [Some(GgmlDType::Q4K), Some(GgmlDType::Q8_0), None]
        );
        assert_eq!(
            of(Quant::Q8_0),
            [Some(GgmlDType::Q8_0), Some(GgmlDType::Q8_0), None]
        );
    }
}
