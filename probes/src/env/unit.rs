//! A unit of systemd: its main process while it runs, and otherwise what its files say.

use std::collections::BTreeMap;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use crashpoint_reports::env::{Capture, Section, Subject};
use nix::unistd::{Group, User};

use super::process::Seen;
use super::root::Root;
use super::status::Status;
use super::unit_file::{assignment, environment_file, words};

/// What is asked for.
pub const PROPERTIES: &str = "Id,LoadState,ActiveState,SubState,MainPID,Environment,EnvironmentFiles,\
    PassEnvironment,UnsetEnvironment,ExecStart,User,Group,SupplementaryGroups,WorkingDirectory,UMask,\
    LimitMEMLOCK,LimitMEMLOCKSoft,LimitNOFILE,LimitNOFILESoft,LimitNPROC,LimitNPROCSoft,LimitAS,\
    LimitASSoft,LimitSTACK,LimitSTACKSoft,LimitCORE,LimitCORESoft,MemoryMax,TasksMax,\
    CPUQuotaPerSecUSec,OOMScoreAdjust,Nice,NoNewPrivileges,PrivateDevices,PrivateTmp,DevicePolicy";

const LIMITS: [(&str, &str); 6] = [
    ("LimitMEMLOCK", "locked memory"),
    ("LimitNOFILE", "open files"),
    ("LimitNPROC", "processes"),
    ("LimitAS", "address space"),
    ("LimitSTACK", "stack size"),
    ("LimitCORE", "core file size"),
];

const MOST_BYTES: u64 = 1 << 20;

/// The answer of `systemctl show`.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Shown {
    properties: BTreeMap<String, Vec<String>>,
}

impl Shown {
    pub fn parse(text: &str) -> Shown {
        let mut shown = Shown::default();
        for (name, value) in text.lines().filter_map(|line| line.split_once('=')) {
            let values = shown.properties.entry(name.to_owned()).or_default();
            values.push(value.to_owned());
        }
        shown
    }

    /// Empty is absent.
    pub fn get(&self, name: &str) -> Option<&str> {
        let value = self.properties.get(name)?.first()?;
        (!value.is_empty()).then_some(value.as_str())
    }

    fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        let values = self.properties.get(name).into_iter().flatten();
        values.map(String::as_str).filter(|value| !value.is_empty())
    }

    pub fn is_loaded(&self) -> bool {
        self.get("LoadState") == Some("loaded")
    }

    /// While it runs.
    pub fn main_pid(&self) -> Option<i32> {
        let pid = self.get("MainPID")?.parse().ok()?;
        (pid > 0).then_some(pid)
    }

    /// As in `inactive, dead`.
    pub fn state(&self) -> String {
        let states = ["ActiveState", "SubState"].into_iter();
        states
            .filter_map(|it| self.get(it))
            .collect::<Vec<_>>()
            .join(", ")
    }
}

/// `manager` is what `systemctl show-environment` prints: what every service starts with.
pub fn of_stopped(shown: &Shown, manager: &str, of: Subject, crashpoint: &str) -> Capture {
    let mut not_seen = vec![
        "the unit does not run: what stands here is what its files say, and what the service manager adds".to_owned(),
    ];
    let program = program(shown);
    let mut seen = Seen {
        root: Root::at("/"),
        variables: Some(variables(shown, manager, &mut not_seen)),
        called: program.as_ref().map(|path| path.display().to_string()),
        executable: program,
        working: shown
            .get("WorkingDirectory")
            .map(|path| PathBuf::from(path.trim_start_matches(['!', '-']))),
        status: status(shown),
        maps: None,
        mountinfo: fs::read_to_string("/proc/self/mountinfo").unwrap_or_default(),
        limits: limits(shown),
        cgroup: cgroup(shown),
        process: process(shown),
        namespaces: Section::new(),
        not_seen,
    };
    // The interpreter is told by where its links lead.
    seen.executable = seen.executable.and_then(|path| seen.root.resolve(&path));
    let is_private = shown.get("PrivateDevices") == Some("yes");
    let mut capture = seen.capture(of, crashpoint);
    if is_private {
        for told in capture.devices.values_mut() {
            "not there: PrivateDevices=yes".clone_into(told);
        }
    }
    if shown.get("PrivateTmp").is_some_and(|it| it != "no") {
        capture.mounts.remove("/tmp");
    }
    capture
}

