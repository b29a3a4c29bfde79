//! Which variables of a run its resumption gets: what the run depends on, and no secret.

use std::ffi::OsString;

use crashpoint_probes::variables::shown;

/// Not for the record, but needed by the process.
const PLACES: &[&str] = &["HOME", "TMPDIR", "XDG_CACHE_HOME"];

/// Of this session, this terminal or this job alone.
const PASSING: &[&str] = &[
    "CI",
    "CRASHPOINT_FD",
    "CRASHPOINT_FOLDER",
    "CRASHPOINT_PAGE",
    "DISPLAY",
    "GITHUB_ACTIONS",
    "INVOCATION_ID",
    "SLURM_JOB_ID",
    "TERM",
];

/// In the order of their names. One whose value would not be shown in a report is left out.
pub fn carried(variables: impl IntoIterator<Item = (OsString, OsString)>) -> Vec<(String, String)> {
    let mut carried: Vec<(String, String)> = variables
        .into_iter()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .filter(|(name, value)| {
            let plain = shown(name, value).as_deref() == Some(value.as_str());
            let place = PLACES.contains(&name.as_str());
            (plain || place) && !PASSING.contains(&name.as_str())
        })
        .collect();
    carried.sort();
    carried
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_decides_about_a_gpu_is_carried_and_no_secret_is() {
        let all = [
            ("PATH", "/usr/bin"),
            ("CUDA_VISIBLE_DEVICES", "1"),
            ("LD_LIBRARY_PATH", "/opt/cuda/lib64"),
            ("HOME", "/home/me"),
            ("HF_TOKEN", "hf_secret"),
            ("HF_ENDPOINT", "https://me:secret@hub.example"),
            ("TERM", "xterm"),
            ("CRASHPOINT_FD", "4"),
        ];
        let names: Vec<String> = carried(all.map(|(name, value)| (name.into(), value.into())))
            .into_iter()
            .map(|(name, _)| name)
            .collect();
        assert_eq!(
            names,
            ["CUDA_VISIBLE_DEVICES", "HOME", "LD_LIBRARY_PATH", "PATH"]
        );
    }
}
