//! A mount namespace of this process's own, with a small file system in it: it can be filled, and
//! is gone with the process.

use std::path::Path;

use crashpoint_reports::Class;
use nix::errno::Errno;
use nix::mount::{MsFlags, mount};
use nix::sched::{CloneFlags, unshare};
use nix::unistd::{getegid, geteuid};

use super::{Fault, FaultError};

const SIZE: &str = "size=1m";

/// While this process has one thread only: a user namespace cannot be entered by one of several.
pub fn small_file_system(fault: Fault, place: &Path) -> Result<(), FaultError> {
    let made = namespace().and_then(|()| {
        mount_tmpfs(place).map_err(|error| format!("mount {}: {error}", place.display()))
    });
    made.map_err(|why| {
        FaultError::unfit(
            Class::PermissionDenied,
            format!(
                "{fault} needs a mount namespace of its own, and this user cannot have one (failed to {why}): run it as root, or allow user namespaces"
            ),
        )
    })
}

fn namespace() -> Result<(), String> {
    let alone = unshare(CloneFlags::CLONE_NEWNS);
    if alone == Err(Errno::EPERM) {
        as_ordinary_user()?;
    } else {
        alone.map_err(|error| format!("leave the mount namespace: {error}"))?;
    }
    let flags = MsFlags::MS_REC | MsFlags::MS_PRIVATE;
    mount(None::<&str>, "/", None::<&str>, flags, None::<&str>)
        .map_err(|error| format!("make the mounts private: {error}"))
}

/// In a user namespace anybody may mount; in it we stay who we are.
fn as_ordinary_user() -> Result<(), String> {
    let (user, group) = (geteuid(), getegid());
    unshare(CloneFlags::CLONE_NEWUSER | CloneFlags::CLONE_NEWNS)
        .map_err(|error| format!("enter a user namespace: {error}"))?;
    let write = |file: &str, text: String| {
        std::fs::write(format!("/proc/self/{file}"), text)
            .map_err(|error| format!("write /proc/self/{file}: {error}"))
    };
    write("setgroups", "deny".to_owned())?;
    write("uid_map", format!("{user} {user} 1"))?;
    write("gid_map", format!("{group} {group} 1"))
}

fn mount_tmpfs(place: &Path) -> nix::Result<()> {
    let flags = MsFlags::MS_NOSUID | MsFlags::MS_NODEV;
    mount(Some("crashpoint"), place, Some("tmpfs"), flags, Some(SIZE))
}
