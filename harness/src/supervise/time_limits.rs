//! How long anything may take. Nothing else in the harness knows a duration of a worker's.

use std::time::Duration;

use crashpoint_reports::Phase;

/// A later image may take so many times what the slowest image of the run took,
const LATER_FACTOR: f64 = 10.0;
/// and never less than this: a machine can be busy for a while.
const LATER_AT_LEAST: Duration = Duration::from_secs(30);

#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TimeLimits {
    /// From the spawn to the worker's first phase, and between two images.
    pub start: Duration,
    pub load: Duration,
    /// The first use of a GPU compiles kernels and loads libraries.
    pub warmup: Duration,
    /// The first image in a worker.
    pub first_image: Duration,
    pub later_image: LaterImage,
    pub teardown: Duration,
    /// A phase that is not about images, where somebody knows how long it should take.
    pub run: Option<Duration>,
    /// The whole attempt.
    pub whole: Option<Duration>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub enum LaterImage {
    Fixed(Duration),
    /// From what was measured in this run.
    Derived {
        slowest: Option<Duration>,
    },
}

impl Default for TimeLimits {
    fn default() -> TimeLimits {
        TimeLimits {
            start: Duration::from_secs(60),
            load: Duration::from_secs(900),
            warmup: Duration::from_secs(900),
            first_image: Duration::from_secs(900),
            later_image: LaterImage::Derived { slowest: None },
            teardown: Duration::from_secs(60),
            run: None,
            whole: None,
        }
    }
}

impl TimeLimits {
    /// Takes note of how long an image took.
    pub fn measured(&mut self, image: Duration) {
        if let LaterImage::Derived { slowest } = &mut self.later_image {
            *slowest = Some(slowest.map_or(image, |before| before.max(image)));
        }
    }

    pub fn later_image(&self) -> Duration {
        match self.later_image {
            LaterImage::Fixed(limit) => limit,
            LaterImage::Derived { slowest: None } => self.first_image,
            LaterImage::Derived {
                slowest: Some(slowest),
            } => slowest
                .mul_f64(LATER_FACTOR)
                .max(LATER_AT_LEAST)
                .min(self.first_image),
        }
    }

    /// The limit that holds while a worker is in this phase, and what it is a limit of.
    pub fn of(&self, phase: &Phase, position: Option<u32>) -> Option<(Duration, &'static str)> {
        match (phase, position) {
            (Phase::Start, _) => Some((self.start, "to start")),
            (Phase::Load, _) => Some((self.load, "to load")),
            (Phase::Warmup, _) => Some((self.warmup, "to warm up")),
            (Phase::Idle, _) => Some((self.start, "between images")),
            (Phase::Teardown, _) => Some((self.teardown, "to leave")),
            (_, Some(1)) => Some((self.first_image, "for the first image in a worker")),
            (_, Some(_)) => Some((self.later_image(), "for a later image")),
            (_, None) => self.run.map(|limit| (limit, "for this phase")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_later_image_is_given_a_multiple_of_the_slowest_within_bounds() {
        let mut limits = TimeLimits::default();
        assert_eq!(limits.later_image(), limits.first_image);
        limits.measured(Duration::from_millis(40));
        assert_eq!(limits.later_image(), LATER_AT_LEAST);
        limits.measured(Duration::from_secs(9));
        limits.measured(Duration::from_secs(2));
        assert_eq!(limits.later_image(), Duration::from_secs(90));
        limits.measured(Duration::from_secs(900));
        assert_eq!(limits.later_image(), limits.first_image);
    }

    #[test]
    fn loading_and_warming_up_have_a_limit_each() {
        let limits = TimeLimits {
            load: Duration::from_secs(1),
            warmup: Duration::from_secs(2),
            ..TimeLimits::default()
        };
        let of = |phase| limits.of(&phase, None);
        assert_eq!(of(Phase::Load), Some((Duration::from_secs(1), "to load")));
        assert_eq!(
            of(Phase::Warmup),
            Some((Duration::from_secs(2), "to warm up"))
        );
    }

    #[test]
    fn what_the_user_set_stands() {
        let mut limits = TimeLimits {
            later_image: LaterImage::Fixed(Duration::from_secs(1)),
            ..TimeLimits::default()
        };
        limits.measured(Duration::from_secs(50));
        let (limit, _) = limits.of(&Phase::Decode, Some(2)).unwrap();
        assert_eq!(limit, Duration::from_secs(1));
    }
}
