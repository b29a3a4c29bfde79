//! One boot of the machine: the emulator's process, its lines to us, and its end.

use std::error::Error;
use std::fs::{self, File};
use std::io::Write;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use super::acknowledged::{Heard, Line};
use super::filesystem::Filesystem;
use super::worker::Worker;
use crate::Outcome;

const EMULATOR: &str = "qemu-system-x86_64";
/// Kept over a reboot: where the platform holds a panicking kernel's last words.
const ERST_BYTES: u64 = 64 << 10;
/// For what the guest hands over about a run, as an archive.
const HANDOVER_BYTES: u64 = 32 << 20;
const MEMORY: &str = "512M";
/// The emulator opens its sockets before it boots anything.
const CONNECTS: Duration = Duration::from_secs(20);
/// It drains the disk's queue first.
const QUITS: Duration = Duration::from_secs(30);

/// What stays the same over the boots of one machine.
pub struct Machine {
    pub folder: PathBuf,
    pub kernel: PathBuf,
    pub initramfs: PathBuf,
    pub accelerator: &'static str,
}

/// What one boot is for.
pub struct Boot<'a> {
    pub filesystem: &'a str,
    pub disk: &'a Path,
    /// Every write and flush is logged here, in order.
    pub write_log: Option<&'a Path>,
    /// The run to recover and the one to start; 0 for none.
    pub recover: u32,
    pub run: u32,
    pub worker: Worker,
}

pub struct Running {
    child: Child,
    monitor: UnixStream,
    line: Line,
}

impl Machine {
    pub fn handover(&self) -> PathBuf {
        self.folder.join("handover")
    }

    pub fn console(&self) -> PathBuf {
        self.folder.join("console.log")
    }

    /// A fresh disk, and the platform that goes with it: no panic of another one's is kept there.
    pub fn prepare(filesystem: Filesystem, disk: &Path) -> Outcome {
        filesystem.make(disk)?;
        Ok(File::create(erst(disk))?.set_len(ERST_BYTES)?)
    }

    pub fn start(&self, boot: &Boot<'_>) -> Result<Running, Box<dyn Error>> {
        let erst = erst(boot.disk);
        File::create(self.handover())?.set_len(HANDOVER_BYTES)?;
        let (line, line_path) = self.listen("line")?;
        let (monitor, monitor_path) = self.listen("monitor")?;
        let drive = match boot.write_log {
            None => format!(
                "driver=raw,node-name=disk,file.driver=file,file.filename={}",
                boot.disk.display()
            ),
            Some(log) => {
                File::create(log)?;
                format!(
                    "driver=blklogwrites,node-name=disk,file.driver=file,file.filename={},log.driver=file,log.filename={}",
                    boot.disk.display(),
                    log.display()
                )
            }
        };
        let command_line = format!(
            "console=ttyS0 loglevel=5 panic=1 powercut.filesystem={} powercut.recover={} powercut.run={} powercut.worker={}",
            boot.filesystem,
            boot.recover,
            boot.run,
            boot.worker.name(),
        );
        let mut child = Command::new(EMULATOR)
            .args([
                "-nodefaults",
                "-no-user-config",
                "-display",
                "none",
                "-no-reboot",
            ])
            .args(["-machine", "q35", "-accel", self.accelerator, "-cpu", "max"])
            .args(["-smp", "2", "-m", MEMORY])
            .arg("-kernel")
            .arg(&self.kernel)
            .arg("-initrd")
            .arg(&self.initramfs)
            .args(["-append", &command_line])
            .arg("-serial")
            .arg(format!("file:{}", self.console().display()))
            .args(["-chardev", &format!("socket,id=line,path={line_path}")])
            .args(["-serial", "chardev:line"])
            .args([
                "-chardev",
                &format!("socket,id=monitor,path={monitor_path}"),
            ])
            .args(["-mon", "chardev=monitor,mode=readline"])
            .args(["-blockdev", &drive, "-device", "virtio-blk-pci,drive=disk"])
            .arg("-blockdev")
            .arg(format!(
                "driver=raw,node-name=handover,file.driver=file,file.filename={}",
                self.handover().display()
            ))
            .args(["-device", "virtio-blk-pci,drive=handover"])
            .arg("-object")
            .arg(format!(
                "memory-backend-file,id=erst,mem-path={},size={ERST_BYTES},share=on",
                erst.display()
            ))
            .args(["-device", "acpi-erst,memdev=erst"])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(File::create(self.folder.join("emulator.log"))?)
            .spawn()
            .map_err(|error| format!("failed to start {EMULATOR}: {error}"))?;
        let connected = accept(&line, &mut child).and_then(|line| {
            Ok((
                Line::new(line, boot.write_log.map(Path::to_owned))?,
                accept(&monitor, &mut child)?,
            ))
        });
        match connected {
            Ok((line, monitor)) => Ok(Running {
                child,
                monitor,
                line,
            }),
            Err(error) => {
                let _ = child.kill();
                let _ = child.wait();
                let said = fs::read_to_string(self.folder.join("emulator.log")).unwrap_or_default();
                Err(format!("{error}: {}", said.trim()).into())
            }
        }
    }

