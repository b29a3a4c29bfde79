//! `crashpoint env` on real processes: what made a service fail that worked from a shell comes out on top,
//! and no secret comes out at all.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use std::os::unix::fs::PermissionsExt;
use std::process::{Child, Command, Stdio};

use serde_json::Value;
use support::{Place, eventually};

/// A process that waits until it is dropped.
struct Waiting(Child);

impl Waiting {
    fn with(place: &Place, variables: &[(&str, &str)]) -> Waiting {
        let mut command = Command::new("/bin/sleep");
        command
            .arg("1000")
            .env_clear()
            .envs(variables.iter().copied())
            .current_dir(place.folder.path())
            .stdin(Stdio::null());
        Waiting(command.spawn().unwrap())
    }

    fn source(&self) -> String {
        format!("pid:{}", self.0.id())
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn executable(place: &Place, name: &str, text: &str) -> String {
    let path = place.write(name, text);
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    path.display().to_string()
}

/// As conda lays an environment out.
fn conda(place: &Place) -> String {
    let prefix = place.path("miniconda3/envs/llava").display().to_string();
    executable(place, "miniconda3/envs/llava/bin/python", "");
    let packages = "miniconda3/envs/llava/lib/python3.11/site-packages";
    for package in ["torch-2.4.0", "transformers-4.44.2"] {
        place.write(&format!("{packages}/{package}.dist-info/METADATA"), "");
    }
    place.write(
        "miniconda3/envs/llava/conda-meta/python-3.11.9-h0_0.json",
        "{}",
    );
    prefix
}

fn shell_of_conda(place: &Place) -> Waiting {
    let prefix = conda(place);
    let path = format!("{prefix}/bin:/usr/local/bin:/usr/bin:/bin");
    Waiting::with(
        place,
        &[
            ("PATH", &path),
            ("CONDA_PREFIX", &prefix),
            ("CONDA_SHLVL", "2"),
            ("CUDA_VISIBLE_DEVICES", "0"),
            ("HOME", "/home/me"),
            ("SHLVL", "1"),
            ("SSH_TTY", "/dev/pts/3"),
        ],
    )
}

fn service(place: &Place) -> Waiting {
    Waiting::with(
        place,
        &[
            ("PATH", "/usr/local/bin:/usr/bin:/bin"),
            ("HOME", "/home/me"),
            ("INVOCATION_ID", "0123"),
            ("JOURNAL_STREAM", "8:1"),
        ],
    )
}

fn fields(diff: &Value) -> Vec<&str> {
    let differences = diff["differences"].as_array().unwrap();
    differences
        .iter()
        .map(|it| it["field"].as_str().unwrap())
        .collect()
}

fn with_systemctl(place: &Place, script: &str, arguments: &[&str]) -> support::Ran {
    executable(place, "bin/systemctl", script);
    let path = std::env::var("PATH").unwrap();
    let child = place
        .command(arguments)
        .env("PATH", format!("{}:{path}", place.path("bin").display()))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    place.ran(child)
}

/// Answers as systemd does of one unit.
fn systemctl(shown: &str) -> String {
    format!(
        "#!/bin/sh\ncase \"$*\" in\n*Version*) echo Version=255;;\n*show-environment*) echo PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin;;\n*) cat <<'END'\n{shown}\nEND\nesac\n"
    )
}

#[test]
fn the_variables_that_the_service_lacked_come_out_on_top() {
    let place = Place::new();
    let (works, fails) = (shell_of_conda(&place), service(&place));
    let sources = [works.source(), fails.source()];
    let ran = place
        .crashpoint(&["env", "diff", &sources[0], &sources[1], "--json"])
        .exits(10);
    let diff: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(
        fields(&diff)[..3],
        [
            "variables.CUDA_VISIBLE_DEVICES",
            "variables.PATH",
            "variables.CONDA_PREFIX"
        ]
    );
    for difference in &diff["differences"].as_array().unwrap()[..3] {
        assert_eq!(difference["likelihood"], "very_likely", "{difference:#}");
    }
    let harmless = diff["harmless"].as_array().unwrap();
    let names: Vec<&str> = harmless
        .iter()
        .map(|it| it["field"].as_str().unwrap())
        .collect();
    for name in [
        "SHLVL",
        "SSH_TTY",
        "INVOCATION_ID",
        "JOURNAL_STREAM",
        "CONDA_SHLVL",
    ] {
        assert!(
            names.contains(&format!("variables.{name}").as_str()),
            "{name}: {names:?}"
        );
    }
    let text = place
        .crashpoint(&["env", "diff", &sources[0], &sources[1]])
        .exits(10)
        .stdout;
    for part in [
        "✗ variable CUDA_VISIBLE_DEVICES: very likely\n  A         0\n  B         not set\n",
        "export CUDA_VISIBLE_DEVICES=0\n",
        "harmless    ",
    ] {
        assert!(text.contains(part), "{part:?} is not in\n{text}");
    }
    assert!(
        !text.contains("/home/me") && !text.contains("/dev/pts/3"),
        "{text}"
    );
}

#[test]
fn packages_are_known_without_starting_the_interpreter() {
    let place = Place::new();
    let works = shell_of_conda(&place);
    let pid = works.0.id().to_string();
    let file = place.path("works.json");
    place
        .crashpoint(&["env", "capture", "--pid", &pid, "-o", "works.json"])
        .exits(0);
    let capture: Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    assert_eq!(capture["schema"], "crashpoint.env/1");
    assert_eq!(capture["versions"]["python"], "3.11.9");
    assert_eq!(capture["versions"]["torch"], "2.4.0");
    assert_eq!(capture["versions"]["bitsandbytes"], "not found");
    assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    // A file stands for what it was taken of, and nothing differs from itself.
    place
        .crashpoint(&["env", "diff", "works.json", &works.source()])
        .exits(0);
}

#[test]
fn a_secret_is_in_no_capture_wherever_it_stands() {
    const SECRET: &str = "s3cr3tVALUE0123456789";
    let place = Place::new();
    let value = |text: &str| text.replace('@', SECRET);
    let token = format!("hf_{SECRET}");
    let url = format!("https://me:{SECRET}@hub.example/x?token={SECRET}");
    let proxy = format!("http://user:{SECRET}@proxy.example:3128");
    let assigned = value("expandable_segments:True,api_key=@");
    let path = format!("/usr/bin:/bin:{url}");
    let variables = [
        ("HF_TOKEN", token.as_str()),
        ("HUGGING_FACE_HUB_TOKEN", SECRET),
        ("AWS_SECRET_ACCESS_KEY", SECRET),
        ("HTTPS_PROXY", &proxy),
        ("https_proxy", &proxy),
        ("HF_ENDPOINT", &url),
        ("PIP_INDEX_URL", &url),
        ("DATABASE_URL", &url),
        ("CONDA_TOKEN", SECRET),
        ("CUDA_CACHE_PATH", &token),
        ("PYTHON_KEYRING_PASSWORD", SECRET),
        ("PYTORCH_CUDA_ALLOC_CONF", &assigned),
        ("PATH", &path),
        ("SOMETHING", SECRET),
    ];
    let waiting = Waiting::with(&place, &variables);
    let pid = waiting.0.id().to_string();
    let ran = place
        .crashpoint(&["env", "capture", "--pid", &pid])
        .exits(0);
    assert!(!ran.stdout.contains(SECRET), "{}", ran.stdout);
    assert!(
        ran.stdout.contains("PIP_INDEX_URL") && ran.stdout.contains("proxy"),
        "{}",
        ran.stdout
    );
    let diff = place
        .crashpoint(&["env", "diff", &waiting.source(), "self", "--all"])
        .exits(10);
    assert!(!diff.stdout.contains(SECRET), "{}", diff.stdout);

    // In the arguments of a command, and of a script's.
    let script = format!("export HF_TOKEN={token}; exec sleep 1000 1000");
    let arguments = [
        "env",
        "capture",
        "--settle",
        "200ms",
        "--command",
        "--",
        "sh",
        "-c",
        &script,
    ];
    let ran = place.crashpoint(&arguments).exits(0);
    assert!(!ran.stdout.contains(SECRET), "{}", ran.stdout);
}

#[test]
fn a_command_is_seen_with_what_it_sets_itself_and_is_ended() {
    let place = Place::new();
    let script = "export CUDA_VISIBLE_DEVICES=3; echo $$ > pid; exec sleep 1000";
    let ran = place
        .crashpoint(&[
            "env",
            "capture",
            "--settle",
            "5s",
            "--command",
            "--",
            "sh",
            "-c",
            script,
        ])
        .exits(0);
    let capture: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(capture["of"]["kind"], "command");
    assert_eq!(
        capture["variables"]["CUDA_VISIBLE_DEVICES"], "3",
        "{capture:#}"
    );
    let pid = std::fs::read_to_string(place.path("pid")).unwrap();
    let pid: i64 = pid.trim().parse().unwrap();
    eventually("the end of the command", || {
        (!support::lives(pid)).then_some(())
    });
}

#[test]
fn a_unit_is_its_main_process_or_what_its_files_say() {
    let place = Place::new();
    let works = shell_of_conda(&place);
    let fails = service(&place);
    let running = systemctl(&format!(
        "Id=llava.service\nLoadState=loaded\nActiveState=active\nSubState=running\nMainPID={}",
        fails.0.id()
    ));
    let ran = with_systemctl(
        &place,
        &running,
        &["env", "diff", &works.source(), "unit:llava.service"],
    )
    .exits(10);
    for part in [
        "unit llava.service (active, running, process ",
        "systemctl edit llava.service # [Service]\n",
        "Environment=CUDA_VISIBLE_DEVICES=0\n",
    ] {
        assert!(
            ran.stdout.contains(part),
            "{part:?} is not in\n{}",
            ran.stdout
        );
    }
    let stopped = systemctl(
        "Id=llava.service\nLoadState=loaded\nActiveState=inactive\nSubState=dead\nMainPID=0\n\
         Environment=HF_TOKEN=hf_abcdefghijklmnop CUDA_VISIBLE_DEVICES=1\nLimitMEMLOCK=65536\nLimitMEMLOCKSoft=65536",
    );
    let arguments = ["env", "capture", "--unit", "llava.service", "--user"];
    let ran = with_systemctl(&place, &stopped, &arguments).exits(0);
    let capture: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(capture["of"]["kind"], "user_unit");
    assert_eq!(capture["variables"]["CUDA_VISIBLE_DEVICES"], "1");
    assert_eq!(capture["variables"]["HF_TOKEN"], Value::Null);
    assert_eq!(capture["limits"]["locked memory"], "65536:65536");
    let missing = systemctl("Id=x.service\nLoadState=not-found\nMainPID=0");
    with_systemctl(&place, &missing, &["env", "capture", "--unit", "x"])
        .exits(2)
        .says("has no unit x.service that is loaded: not-found");
}

#[test]
fn without_systemd_it_says_what_to_do_instead() {
    let place = Place::new();
    with_systemctl(
        &place,
        "#!/bin/sh\nexit 1\n",
        &["env", "diff", "self", "unit:llava.service"],
    )
    .exits(3)
    .says("capture the process itself with --pid N");
}

#[test]
fn what_cannot_be_read_is_told_in_one_sentence() {
    let place = Place::new();
    place.write("other.json", "{}");
    place.write(
        "report.json",
        r#"{"schema":"crashpoint.report/1","of":{"kind":"this"}}"#,
    );
    for (source, code, part) in [
        ("no/such.json", 2, "failed to read no/such.json"),
        ("other.json", 2, "it is no capture of an environment"),
        ("report.json", 2, "its schema is \"crashpoint.report/1\""),
        ("pid:x", 2, "is no process id"),
        ("pid:2147483647", 3, "there is no process 2147483647"),
    ] {
        place
            .crashpoint(&["env", "diff", "self", source])
            .exits(code)
            .says(part);
    }
    place
        .crashpoint(&["env", "capture", "--command", "--", "/no/such/program"])
        .exits(2)
        .says("failed to start /no/such/program");
    // It may be seen before it has ended, or not.
    let short = place.crashpoint(&["env", "capture", "--command", "--", "true"]);
    if short.code != Some(0) {
        short
            .exits(3)
            .says("ended before its environment could be read");
    }
}
