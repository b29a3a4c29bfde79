//! Pressure stall information, `/proc/pressure/*`.
//!
//! procfs's own parser indexes past the end of a short line, so these two lines are taken apart here.

/// The ten-second averages of one resource, in percent. Kernels before 5.13 have no `full` for the CPU.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Pressure {
    pub(crate) some_avg10: Option<f64>,
    pub(crate) full_avg10: Option<f64>,
}

impl Pressure {
    pub(crate) fn parse(text: &str) -> Pressure {
        let average = |kind: &str| {
            let line = text
                .lines()
                .find(|line| line.split_whitespace().next() == Some(kind))?;
            let value = line
                .split_whitespace()
                .find_map(|word| word.strip_prefix("avg10="))?;
            value
                .parse()
                .ok()
                .filter(|percent: &f64| percent.is_finite())
        };
        Pressure {
            some_avg10: average("some"),
            full_avg10: average("full"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_lines_are_read_and_what_is_malformed_is_nothing() {
        let text = "some avg10=4.50 avg60=0.91 avg300=0.00 total=681245\nfull avg10=2.10 avg60=0.12 avg300=0.00 total=391926\n";
        let read = Pressure::parse(text);
        assert_eq!((read.some_avg10, read.full_avg10), (Some(4.5), Some(2.1)));
        assert_eq!(
            Pressure::parse("some avg10=1.00 avg60=0\n").full_avg10,
            None
        );
        for text in [
            "",
            "some",
            "some avg10=",
            "some avg10=NaN",
            "full avg60=1.0",
            "\n\n",
            "somewhat avg10=1",
        ] {
            assert_eq!(Pressure::parse(text), Pressure::default(), "{text:?}");
        }
    }
}
