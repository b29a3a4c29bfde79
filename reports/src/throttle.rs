//! Why a GPU runs below its clocks: NVML's bits (nvmlClocksEventReasons) by name.

/// It slowed itself down because of its heat: by software at a limit that was set, by hardware beyond it.
pub const HEAT: u64 = 0x20 | 0x40;
/// Something outside, such as the power supply, told it to.
pub const POWER_BRAKE: u64 = 0x80;
/// By hardware, to half the clocks or less. Set as well where heat or the power brake is the reason.
pub const HARDWARE: u64 = 0x8;

const NAMES: [(u64, &str); 9] = [
    (0x1, "gpu_idle"),
    (0x2, "applications_clocks_setting"),
    (0x4, "sw_power_cap"),
    (HARDWARE, "hw_slowdown"),
    (0x10, "sync_boost"),
    (0x20, "sw_thermal_slowdown"),
    (0x40, "hw_thermal_slowdown"),
    (POWER_BRAKE, "hw_power_brake_slowdown"),
    (0x100, "display_clock_setting"),
];

/// Each bit that is set, by itself.
pub fn bits(reasons: u64) -> impl Iterator<Item = u64> {
    (0..u64::BITS)
        .map(|place| 1 << place)
        .filter(move |bit| reasons & bit != 0)
}

/// As NVML's own constant is called; one that is newer than this by its value.
pub fn name(bit: u64) -> String {
    NAMES.iter().find(|(known, _)| *known == bit).map_or_else(
        || format!("reason {bit:#x}"),
        |(_, name)| (*name).to_owned(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_bit_has_its_name_and_an_unknown_one_its_value() {
        let names: Vec<String> = bits(0x8 | 0x40 | 0x4000).map(name).collect();
        assert_eq!(
            names,
            ["hw_slowdown", "hw_thermal_slowdown", "reason 0x4000"]
        );
        assert_eq!(bits(0).count(), 0);
    }
}
