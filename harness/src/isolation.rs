//! What a worker may take of the host, and whether that can be enforced here.

use crashpoint_probes::OwnGroup;
use crashpoint_probes::cgroup::Limits;
use crashpoint_scenarios::fault::Needs;

use crate::cli::IsolationOptions;
use crate::failure::Failure;

impl IsolationOptions {
    pub fn host_memory_limit_bytes(&self) -> Option<u64> {
        self.host_memory_limit.map(|size| size.as_u64())
    }

    /// Tried once before anything is started: a limit that can't be enforced is no limit. Without
    /// one that a fault on purpose needs, the fault itself says that it does not strike.
    pub fn group(&self, needs: &Needs) -> Result<Option<Limits>, Failure> {
        let asked = self.host_memory_limit_bytes();
        let limits = Limits {
            memory_bytes: asked.or(needs.memory_limit_bytes),
            pids: needs.pids_limit,
        };
        if limits == Limits::default() {
            return Ok(None);
        }
        match OwnGroup::make(limits) {
            Ok(_) => Ok(Some(limits)),
            Err(error) if asked.is_some() => {
                Err(Failure::unfit(format!("--host-memory-limit: {error}")))
            }
            Err(error) => {
                eprintln!("crashpoint: {error}");
                Ok(None)
            }
        }
    }
}
