//! What there is to say about the crash in a page of JSON.

use crashpoint_reports::gathered::{Crash, Frame};
use nix::libc;

use super::context::Context;
use super::maps::Maps;
use super::memory::Memory;
use super::{processor, unwind};

/// No instruction of any processor is longer.
const INSTRUCTION: usize = 16;
/// The kernel keeps this much free below a main thread's stack, and no thread's guard is larger.
const GUARD: u64 = 1 << 20;
/// An access this near to the stack pointer, where nothing may be written, is the stack's own.
const NEAR: u64 = 64 << 10;

/// Never fails: what cannot be had is said to be missing.
pub fn look(context: &Context) -> Crash {
    let pid = context.pid();
    let registers = context.registers();
    let mut crash = Crash {
        signal: context.signal(),
        code: context.code(),
        address: context.address(),
        sender_pid: context.sender(),
        pid,
        thread: thread_name(context),
        ..Crash::default()
    };
    if crash.signal == libc::SIGILL {
        crash.processor_lacks = processor::lacks();
    }
    // Without the process itself this is all: where it happened, without a name.
    crash.frames.push(Frame {
        offset: registers.ip,
        ..Frame::default()
    });
    let maps = match Maps::of(pid) {
        Ok(maps) => maps,
        Err(error) => {
            crash.failures.push(format!("memory map: {error}"));
            return crash;
        }
    };
    // Of the other signals it is the instruction's.
    let accessed = matches!(crash.signal, libc::SIGSEGV | libc::SIGBUS);
    if let Some(address) = crash.address.filter(|_| accessed) {
        crash.mapping = maps.name_at(address);
        crash.stack_overflow = crash.signal == libc::SIGSEGV
            && address.abs_diff(registers.sp) <= NEAR
            && !maps.writable(address)
            && maps.writable_above(address, GUARD);
    }
    let memory = match Memory::of(pid) {
        Ok(memory) => Some(memory),
        Err(error) => {
            crash.failures.push(format!("memory: {error}"));
            None
        }
    };
    crash.instruction = memory
        .as_ref()
        .map(|memory| memory.bytes(registers.ip, INSTRUCTION))
        .filter(|bytes| !bytes.is_empty())
        .map(|bytes| bytes.iter().map(|byte| format!("{byte:02x}")).collect());
    crash.frames = unwind::frames(registers, &maps, memory.as_ref(), pid);
    crash
}

fn thread_name(context: &Context) -> Option<String> {
    let path = format!("/proc/{}/task/{}/comm", context.pid(), context.tid());
    let name = std::fs::read(path).ok()?;
    Some(String::from_utf8_lossy(&name).trim_end().to_owned())
}
