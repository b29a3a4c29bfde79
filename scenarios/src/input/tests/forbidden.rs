//! Files and folders that may not be read. Root may read everything, so as root the test runs
//! itself again as nobody.

use std::env;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

use crashpoint_reports::Class;

use super::*;
use crate::input::{find, open, sha256_of};

const PLACE: &str = "CRASHPOINT_TEST_FORBIDDEN";
const NOBODY: u32 = 65_534;

#[test]
fn permission_denied() {
    if let Some(place) = env::var_os(PLACE) {
        return assert_denied(Path::new(&place));
    }
    let place = Place::new();
    let file = place.write("secret.png", encoded(&busy(4, 4), ImageFormat::Png));
    place.write("locked/page1.png", "");
    let allow = |path: &Path, mode| {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    };
    allow(&file, 0o000);
    allow(&place.path("locked"), 0o000);
    if nix::unistd::geteuid().is_root() {
        allow(place.0.path(), 0o755);
        // The build folder may itself be out of nobody's reach.
        let program = place.path("test");
        fs::copy(env::current_exe().unwrap(), &program).unwrap();
        let name = concat!(module_path!(), "::permission_denied")
            .split_once("::")
            .unwrap()
            .1;
        let run = Command::new(&program)
            .args(["--exact", name])
            .env(PLACE, place.0.path())
            .current_dir("/")
            .uid(NOBODY)
            .gid(NOBODY)
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&run.stdout);
        assert!(run.status.success() && said.contains("1 passed"), "{said}");
    } else {
        assert_denied(place.0.path());
    }
    allow(&place.path("locked"), 0o755);
}

fn assert_denied(place: &Path) {
    let secret = place.join("secret.png");
    let inside = place.join("locked/page1.png");
    let errors = [
        open(&secret).unwrap_err(),
        open(&inside).unwrap_err(),
        find(&[&inside]).unwrap_err(),
        find(&[place.join("locked")]).unwrap_err(),
        find(&[place.join("locked/*.png")]).unwrap_err(),
    ];
    for (index, error) in errors.iter().enumerate() {
        assert_eq!(error.class(), Class::PermissionDenied, "{index}: {error}");
        assert_tells(error, &["failed to read", "give this user the right"]);
    }
    assert_eq!(
        sha256_of(&secret).unwrap_err().kind(),
        std::io::ErrorKind::PermissionDenied
    );
    // Naming it is no error: it fails when its turn comes.
    assert_eq!(find(&[&secret]).unwrap(), [secret]);
}
