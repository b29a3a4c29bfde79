//! Temperatures of the processor and of the hottest sensor. A sensor behind a slow bus may take
//! milliseconds, so nobody asks more than once a second.

use sysinfo::{Component, Components};

/// Chips and zones whose temperature is a processor's.
const PROCESSORS: [&str; 9] = [
    "coretemp",
    "k10temp",
    "k8temp",
    "zenpower",
    "cpu",
    "x86_pkg_temp",
    "soc_thermal",
    "soc-thermal",
    "cluster",
];

/// Outside of this a sensor is not connected, or shows a limit in place of a reading.
const PLAUSIBLE: std::ops::RangeInclusive<f64> = 1.0..=130.0;

/// Finds the machine's sensors once.
#[derive(Debug)]
pub struct Thermometer {
    components: Option<Components>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Temperatures {
    /// The hottest sensor that belongs to a processor.
    pub cpu_celsius: Option<f64>,
    pub hottest_celsius: Option<f64>,
}

impl Thermometer {
    #[allow(
        clippy::new_without_default,
        reason = "a search for sensors is no default"
    )]
    pub fn new() -> Thermometer {
        Thermometer {
            components: Components::new_with_refreshed_list().ok(),
        }
    }

    pub fn read(&mut self) -> Temperatures {
        let sensors = self
            .components
            .iter_mut()
            .flat_map(|components| components.iter_mut());
        Temperatures::of(sensors.filter_map(|sensor: &mut Component| {
            sensor.refresh();
            Some((sensor.label(), f64::from(sensor.temperature()?)))
        }))
    }
}

impl Temperatures {
    fn of<'a>(sensors: impl Iterator<Item = (&'a str, f64)>) -> Temperatures {
        let mut found = Temperatures::default();
        for (label, celsius) in sensors {
            // Mainboard chips report inputs that nothing is wired to; they drift at any value.
            if !PLAUSIBLE.contains(&celsius) || label.contains("AUXTIN") {
                continue;
            }
            found.hottest_celsius = hotter(found.hottest_celsius, celsius);
            if is_processor(label) {
                found.cpu_celsius = hotter(found.cpu_celsius, celsius);
            }
        }
        found
    }
}

fn hotter(known: Option<f64>, celsius: f64) -> Option<f64> {
    Some(known.map_or(celsius, |known| known.max(celsius)))
}

fn is_processor(label: &str) -> bool {
    let label = label.to_ascii_lowercase();
    PROCESSORS.iter().any(|chip| label.starts_with(chip))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hottest_plausible_sensor_counts_and_the_processor_is_told_apart() {
        let sensors = [
            ("coretemp Package id 0", 61.0),
            ("coretemp Core 1", 64.0),
            ("nvme Composite", 71.5),
            ("nct6798 AUXTIN0", 115.0),
            ("acpitz temp1", -273.2),
            ("iwlwifi_1 temp1", f64::NAN),
        ];
        let read = Temperatures::of(sensors.into_iter());
        assert_eq!(
            (read.cpu_celsius, read.hottest_celsius),
            (Some(64.0), Some(71.5))
        );
        assert_eq!(
            Temperatures::of(std::iter::empty()),
            Temperatures::default()
        );
    }

    #[test]
    fn a_machine_without_sensors_has_no_temperature() {
        let sensors =
            |path| std::fs::read_dir(path).is_ok_and(|mut entries| entries.next().is_some());
        if !sensors("/sys/class/hwmon") && !sensors("/sys/class/thermal") {
            assert_eq!(Thermometer::new().read(), Temperatures::default());
        }
    }
}
