//! Starts the helper from within a signal handler and waits for it within a bound: whatever the
//! helper does or fails to do, the worker goes on to die.
#![allow(unsafe_code)]

use std::ffi::{CString, OsString, c_char, c_int, c_void};
use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::Path;
use std::ptr;

use crash_handler::CrashContext;
use crashpoint_reports::protocol::FD_VARIABLE;
use nix::libc;
use nix::sys::memfd::{MFdFlags, memfd_create};

use super::last_words::{LastWords, Why};

/// Another program to start instead of this very one.
pub const HELPER_VARIABLE: &str = "CRASHPOINT_MINIDUMP_HELPER";

/// After so many seconds the helper ends itself.
pub const HELPER_SECONDS: u32 = 2;
/// It is killed, if it did not.
const KILL_MS: i64 = 2800;
/// A killed process that is not gone by now is not waited for.
const LEAVE_MS: i64 = 2950;
/// The helper stops the worker while it copies its memory. One that dies at that leaves the worker
/// stopped, and a stopped process waits for nobody: a timer of the kernel's lets it go on.
const CONTINUE_MS: i64 = 2850;

/// Everything that the handler needs, made while the process was whole.
pub struct Prepared {
    program: CString,
    argv: Pointers,
    envp: Pointers,
    /// The crash context goes through this; a pipe would have to be made when the descriptors may
    /// have run out.
    context: OwnedFd,
    stack: Stack,
    crash: CString,
    /// What a helper that was killed may have left.
    partials: [CString; 2],
}

/// Strings as `execve` takes them.
struct Pointers {
    _strings: Vec<CString>,
    pointers: Vec<*const c_char>,
}

// SAFETY: the pointers lead to the strings beside them, which nobody changes.
unsafe impl Send for Pointers {}
// SAFETY: as above.
unsafe impl Sync for Pointers {}

impl Pointers {
    fn new(strings: Vec<CString>) -> Pointers {
        let pointers = strings
            .iter()
            .map(|string| string.as_ptr())
            .chain([ptr::null()])
            .collect();
        Pointers {
            _strings: strings,
            pointers,
        }
    }
}

/// For the helper until it executes, since it shares our memory until then. Never given back.
struct Stack(*mut u8);

// SAFETY: used once, by one thread's child, while that thread stands still.
unsafe impl Send for Stack {}
// SAFETY: as above.
unsafe impl Sync for Stack {}

impl Stack {
    const SIZE: usize = 64 << 10;

    /// Mapped, so that it costs no memory before it is used.
    fn new() -> io::Result<Stack> {
        // SAFETY: a new mapping at a place that the kernel chooses.
        let start = unsafe {
            libc::mmap(
                ptr::null_mut(),
                Stack::SIZE,
                libc::PROT_READ | libc::PROT_WRITE,
                libc::MAP_PRIVATE | libc::MAP_ANONYMOUS,
                -1,
                0,
            )
        };
        if start == libc::MAP_FAILED {
            return Err(io::Error::last_os_error());
        }
        Ok(Stack(start.cast()))
    }

    /// Stacks grow downwards, from an aligned address.
    fn top(&self) -> *mut c_void {
        let end = self.0.wrapping_add(Stack::SIZE);
        end.map_addr(|address| address & !63).cast()
    }
}

impl Prepared {
    pub fn new(folder: &Path) -> io::Result<Prepared> {
        let text = |bytes: Vec<u8>| CString::new(bytes).map_err(io::Error::other);
        let program = std::env::var_os(HELPER_VARIABLE)
            .unwrap_or_else(|| OsString::from("/proc/self/exe"))
            .into_vec();
        let arguments = [
            b"crashpoint-minidump".to_vec(),
            b"minidump".to_vec(),
            folder.as_os_str().as_bytes().to_vec(),
        ];
        // The libraries that the executable needs may be found by a variable only.
        let variables = std::env::vars_os()
            .filter(|(name, _)| name != FD_VARIABLE)
            .map(|(name, value)| [name.as_bytes(), b"=", value.as_bytes()].concat());
        let within = |name: &str| text(folder.join(name).into_os_string().into_vec());
        let partial = |name| within(&super::partial(name));
        Ok(Prepared {
            program: text(program)?,
            argv: Pointers::new(arguments.into_iter().map(text).collect::<Result<_, _>>()?),
            envp: Pointers::new(variables.map(text).collect::<Result<_, _>>()?),
            context: memfd_create(c"crashpoint-crash", MFdFlags::MFD_CLOEXEC)?,
            stack: Stack::new()?,
            crash: within(super::CRASH_FILE)?,
            partials: [partial(super::CRASH_FILE)?, partial(super::MINIDUMP_FILE)?],
        })
    }

