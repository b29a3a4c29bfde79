//! What the signal handler saw, as it handed it over.

use std::io::Read;

use crash_handler::CrashContext;
use framehop::UnwindRegsNative;
use nix::libc;

use super::memory::Memory;

pub struct Context(pub CrashContext);

impl Context {
    pub fn from_standard_input() -> Option<Context> {
        let size = size_of::<CrashContext>();
        let mut bytes = Vec::with_capacity(size);
        let input = std::io::stdin().lock();
        input.take(size as u64 + 1).read_to_end(&mut bytes).ok()?;
        CrashContext::from_bytes(&bytes).map(Context)
    }

    pub fn pid(&self) -> libc::pid_t {
        self.0.pid
    }

    pub fn tid(&self) -> libc::pid_t {
        self.0.tid
    }

    pub fn signal(&self) -> i32 {
        self.0.siginfo.ssi_signo.cast_signed()
    }

    pub fn code(&self) -> i32 {
        self.0.siginfo.ssi_code
    }

    // The field's bytes are a `siginfo_t`, though its type says `signalfd_siginfo`: the two agree
    // in the first three numbers only. What follows those in a `siginfo_t`, at offset 16, is the
    // address or the sender, and the names at that offset are `ssi_uid` and `ssi_fd`.

    /// Where the access went wrong, if it is a fault that the kernel gives an address for.
    pub fn address(&self) -> Option<u64> {
        // A general protection fault and a breakpoint have none.
        let known = self.code() > 0 && self.code() != SI_KERNEL;
        known.then(|| {
            let info = &self.0.siginfo;
            u64::from(info.ssi_uid) | u64::from(info.ssi_fd.cast_unsigned()) << 32
        })
    }

    pub fn sender(&self) -> Option<i32> {
        matches!(self.code(), libc::SI_USER | libc::SI_TKILL | libc::SI_QUEUE)
            .then(|| self.0.siginfo.ssi_uid.cast_signed())
    }

    /// As a minidump takes it, with the address where its writer looks for it.
    pub fn for_minidump(&self) -> CrashContext {
        let mut context = self.0.clone();
        context.siginfo.ssi_addr = self.address().unwrap_or_default();
        context
    }
}

const SI_KERNEL: i32 = 0x80;

/// What it takes to find the callers.
pub struct Registers {
    pub ip: u64,
    pub sp: u64,
    pub unwind: UnwindRegsNative,
}

#[cfg(target_arch = "x86_64")]
impl Context {
    pub fn registers(&self) -> Registers {
        let general = &self.0.context.uc_mcontext.gregs;
        let register = |number: libc::c_int| {
            let number = usize::try_from(number).unwrap_or_default();
            let value = general.get(number).copied().unwrap_or_default();
            value.cast_unsigned()
        };
        let (ip, sp) = (register(libc::REG_RIP), register(libc::REG_RSP));
        Registers {
            ip,
            sp,
            unwind: UnwindRegsNative::new(ip, sp, register(libc::REG_RBP)),
        }
    }
}

#[cfg(target_arch = "x86_64")]
impl Registers {
    /// Undoes a call that was the last thing that happened.
    pub fn undo_call(&mut self, memory: &Memory) -> Option<u64> {
        let caller = memory.word(self.sp)?;
        self.sp += 8;
        self.unwind.set_sp(self.sp);
        Some(caller)
    }
}

#[cfg(target_arch = "aarch64")]
impl Context {
    pub fn registers(&self) -> Registers {
        let machine = &self.0.context.uc_mcontext;
        let [.., frame, link] = machine.regs;
        Registers {
            ip: machine.pc,
            sp: machine.sp,
            unwind: UnwindRegsNative::new(link, machine.sp, frame),
        }
    }
}

#[cfg(target_arch = "aarch64")]
impl Registers {
    /// Undoes a call that was the last thing that happened.
    pub fn undo_call(&mut self, _memory: &Memory) -> Option<u64> {
        Some(self.unwind.lr())
    }
}
