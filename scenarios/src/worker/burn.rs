//! The same load without the model: matrix products, to part heat and power from content.

use std::collections::BTreeMap;
use std::time::Instant;

use candle_core::{Device, Tensor};
use crashpoint_reports::Phase;
use crashpoint_reports::protocol::WorkerError;

use super::{Steps, Stop, device};
use crate::job::Burn;

/// Side of the matrices: large enough to keep a big GPU busy, small enough for one core.
const SIDE: usize = 4096;
const SIDE_ON_CPU: usize = 768;

pub fn run(steps: &mut Steps<'_>, work: &Burn) -> Result<(), Stop> {
    let device = device::open(&work.device)?;
    steps.opened(&device)?;
    let dtype = device::dtype(&work.dtype)?;
    let side = if device.is_cpu() { SIDE_ON_CPU } else { SIDE };
    steps.phase(Phase::Run, None, |steps| {
        let (products, elapsed) = burn(&device, dtype, side, work.seconds).map_err(|error| {
            Stop::Error(WorkerError {
                class: None,
                message: format!("a matrix product failed: {error}"),
                refused: false,
            })
        })?;
        let operations = 2.0 * (side as f64).powi(3) * products as f64;
        let facts = BTreeMap::from([
            ("burn_products".to_owned(), products.into()),
            ("burn_side".to_owned(), side.into()),
            (
                "burn_gflop_per_second".to_owned(),
                (operations / elapsed / 1e9).into(),
            ),
        ]);
        Ok(steps.channel.facts(facts)?)
    })
}

fn burn(
    device: &Device,
    dtype: candle_core::DType,
    side: usize,
    seconds: f64,
) -> candle_core::Result<(u64, f64)> {
    // Scaled so that the product of two such matrices has the same spread again, for ever.
    let scale = (side as f32).sqrt().recip();
    let left = Tensor::randn(0f32, scale, (side, side), device)?.to_dtype(dtype)?;
    let mut right = Tensor::randn(0f32, 1f32, (side, side), device)?.to_dtype(dtype)?;
    let began = Instant::now();
    let mut products = 0;
    while began.elapsed().as_secs_f64() < seconds {
        right = left.matmul(&right)?;
        // Without it the queue of a GPU would run far ahead of the clock.
        device.synchronize()?;
        products += 1;
    }
    Ok((products, began.elapsed().as_secs_f64()))
}
