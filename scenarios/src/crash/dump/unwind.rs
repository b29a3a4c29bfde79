//! From the registers of the crashing thread to its frames.

use std::collections::BTreeSet;

use crashpoint_reports::gathered::Frame;
use framehop::{CacheNative, FrameAddress, MayAllocateDuringUnwind, Unwinder, UnwinderNative};

use super::context::Registers;
use super::maps::{Code, Maps};
use super::memory::Memory;
use super::module::Module;

/// The innermost ones say where it broke; an endless recursion has thousands.
const MOST: usize = 64;

/// The first is where it happened, and is there whatever else fails.
pub fn frames(
    mut registers: Registers,
    maps: &Maps,
    memory: Option<&Memory>,
    pid: i32,
) -> Vec<Frame> {
    let mut walk = Walk {
        maps,
        pid,
        modules: Vec::new(),
        unwinder: UnwinderNative::new(),
        places: Vec::new(),
    };
    walk.take(&mut registers, memory);
    walk.named()
}

struct Walk<'a> {
    maps: &'a Maps,
    pid: i32,
    modules: Vec<(Code, Module)>,
    unwinder: UnwinderNative<Vec<u8>, MayAllocateDuringUnwind>,
    /// Addresses, and which module they are in.
    places: Vec<(u64, Option<usize>)>,
}

impl Walk<'_> {
    fn take(&mut self, registers: &mut Registers, memory: Option<&Memory>) {
        let mut cache = CacheNative::<MayAllocateDuringUnwind>::new();
        let mut at = FrameAddress::from_instruction_pointer(registers.ip);
        self.place(registers.ip);
        let Some(memory) = memory else { return };
        let mut word = |address| memory.word(address).ok_or(());
        if !self.maps.executable(registers.ip) {
            // A call to where no code is: nothing has happened there yet but the call itself.
            let caller = registers.undo_call(memory);
            let Some(address) = caller.and_then(FrameAddress::from_return_address) else {
                return;
            };
            at = address;
            self.place(at.address_for_lookup());
        }
        while self.places.len() < MOST {
            let next = self
                .unwinder
                .unwind_frame(at, &mut registers.unwind, &mut cache, &mut word);
            let Ok(Some(caller)) = next else { return };
            let Some(address) = FrameAddress::from_return_address(caller) else {
                return;
            };
            at = address;
            // Without tables the unwinder guesses; what is no code is no caller.
            if !self.maps.executable(at.address_for_lookup()) {
                return;
            }
            self.place(at.address_for_lookup());
        }
    }

    /// Notes a frame, and makes its module known before anything is unwound through it.
    fn place(&mut self, address: u64) {
        let known = self
            .modules
            .iter()
            .position(|(code, _)| (code.start..code.end).contains(&address));
        let module = known.or_else(|| {
            let code = self.maps.code_at(address)?;
            let module = Module::open(&code, self.pid)?;
            if let Some(tables) = module.unwindable(&code) {
                self.unwinder.add_module(tables);
            }
            self.modules.push((code, module));
            Some(self.modules.len() - 1)
        });
        self.places.push((address, module));
    }

    fn named(self) -> Vec<Frame> {
        let symbols: Vec<_> = (0..)
            .zip(&self.modules)
            .map(|(number, (_, module))| {
                let of_it = self.places.iter().filter(|(_, it)| *it == Some(number));
                let addresses: BTreeSet<u64> =
                    of_it.map(|(address, _)| module.own(*address)).collect();
                module.symbols(&addresses)
            })
            .collect();
        let frame = |&(address, module): &(u64, Option<usize>)| {
            let known = module.and_then(|at| self.modules.get(at).zip(symbols.get(at)));
            match known {
                Some(((_, module), symbols)) => Frame {
                    module: Some(module.name.clone()),
                    offset: module.own(address),
                    symbol: symbols.get(&module.own(address)).cloned(),
                },
                None => self.maps.code_at(address).map_or(
                    Frame {
                        offset: address,
                        ..Frame::default()
                    },
                    // The file is gone: what was mapped from it is known all the same.
                    |code| Frame {
                        module: code.name(),
                        offset: address - code.start + code.offset,
                        symbol: None,
                    },
                ),
            }
        };
        self.places.iter().map(frame).collect()
    }
}
