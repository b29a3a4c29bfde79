//! What is mapped where in the crashed process.

use std::path::PathBuf;

use procfs::ProcResult;
use procfs::process::{MMPermissions, MMapPath, MemoryMap, Process};

pub struct Maps(Vec<MemoryMap>);

/// A part of a file that may be executed.
pub struct Code {
    pub path: PathBuf,
    pub start: u64,
    pub end: u64,
    /// Of `start`, in the file.
    pub offset: u64,
}

impl Code {
    /// Without its folder.
    pub fn name(&self) -> Option<String> {
        let name = self.path.file_name()?.to_string_lossy().into_owned();
        Some(name.trim_end_matches(" (deleted)").to_owned())
    }
}

impl Maps {
    pub fn of(pid: i32) -> ProcResult<Maps> {
        let maps = Process::new(pid)?.maps()?;
        Ok(Maps(maps.into_iter().collect()))
    }

    fn at(&self, address: u64) -> Option<&MemoryMap> {
        self.0
            .iter()
            .find(|map| (map.address.0..map.address.1).contains(&address))
    }

    pub fn code_at(&self, address: u64) -> Option<Code> {
        let map = self.at(address)?;
        let MMapPath::Path(path) = &map.pathname else {
            return None;
        };
        map.perms.contains(MMPermissions::EXECUTE).then(|| Code {
            path: path.clone(),
            start: map.address.0,
            end: map.address.1,
            offset: map.offset,
        })
    }

    pub fn executable(&self, address: u64) -> bool {
        self.at(address)
            .is_some_and(|map| map.perms.contains(MMPermissions::EXECUTE))
    }

    pub fn writable(&self, address: u64) -> bool {
        self.at(address)
            .is_some_and(|map| map.perms.contains(MMPermissions::WRITE))
    }

    /// Whether what may be written begins within this distance above an address.
    pub fn writable_above(&self, address: u64, within: u64) -> bool {
        self.0.iter().any(|map| {
            map.perms.contains(MMPermissions::WRITE)
                && map.address.0 > address
                && map.address.0 - address <= within
        })
    }

    /// As `/proc/PID/maps` names it.
    pub fn name_at(&self, address: u64) -> Option<String> {
        let name = match &self.at(address)?.pathname {
            MMapPath::Path(path) => path.display().to_string(),
            MMapPath::Heap => "[heap]".to_owned(),
            MMapPath::Stack | MMapPath::TStack(_) => "[stack]".to_owned(),
            MMapPath::Vdso => "[vdso]".to_owned(),
            MMapPath::Vsys(_) => "[shared memory]".to_owned(),
            MMapPath::Other(name) => name.clone(),
            _ => "[anonymous]".to_owned(),
        };
        Some(name)
    }
}
