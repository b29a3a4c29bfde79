//! Quantising one matrix on the host, on all cores, and putting it on the device: neither of the two
//! ever holds the matrix unquantised.

use std::sync::atomic::{AtomicBool, Ordering};

use candle_core::Device;
use candle_core::quantized::k_quants::{BlockQ4K, BlockQ8_0};
use candle_core::quantized::{GgmlDType, GgmlType, QStorage, QTensor};
use rayon::prelude::*;

use super::ModelError;
use super::manifest::Expected;

const DOING: &str = "quantise the weights";

/// `fill(start, values)` must put the matrix's values from `start` on into `values`.
pub fn quantise(
    matrix: &Expected,
    format: GgmlDType,
    device: &Device,
    fill: impl Fn(usize, &mut [f32]) + Sync,
) -> Result<QTensor, ModelError> {
    let storage = match format {
        GgmlDType::Q8_0 => QStorage::Cpu(Box::new(blocks::<BlockQ8_0>(matrix, fill)?)),
        GgmlDType::Q4K => QStorage::Cpu(Box::new(blocks::<BlockQ4K>(matrix, fill)?)),
        other => {
            let unknown = candle_core::Error::Msg(format!("no way to make {other:?}"));
            return Err(ModelError::compute(DOING)(unknown));
        }
    };
    let quantised =
        QTensor::new(storage, matrix.shape.as_slice()).map_err(ModelError::compute(DOING))?;
    put(quantised, device).map_err(ModelError::compute("put the weights on the device"))
}

fn put(quantised: QTensor, device: &Device) -> candle_core::Result<QTensor> {
    if device.is_cpu() {
        return Ok(quantised);
    }
    let storage = QStorage::from_data(quantised.data()?, device, quantised.dtype())?;
    QTensor::new(storage, quantised.shape())
}

/// Row by row, since a row is quantised by itself.
fn blocks<B: GgmlType>(
    matrix: &Expected,
    fill: impl Fn(usize, &mut [f32]) + Sync,
) -> Result<Vec<B>, ModelError> {
    let no_memory = |bytes: u64| ModelError::HostMemory {
        name: matrix.name.clone(),
        bytes,
    };
    let elements = matrix.elements();
    let row = matrix.shape.last().copied().unwrap_or(1);
    let count = usize::try_from(elements).map_err(|_| no_memory(elements))? / B::BLCK_SIZE;
    let mut blocks: Vec<B> = Vec::new();
    blocks
        .try_reserve_exact(count)
        .map_err(|_| no_memory((count * size_of::<B>()) as u64))?;
    blocks.resize(count, B::zeros());

    // A block would swallow what is not a number, and the answers would be wrong without a word.
    let broken = AtomicBool::new(false);
    blocks
        .par_chunks_mut(row / B::BLCK_SIZE)
        .enumerate()
        .for_each_init(
            || vec![0.0; row],
            |values, (index, blocks)| {
                fill(index * row, values);
                if values.iter().all(|value| value.is_finite()) {
                    B::from_float(values, blocks);
                } else {
                    broken.store(true, Ordering::Relaxed);
                }
            },
        );
    match broken.into_inner() {
        true => Err(ModelError::NotFinite {
            name: matrix.name.clone(),
        }),
        false => Ok(blocks),
    }
}

#[cfg(test)]
mod tests {
    use candle_core::{DType, Tensor};

    use super::super::manifest::Role;
    use super::*;

    fn matrix(rows: usize, row: usize) -> Expected {
        Expected {
            name: "matrix".into(),
            shape: vec![rows, row],
            role: Role::Product,
        }
    }

    /// Of no particular period, and with a sign.
    fn value(index: usize) -> f32 {
        ((index * 7919 % 1009) as f32 - 504.0) / 100.0
    }

    #[test]
    fn on_all_cores_it_is_what_candle_makes_on_one() {
        for format in [GgmlDType::Q8_0, GgmlDType::Q4K] {
            let (rows, row) = (33, 512);
            let made = quantise(&matrix(rows, row), format, &Device::Cpu, |start, values| {
                for (index, place) in (start..).zip(values) {
                    *place = value(index);
                }
            })
            .unwrap();
            let values: Vec<f32> = (0..rows * row).map(value).collect();
            let whole = Tensor::from_vec(values, (rows, row), &Device::Cpu).unwrap();
            let wanted = QTensor::quantize(&whole, format).unwrap();
            assert_eq!(made.dtype(), format);
            assert_eq!(made.data().unwrap(), wanted.data().unwrap(), "{format:?}");
            let back = made.dequantize(&Device::Cpu).unwrap();
            assert_eq!((back.dims(), back.dtype()), (&[rows, row][..], DType::F32));
        }
    }

    #[test]
    fn what_is_not_a_number_is_not_swallowed() {
        for broken in [f32::NAN, f32::INFINITY] {
            let refused = quantise(
                &matrix(4, 64),
                GgmlDType::Q8_0,
                &Device::Cpu,
                |start, values| {
                    values.fill(1.0);
                    if start == 128 {
                        values[63] = broken;
                    }
                },
            );
            assert!(
                matches!(refused, Err(ModelError::NotFinite { .. })),
                "{refused:?}"
            );
        }
    }
}