    fn listen(&self, name: &str) -> Result<(UnixListener, String), Box<dyn Error>> {
        let path = self.folder.join(name);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error.into()),
            _ => {}
        }
        let listener = UnixListener::bind(&path)
            .map_err(|error| format!("failed to listen on {}: {error}", path.display()))?;
        listener.set_nonblocking(true)?;
        Ok((listener, path.display().to_string()))
    }
}

fn erst(disk: &Path) -> PathBuf {
    let mut path = disk.as_os_str().to_owned();
    path.push(".erst");
    path.into()
}

fn accept(listener: &UnixListener, child: &mut Child) -> Result<UnixStream, Box<dyn Error>> {
    let until = Instant::now() + CONNECTS;
    loop {
        if let Ok((stream, _)) = listener.accept() {
            stream.set_nonblocking(false)?;
            return Ok(stream);
        }
        if let Some(status) = child.try_wait()? {
            return Err(format!("{EMULATOR} ended at once ({status})").into());
        }
        if Instant::now() >= until {
            return Err(format!("{EMULATOR} did not start within {CONNECTS:?}").into());
        }
        sleep(Duration::from_millis(10));
    }
}

impl Running {
    /// All that came over the line so far.
    pub fn heard(&self) -> Heard {
        self.line.heard()
    }

    /// Waits until the guest has said this.
    pub fn wait_for(&self, words: &str, within: Duration) -> Result<(), Box<dyn Error>> {
        self.line
            .wait_until(&format!("{words:?}"), within, |heard| {
                heard.words.iter().any(|said| said == words)
            })
    }

    pub fn wait_for_a_marker(&self, within: Duration) -> Result<(), Box<dyn Error>> {
        self.line
            .wait_until("marker", within, |heard| !heard.acknowledged.is_empty())
    }

    /// One of the words that `init.sh` knows.
    pub fn tell(&self, word: &str) -> Result<(), Box<dyn Error>> {
        self.line.tell(word)
    }

    /// A command of the emulator's monitor.
    pub fn order(&mut self, command: &str) -> std::io::Result<()> {
        writeln!(self.monitor, "{command}")
    }

    /// Waits until the emulator is gone by itself; it is killed if it does not go.
    pub fn wait(&mut self, within: Duration) -> Result<ExitStatus, Box<dyn Error>> {
        let until = Instant::now() + within;
        loop {
            if let Some(status) = self.child.try_wait()? {
                self.line.finish();
                return Ok(status);
            }
            if Instant::now() >= until {
                self.kill()?;
                return Err(format!("the machine was still there after {within:?}").into());
            }
            sleep(Duration::from_millis(10));
        }
    }

    /// Ends it orderly as far as the emulator goes: the disk's queue is drained.
    pub fn quit(&mut self) -> Result<(), Box<dyn Error>> {
        self.order("quit")?;
        self.wait(QUITS).map(drop)
    }

    pub fn kill(&mut self) -> std::io::Result<()> {
        self.child.kill()?;
        self.child.wait()?;
        self.line.finish();
        Ok(())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.kill();
    }
}
