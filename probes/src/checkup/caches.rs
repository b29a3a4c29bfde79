//! Room where models and compiled kernels are kept.

use std::path::{Path, PathBuf};

use crashpoint_reports::checkup::{Check, Topic};
use crashpoint_reports::gathered::DiskSpace;

use super::about::About;
use super::worst::Worst;

pub(super) const ABOUT: About = About {
    topic: Topic::Limits,
    name: "caches",
    matters: "a download or a kernel that finds no room fails in the middle, and leaves a broken file",
};

/// A 7B model in half precision.
const MODEL_BYTES: u64 = 16 << 30;
/// CUDA keeps at most so much (CUDA_CACHE_MAXSIZE).
const KERNELS_BYTES: u64 = 1 << 30;

#[derive(Debug)]
pub(super) struct Room {
    pub what: &'static str,
    pub disk: Option<DiskSpace>,
    pub needed: u64,
    pub variable: &'static str,
}

pub(super) fn rooms() -> Vec<Room> {
    let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
    // CUDA's own default (CUDA_CACHE_PATH).
    let kernels = set("CUDA_CACHE_PATH")
        .map(PathBuf::from)
        .or_else(|| Some(PathBuf::from(set("HOME")?).join(".nv/ComputeCache")));
    let of = |path: Option<PathBuf>| path.and_then(|path| nearest(&path));
    vec![
        Room {
            what: "models",
            disk: of(crate::env::model_cache()),
            needed: MODEL_BYTES,
            variable: "HF_HOME",
        },
        Room {
            what: "kernels",
            disk: of(kernels),
            needed: KERNELS_BYTES,
            variable: "CUDA_CACHE_PATH",
        },
    ]
}

/// Of what need not exist.
fn nearest(path: &Path) -> Option<DiskSpace> {
    path.ancestors().find_map(crate::disk::of)
}

pub(super) fn check(rooms: &[Room]) -> Check {
    let mut worst = Worst::default();
    for room in rooms {
        let Some(disk) = &room.disk else {
            continue;
        };
        let gib = disk.free_bytes as f64 / f64::from(1_u32 << 30);
        let seen = format!("{}: {gib:.1} GiB free in {}", room.what, disk.path);
        let elsewhere = format!("export {}=/a/folder/with/room", room.variable);
        match disk.free_bytes < room.needed {
            true => worst.doubtful(
                seen,
                &["# make room there, or use another disk:", &elsewhere],
            ),
            false => worst.good(seen),
        }
    }
    worst.check(
        &ABOUT,
        "neither HOME nor a variable says where they would be",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crashpoint_reports::checkup::State;

    #[test]
    fn a_model_needs_room() {
        let room = |free_bytes: u64| Room {
            what: "models",
            disk: Some(DiskSpace {
                path: "/srv".into(),
                filesystem: None,
                total_bytes: 1 << 40,
                free_bytes,
                free_inodes: None,
            }),
            needed: MODEL_BYTES,
            variable: "HF_HOME",
        };
        assert_eq!(check(&[room(1 << 40)]).state, State::Good);
        let full = check(&[room(1 << 30)]);
        assert_eq!(full.state, State::Doubtful);
        assert!(full.remedy[1].contains("HF_HOME"));
        assert_eq!(check(&[]).state, State::Good);
        assert!(nearest(Path::new("/no/such/folder")).is_some());
    }
}