/// `{ path=/usr/bin/python3 ; argv[]=... }`: arguments are not read.
fn program(shown: &Shown) -> Option<PathBuf> {
    let start = shown.get("ExecStart")?;
    let (_, rest) = start.split_once("path=")?;
    Some(PathBuf::from(rest.split(" ;").next()?.trim()))
}

/// systemd.exec(5): what is told later wins.
fn variables(shown: &Shown, manager: &str, not_seen: &mut Vec<String>) -> Vec<(String, String)> {
    let mut all: BTreeMap<String, String> = BTreeMap::new();
    let of_manager = manager.lines().filter_map(|line| {
        // `NAME=$'...'` where a shell would need it.
        let (name, value) = assignment(line)?;
        let plain = value
            .strip_prefix("$'")
            .and_then(|it| it.strip_suffix('\''));
        Some((name, plain.map_or(value.clone(), str::to_owned)))
    });
    all.extend(of_manager);
    all.extend(
        shown
            .all("Environment")
            .flat_map(words)
            .filter_map(|it| assignment(&it)),
    );
    for told in shown.all("EnvironmentFiles") {
        // `/etc/default/x (ignore_errors=no)`.
        let file = told.rsplit_once(" (").map_or(told, |(file, _)| file);
        match read(Path::new(file)) {
            Ok(text) => all.extend(environment_file(&text)),
            Err(error) => not_seen.push(format!("{file}, which EnvironmentFile= names: {error}")),
        }
    }
    for name in shown.all("UnsetEnvironment").flat_map(words) {
        all.remove(name.split('=').next().unwrap_or_default());
    }
    all.into_iter().collect()
}

fn read(file: &Path) -> std::io::Result<String> {
    let mut text = String::new();
    let file = fs::File::open(file)?;
    file.take(MOST_BYTES).read_to_string(&mut text)?;
    Ok(text)
}

fn status(shown: &Shown) -> Status {
    let user = shown.get("User").unwrap_or("root");
    let user = match user.parse() {
        Ok(uid) => User::from_uid(nix::unistd::Uid::from_raw(uid)),
        Err(_) => User::from_name(user),
    };
    let user = user.ok().flatten();
    let group = |name: &str| match name.parse() {
        Ok(gid) => Some(gid),
        Err(_) => Some(Group::from_name(name).ok().flatten()?.gid.as_raw()),
    };
    let own = shown.get("Group").and_then(group);
    let gid = own.or_else(|| user.as_ref().map(|it| it.gid.as_raw()));
    let more = shown
        .all("SupplementaryGroups")
        .flat_map(str::split_whitespace);
    let mut groups: Vec<u32> = more.filter_map(group).collect();
    if let (Some(user), Some(gid)) = (&user, gid) {
        let name = std::ffi::CString::new(user.name.as_str()).unwrap_or_default();
        let listed = nix::unistd::getgrouplist(&name, nix::unistd::Gid::from_raw(gid));
        groups.extend(listed.unwrap_or_default().iter().map(|gid| gid.as_raw()));
    }
    Status {
        uid: user.map(|user| user.uid.as_raw()),
        gid,
        groups,
        facts: Section::new(),
    }
}

fn limits(shown: &Shown) -> Section {
    let value = |name: &str| {
        let value = shown.get(name)?;
        Some(if value == "infinity" {
            "unlimited"
        } else {
            value
        })
    };
    LIMITS
        .into_iter()
        .filter_map(|(property, name)| {
            let hard = value(property)?;
            let soft = value(&format!("{property}Soft")).unwrap_or(hard);
            Some((name.to_owned(), format!("{soft}:{hard}")))
        })
        .collect()
}

