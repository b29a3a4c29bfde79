//! `SIGABRT`, by a C++ exception that nobody catches. libstdc++ is loaded at run time, so that
//! building crashpoint takes no C++ compiler.
#![allow(unsafe_code)]

use std::ffi::{CStr, c_char, c_void};
use std::mem::{MaybeUninit, transmute};
use std::ptr;

use crashpoint_reports::Class;
use nix::libc;

use super::FaultError;

const LIBRARY: &CStr = c"libstdc++.so.6";
/// Of `std::runtime_error`: a table of virtual functions and a text.
const SIZE: usize = 16;

struct Cpp {
    allocate: unsafe extern "C" fn(usize) -> *mut c_void,
    construct: unsafe extern "C" fn(*mut c_void, *const c_char),
    destroy: *mut c_void,
    type_info: *mut c_void,
    throw: unsafe extern "C-unwind" fn(*mut c_void, *mut c_void, *mut c_void) -> !,
}

fn load() -> Option<Cpp> {
    // SAFETY: the library is loaded for good, and each symbol has the type that the C++ ABI gives it.
    unsafe {
        let library = libc::dlopen(LIBRARY.as_ptr(), libc::RTLD_NOW);
        if library.is_null() {
            return None;
        }
        let symbol = |name: &CStr| {
            let found = libc::dlsym(library, name.as_ptr());
            (!found.is_null()).then_some(found)
        };
        Some(Cpp {
            allocate: transmute::<*mut c_void, unsafe extern "C" fn(usize) -> *mut c_void>(symbol(
                c"__cxa_allocate_exception",
            )?),
            construct: transmute::<*mut c_void, unsafe extern "C" fn(*mut c_void, *const c_char)>(
                symbol(c"_ZNSt13runtime_errorC1EPKc")?,
            ),
            destroy: symbol(c"_ZNSt13runtime_errorD1Ev")?,
            type_info: symbol(c"_ZTISt13runtime_error")?,
            throw: transmute::<
                *mut c_void,
                unsafe extern "C-unwind" fn(*mut c_void, *mut c_void, *mut c_void) -> !,
            >(symbol(c"__cxa_throw")?),
        })
    }
}

pub fn prepare() -> Result<(), FaultError> {
    load().map(drop).ok_or_else(|| {
        FaultError::unfit(
            Class::LibraryMissing,
            "cpp-throw needs libstdc++.so.6, which cannot be loaded here: install it, or choose another fault",
        )
    })
}

pub fn commit() -> Result<(), FaultError> {
    // Of a thread that C started: in one of Rust's the standard library would catch it at the bottom
    // of the stack, and abort in its own words.
    let mut thread = MaybeUninit::uninit();
    // SAFETY: the thread takes nothing. Its entry differs from the declared type only in that an
    // exception may leave it, which is what it is for.
    let entry = unsafe {
        transmute::<
            extern "C-unwind" fn(*mut c_void) -> *mut c_void,
            extern "C" fn(*mut c_void) -> *mut c_void,
        >(throw)
    };
    // SAFETY: as above; the handle is only read after it was written.
    let joined = unsafe {
        libc::pthread_create(thread.as_mut_ptr(), ptr::null(), entry, ptr::null_mut()) == 0
            && libc::pthread_join(thread.assume_init(), ptr::null_mut()) == 0
    };
    if joined {
        Ok(())
    } else {
        Err(FaultError::Failed("failed to start a thread".to_owned()))
    }
}

extern "C-unwind" fn throw(_: *mut c_void) -> *mut c_void {
    if let Some(cpp) = load() {
        // SAFETY: the three steps that a compiler makes of `throw std::runtime_error(...)`.
        unsafe {
            let exception = (cpp.allocate)(SIZE);
            (cpp.construct)(exception, c"the engine has no plan for this shape".as_ptr());
            (cpp.throw)(exception, cpp.type_info, cpp.destroy)
        }
    }
    ptr::null_mut()
}
