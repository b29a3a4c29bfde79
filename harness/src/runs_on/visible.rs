//! Which GPUs a process may use, by `CUDA_VISIBLE_DEVICES` as CUDA reads it.

use crashpoint_reports::environment::Gpu;

pub const VARIABLE: &str = "CUDA_VISIBLE_DEVICES";

/// In the order that CUDA numbers them: as they are without the variable, otherwise as they stand
/// there, up to the first entry that names none.
pub fn visible(gpus: &[Gpu], variable: Option<&str>) -> Vec<Gpu> {
    let Some(entries) = variable else {
        return gpus.to_vec();
    };
    let named = entries.split(',').map(|entry| named(gpus, entry.trim()));
    named.map_while(|gpu| gpu.cloned()).collect()
}

/// An index, or the beginning of a UUID that belongs to one alone.
fn named<'a>(gpus: &'a [Gpu], entry: &str) -> Option<&'a Gpu> {
    if let Ok(index) = entry.parse::<u32>() {
        return gpus.iter().find(|gpu| gpu.index == index);
    }
    let mut alike = gpus
        .iter()
        .filter(|gpu| entry.starts_with("GPU-") && gpu.uuid.starts_with(entry));
    alike.next().filter(|_| alike.next().is_none())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gpu(index: u32, uuid: &str) -> Gpu {
        Gpu {
            index,
            uuid: uuid.to_owned(),
            ..Gpu::default()
        }
    }

    #[test]
    fn the_variable_chooses_and_orders() {
        let all = [gpu(0, "GPU-aa1"), gpu(1, "GPU-ab2"), gpu(2, "GPU-c")];
        for (variable, indices) in [
            (None, &[0, 1, 2][..]),
            (Some("2,0"), &[2, 0]),
            (Some("GPU-ab"), &[1]),
            (Some("GPU-c, 0"), &[2, 0]),
            // Two begin so.
            (Some("GPU-a"), &[]),
            (Some(""), &[]),
            (Some("-1"), &[]),
            (Some("NoDevFiles"), &[]),
            // What comes after a wrong entry is hidden.
            (Some("1,7,0"), &[1]),
        ] {
            let found: Vec<u32> = visible(&all, variable).iter().map(|it| it.index).collect();
            assert_eq!(found, indices, "{variable:?}");
        }
    }
}