fn cgroup(shown: &Shown) -> Section {
    let names = [("MemoryMax", "memory limit"), ("TasksMax", "process limit")];
    let mut section: Section = names
        .into_iter()
        .filter_map(|(property, name)| {
            let value = shown.get(property)?;
            let value = if value == "infinity" {
                "no limit"
            } else {
                value
            };
            Some((name.to_owned(), value.to_owned()))
        })
        .collect();
    if let Some(policy) = shown.get("DevicePolicy") {
        let told = if policy == "auto" {
            "all devices"
        } else {
            "some devices"
        };
        section.insert("device policy".to_owned(), told.to_owned());
    }
    section
}

fn process(shown: &Shown) -> Section {
    let names = [
        ("WorkingDirectory", "working directory"),
        ("UMask", "umask"),
        ("OOMScoreAdjust", "out of memory score"),
        ("Nice", "nice"),
        ("NoNewPrivileges", "no new privileges"),
    ];
    names
        .into_iter()
        .filter_map(|(property, name)| Some((name.to_owned(), shown.get(property)?.to_owned())))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crashpoint_reports::env::Kind;

    #[test]
    fn what_the_files_say_is_what_a_stopped_unit_has() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("env file");
        fs::write(&file, "HF_HOME=/srv/hf\nHF_TOKEN=hf_secret\nGONE=1\n").unwrap();
        let text = format!(
            "Id=llava.service\nLoadState=loaded\nActiveState=inactive\nSubState=dead\nMainPID=0\n\
             Environment=CUDA_VISIBLE_DEVICES=0 \"SECRET=a b\"\n\
             EnvironmentFiles={} (ignore_errors=no)\nEnvironmentFiles=/no/such (ignore_errors=yes)\n\
             UnsetEnvironment=GONE\nUser=root\nLimitMEMLOCK=8388608\nLimitMEMLOCKSoft=65536\n\
             LimitNOFILE=infinity\nMemoryMax=infinity\nTasksMax=4915\nPrivateDevices=yes\n\
             ExecStart={{ path=/usr/bin/env ; argv[]=/usr/bin/env --token hf_secret ; ignore_errors=no }}\n",
            file.display()
        );
        let shown = Shown::parse(&text);
        assert!(shown.is_loaded() && shown.main_pid().is_none());
        assert_eq!(shown.state(), "inactive, dead");
        let of = Subject::new(Kind::Unit, "llava.service", "");
        let capture = of_stopped(&shown, "PATH=/usr/bin:/bin\nLANG=$'C.UTF-8'\n", of, "1");
        let variables = capture.variables.as_ref().unwrap();
        assert_eq!(variables["CUDA_VISIBLE_DEVICES"].as_deref(), Some("0"));
        assert_eq!(variables["PATH"].as_deref(), Some("/usr/bin:/bin"));
        assert_eq!(variables["LANG"].as_deref(), Some("C.UTF-8"));
        assert_eq!(variables["HF_HOME"].as_deref(), Some("/srv/hf"));
        assert_eq!(variables["SECRET"], None);
        assert!(!variables.contains_key("GONE"));
        assert_eq!(capture.limits["locked memory"], "65536:8388608");
        assert_eq!(capture.limits["open files"], "unlimited:unlimited");
        assert_eq!(capture.cgroup["memory limit"], "no limit");
        assert_eq!(capture.identity["user"], "root");
        assert!(capture.devices["nvidia-uvm"].contains("PrivateDevices"));
        assert_eq!(capture.not_seen.len(), 2, "{:?}", capture.not_seen);
        assert!(!capture.json().contains("hf_secret"));
    }

    #[test]
    fn any_text_is_an_answer() {
        for text in [
            "",
            "=",
            "A",
            "MainPID=x\nMainPID=-1",
            "ExecStart=path=",
            "Environment=\"\\",
        ] {
            let shown = Shown::parse(text);
            assert!(!shown.is_loaded() && shown.main_pid().is_none());
            let of = Subject::new(Kind::Unit, "x", "");
            let _ = of_stopped(&shown, text, of, "1");
        }
    }
}