    /// Called once, in a signal handler.
    pub fn report(&self, context: &CrashContext) {
        let begun = now_ms();
        let bytes = context.as_bytes();
        // SAFETY: the buffer is as long as it says. What is missing the helper notices.
        unsafe {
            libc::pwrite(
                self.context.as_raw_fd(),
                bytes.as_ptr().cast(),
                bytes.len(),
                0,
            )
        };
        // Before the helper: it may stop us before we run again.
        let timer = continue_later();
        match self.start() {
            Some(pid) => self.await_helper(context, pid, begun),
            None => self.say(context, Why::NotStarted),
        }
        if let Some(timer) = timer {
            // SAFETY: made above.
            unsafe { libc::syscall(libc::SYS_timer_delete, timer) };
        }
    }

    fn await_helper(&self, context: &CrashContext, pid: libc::pid_t, begun: i64) {
        // SAFETY: a system call on numbers; where the kernel does not know it there is no need.
        unsafe { libc::prctl(libc::PR_SET_PTRACER, pid, 0, 0, 0) };
        match gone_by(pid, begun + KILL_MS) {
            Some(true) => {}
            Some(false) => self.say(context, Why::Failed),
            None => {
                // SAFETY: it is our child and not waited for yet, so the number is its own.
                unsafe { libc::kill(pid, libc::SIGKILL) };
                let _ = gone_by(pid, begun + LEAVE_MS);
                self.say(context, Why::TookTooLong);
            }
        }
    }

    /// Only where the helper left nothing.
    fn say(&self, context: &CrashContext, why: Why) {
        let words = LastWords::new(context, why);
        let new = libc::O_WRONLY | libc::O_CREAT | libc::O_EXCL | libc::O_CLOEXEC;
        // SAFETY: paths that were prepared, and a buffer that is as long as it says. That there
        // is nothing to remove, or something that must not be replaced, is usual.
        unsafe {
            for path in &self.partials {
                libc::unlink(path.as_ptr());
            }
            let file = libc::open(self.crash.as_ptr(), new, 0o600);
            if file >= 0 {
                libc::write(file, words.bytes().as_ptr().cast(), words.bytes().len());
                libc::close(file);
            }
        }
    }

    fn start(&self) -> Option<libc::pid_t> {
        // SAFETY: with these flags we stand still until the child has executed or left, as with
        // vfork, so it may use our memory; its stack is its own, and is used this once. No signal
        // reaches it before it executes, where it would run our handlers in our memory.
        unsafe {
            let mut all: libc::sigset_t = std::mem::zeroed();
            let mut before: libc::sigset_t = std::mem::zeroed();
            libc::sigfillset(&mut all);
            libc::sigprocmask(libc::SIG_SETMASK, &all, &mut before);
            let pid = libc::clone(
                execute,
                self.stack.top(),
                libc::CLONE_VM | libc::CLONE_VFORK | libc::SIGCHLD,
                ptr::from_ref(self).cast_mut().cast(),
            );
            libc::sigprocmask(libc::SIG_SETMASK, &before, ptr::null_mut());
            (pid > 0).then_some(pid)
        }
    }
}

