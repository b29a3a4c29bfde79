//! Whether a quota may end the record while the disk still has room.

use crashpoint_reports::checkup::{Check, Topic};

use super::about::About;
use super::place::Place;

pub(super) const ABOUT: About = About {
    topic: Topic::Record,
    name: "quota",
    matters: "free room says nothing about how much of it this user may take",
};

/// As ext4, XFS, f2fs and tmpfs name them; a value follows some, as in `usrjquota=aquota.user`.
const OPTIONS: [&str; 13] = [
    "quota",
    "usrquota",
    "uquota",
    "usrjquota",
    "grpquota",
    "gquota",
    "grpjquota",
    "prjquota",
    "pquota",
    "prjjquota",
    "usrquota_block_hardlimit",
    "grpquota_block_hardlimit",
    "usrquota_inode_hardlimit",
];

pub(super) fn check(place: &Place) -> Check {
    let mut found: Vec<&str> = OPTIONS
        .into_iter()
        .filter(|name| place.option(name).is_some())
        .collect();
    found.sort_unstable();
    let point = place.point();
    if found.is_empty() {
        return ABOUT.good(format!("{point}: no option of the mount sets one"));
    }
    ABOUT.doubtful(
        format!("{point}: {}", found.join(", ")),
        &["quota -s", "sudo repquota -as"],
    )
}

#[cfg(test)]
mod tests {
    use super::super::place::on;
    use super::*;
    use crashpoint_reports::checkup::State;

    #[test]
    fn a_mount_with_quotas_is_told() {
        let state =
            |options: &str| check(&on(&format!("1 0 8:1 / / rw - xfs /dev/sda1 {options}"))).state;
        assert_eq!(state("rw,noquota"), State::Good);
        assert_eq!(state("rw,usrquota,prjquota"), State::Doubtful);
        assert_eq!(state("rw,usrjquota=aquota.user"), State::Doubtful);
    }
}
