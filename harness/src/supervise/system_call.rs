//! The system call that a thread is in, by name for those in which programs wait.

use nix::libc;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    number: i64,
    first_argument: u64,
}

impl Call {
    /// From the text of `/proc/PID/task/TID/syscall`; a thread that runs is in none.
    pub fn parse(text: &str) -> Option<Call> {
        let mut words = text.split(' ');
        let number = words.next()?.parse().ok().filter(|number| *number >= 0)?;
        let argument = words.next().and_then(|word| word.strip_prefix("0x"));
        Some(Call {
            number,
            first_argument: argument
                .and_then(|digits| u64::from_str_radix(digits, 16).ok())
                .unwrap_or(0),
        })
    }

    pub fn name(&self) -> String {
        match name(self.number) {
            Some(name) => name.to_owned(),
            None => format!("system call {}", self.number),
        }
    }

    /// The number of the open file that it works on, where its first argument is one.
    pub fn file(&self) -> Option<i32> {
        let on_a_file = matches!(
            name(self.number)?,
            "read"
                | "write"
                | "readv"
                | "writev"
                | "pread64"
                | "pwrite64"
                | "ioctl"
                | "recvfrom"
                | "recvmsg"
                | "sendto"
                | "sendmsg"
                | "accept"
                | "accept4"
                | "connect"
                | "fsync"
                | "fdatasync"
                | "flock"
        );
        i32::try_from(self.first_argument)
            .ok()
            .filter(|_| on_a_file)
    }
}

fn name(number: i64) -> Option<&'static str> {
    Some(match number {
        libc::SYS_futex => "futex",
        libc::SYS_read => "read",
        libc::SYS_write => "write",
        libc::SYS_readv => "readv",
        libc::SYS_writev => "writev",
        libc::SYS_pread64 => "pread64",
        libc::SYS_pwrite64 => "pwrite64",
        libc::SYS_ioctl => "ioctl",
        libc::SYS_openat => "openat",
        libc::SYS_close => "close",
        libc::SYS_ppoll => "ppoll",
        libc::SYS_pselect6 => "pselect6",
        libc::SYS_epoll_pwait => "epoll_pwait",
        libc::SYS_nanosleep => "nanosleep",
        libc::SYS_clock_nanosleep => "clock_nanosleep",
        libc::SYS_wait4 => "wait4",
        libc::SYS_waitid => "waitid",
        libc::SYS_rt_sigsuspend => "rt_sigsuspend",
        libc::SYS_rt_sigtimedwait => "rt_sigtimedwait",
        libc::SYS_sched_yield => "sched_yield",
        libc::SYS_recvfrom => "recvfrom",
        libc::SYS_recvmsg => "recvmsg",
        libc::SYS_sendto => "sendto",
        libc::SYS_sendmsg => "sendmsg",
        libc::SYS_accept => "accept",
        libc::SYS_accept4 => "accept4",
        libc::SYS_connect => "connect",
        libc::SYS_fsync => "fsync",
        libc::SYS_fdatasync => "fdatasync",
        libc::SYS_flock => "flock",
        libc::SYS_fcntl => "fcntl",
        libc::SYS_mmap => "mmap",
        libc::SYS_munmap => "munmap",
        libc::SYS_madvise => "madvise",
        libc::SYS_exit_group => "exit_group",
        libc::SYS_io_uring_enter => "io_uring_enter",
        #[cfg(target_arch = "x86_64")]
        libc::SYS_poll => "poll",
        #[cfg(target_arch = "x86_64")]
        libc::SYS_select => "select",
        #[cfg(target_arch = "x86_64")]
        libc::SYS_epoll_wait => "epoll_wait",
        #[cfg(target_arch = "x86_64")]
        libc::SYS_pause => "pause",
        #[cfg(target_arch = "x86_64")]
        libc::SYS_open => "open",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_has_a_name_and_the_file_it_works_on() {
        let read = format!(
            "{} 0x3 0x7ffe 0x1 0x0 0x0 0x0 0x7ffd 0x7f01",
            libc::SYS_read
        );
        let call = Call::parse(&read).unwrap();
        assert_eq!((call.name().as_str(), call.file()), ("read", Some(3)));
        let futex = Call::parse(&format!("{} 0x3", libc::SYS_futex)).unwrap();
        assert_eq!((futex.name().as_str(), futex.file()), ("futex", None));
        assert_eq!(Call::parse("9999 0x0").unwrap().name(), "system call 9999");
    }

    #[test]
    fn a_thread_that_runs_is_in_none() {
        for text in ["running", "", "-1 0x7ffd 0x7f01", "x 0x1"] {
            assert_eq!(Call::parse(text), None, "{text:?}");
        }
    }
}