/// The child's way to the helper's `main`, with nothing of ours but the context, on descriptor 0.
extern "C" fn execute(prepared: *mut c_void) -> c_int {
    // SAFETY: the parent stands still, so this lives; system calls only.
    unsafe {
        let prepared = &*prepared.cast_const().cast::<Prepared>();
        libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL, 0, 0, 0);
        // A limit that brought the worker down must not do the same to the helper.
        for limit in [libc::RLIMIT_AS, libc::RLIMIT_DATA, libc::RLIMIT_FSIZE] {
            let mut now: libc::rlimit = std::mem::zeroed();
            if libc::getrlimit(limit, &mut now) == 0 {
                now.rlim_cur = now.rlim_max;
                libc::setrlimit(limit, &now);
            }
        }
        if libc::dup2(prepared.context.as_raw_fd(), 0) == 0 {
            close_from_1();
            libc::open(c"/dev/null".as_ptr(), libc::O_WRONLY);
            libc::open(c"/dev/null".as_ptr(), libc::O_WRONLY);
            libc::execve(
                prepared.program.as_ptr(),
                prepared.argv.pointers.as_ptr(),
                prepared.envp.pointers.as_ptr(),
            );
        }
        libc::_exit(127)
    }
}

/// Pipes, the protocol's socket and all else would stay open as long as the helper does.
///
/// # Safety
/// For the child before it executes only.
unsafe fn close_from_1() {
    // SAFETY: the descriptors are the child's own copies, and it needs none of them.
    unsafe {
        if libc::syscall(libc::SYS_close_range, 1, libc::c_uint::MAX, 0) == 0 {
            return;
        }
        // Older than Linux 5.9.
        let mut limit: libc::rlimit = std::mem::zeroed();
        libc::getrlimit(libc::RLIMIT_NOFILE, &mut limit);
        let most = c_int::try_from(limit.rlim_cur).unwrap_or(c_int::MAX);
        for fd in 1..most.min(1 << 16) {
            libc::close(fd);
        }
    }
}

extern "C" fn ignore(_: c_int) {}

/// Lets the process go on, should it be stopped by then, and again until the timer is deleted.
fn continue_later() -> Option<c_int> {
    // SAFETY: the calls fill or read what they are given, and the handler does nothing.
    unsafe {
        // Linux 6.13 and newer does not repeat a timer whose signal is ignored or blocked.
        let mut action: libc::sigaction = std::mem::zeroed();
        action.sa_sigaction = ignore as extern "C" fn(c_int) as usize;
        libc::sigaction(libc::SIGCONT, &action, ptr::null_mut());
        let mut signals: libc::sigset_t = std::mem::zeroed();
        libc::sigaddset(&mut signals, libc::SIGCONT);
        libc::sigprocmask(libc::SIG_UNBLOCK, &signals, ptr::null_mut());
        let mut event: libc::sigevent = std::mem::zeroed();
        event.sigev_notify = libc::SIGEV_SIGNAL;
        event.sigev_signo = libc::SIGCONT;
        let mut timer: c_int = 0;
        if libc::syscall(
            libc::SYS_timer_create,
            libc::CLOCK_MONOTONIC,
            &raw mut event,
            &raw mut timer,
        ) != 0
        {
            return None;
        }
        let span = |ms: i64| libc::timespec {
            tv_sec: ms / 1000,
            tv_nsec: ms % 1000 * 1_000_000,
        };
        let times = libc::itimerspec {
            it_value: span(CONTINUE_MS),
            it_interval: span(50),
        };
        libc::syscall(
            libc::SYS_timer_settime,
            timer,
            0,
            &raw const times,
            ptr::null_mut::<libc::itimerspec>(),
        );
        Some(timer)
    }
}

/// Whether the child ended well, if it ended before that time.
fn gone_by(pid: libc::pid_t, deadline_ms: i64) -> Option<bool> {
    loop {
        let mut status: c_int = 0;
        // SAFETY: fills the status.
        let waited = unsafe { libc::waitpid(pid, &mut status, libc::WNOHANG) };
        // An error says that somebody else waited for it.
        if waited != 0 {
            return Some(status == 0);
        }
        if now_ms() >= deadline_ms {
            return None;
        }
        pause(2);
    }
}

/// A signal may end it early.
pub fn pause(ms: i64) {
    let time = libc::timespec {
        tv_sec: ms / 1000,
        tv_nsec: ms % 1000 * 1_000_000,
    };
    // SAFETY: reads the time it is given.
    unsafe { libc::nanosleep(&time, ptr::null_mut()) };
}

fn now_ms() -> i64 {
    let mut now = libc::timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    // SAFETY: fills what it is given.
    unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC, &mut now) };
    now.tv_sec * 1000 + now.tv_nsec / 1_000_000
}
