//! The worker of the moment with its control group.

use std::time::{Duration, Instant};

use crashpoint_reports::{HostSample, WorkerSample};

use crate::cgroup::Cgroup;
use crate::worker::Worker;

/// How soon a move to another group, or a new limit, is seen.
const GROUP_EVERY: Duration = Duration::from_secs(1);

#[derive(Debug)]
pub(super) struct Watched {
    worker: Worker,
    membership: String,
    group: Option<Cgroup>,
    limit: Option<u64>,
    group_read: Option<Instant>,
}

impl Watched {
    pub(super) fn open(pid: i32) -> Option<Watched> {
        Some(Watched {
            worker: Worker::open(pid)?,
            membership: String::new(),
            group: None,
            limit: None,
            group_read: None,
        })
    }

    /// `None` once the worker is gone; then its group is not read either.
    pub(super) fn sample(&mut self, host: &mut HostSample) -> Option<WorkerSample> {
        let sample = self.worker.sample()?;
        if self
            .group_read
            .is_none_or(|then| then.elapsed() >= GROUP_EVERY)
        {
            self.group_read = Some(Instant::now());
            self.look_up_group();
        }
        host.cgroup_memory_bytes = self.group.as_mut().and_then(Cgroup::memory_bytes);
        host.cgroup_memory_limit_bytes = self.limit;
        Some(sample)
    }

    fn look_up_group(&mut self) {
        let membership = self.worker.membership().unwrap_or_default();
        if membership != self.membership {
            self.group = Cgroup::from_membership(&membership);
            self.membership = membership;
        }
        self.limit = self.group.as_mut().and_then(Cgroup::memory_limit_bytes);
    }
}
