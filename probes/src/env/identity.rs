//! Who a process is. Names only of accounts that a system comes with: a person's name is nobody's business.

use crashpoint_reports::env::Section;
use nix::unistd::{Gid, Group, Uid, User};

use super::status::Status;

/// As distributions have it: login.defs(5).
const FIRST_PERSON: u32 = 1000;

pub(super) fn of(status: &Status) -> Section {
    let mut section = Section::new();
    if let Some(uid) = status.uid {
        section.insert("user".to_owned(), user(uid));
    }
    if let Some(gid) = status.gid {
        section.insert("group".to_owned(), group(gid));
    }
    let mut groups: Vec<u32> = status.groups.clone();
    groups.sort_unstable();
    groups.dedup();
    let names: Vec<String> = groups.into_iter().map(group).collect();
    let names = match names.is_empty() {
        true => "none".to_owned(),
        false => names.join(", "),
    };
    section.insert("groups".to_owned(), names);
    section
}

fn user(uid: u32) -> String {
    let name = (uid < FIRST_PERSON)
        .then(|| User::from_uid(Uid::from_raw(uid)).ok().flatten())
        .flatten();
    name.map_or_else(|| uid.to_string(), |user| user.name)
}

fn group(gid: u32) -> String {
    let name = (gid < FIRST_PERSON)
        .then(|| Group::from_gid(Gid::from_raw(gid)).ok().flatten())
        .flatten();
    name.map_or_else(|| gid.to_string(), |group| group.name)
}

/// The user's own folder, as the system has it.
pub(super) fn home(uid: u32) -> Option<String> {
    let user = User::from_uid(Uid::from_raw(uid)).ok().flatten()?;
    Some(user.dir.to_string_lossy().into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_are_numbers() {
        let status = Status {
            uid: Some(1_234_567),
            gid: Some(0),
            groups: vec![1_234_567, 0, 0],
            ..Status::default()
        };
        let section = of(&status);
        assert_eq!(section["user"], "1234567");
        assert_eq!(section["group"], "root");
        assert_eq!(section["groups"], "root, 1234567");
        assert_eq!(of(&Status::default())["groups"], "none");
    }
}
