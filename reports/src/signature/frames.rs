//! The frames that say where a crash is: the innermost ones that are not the machinery of crashing.

use crate::gathered::Frame;

/// More of them would split one crash by its callers.
const MOST: usize = 3;

/// How programs come to an end, whatever the reason: by the beginning of the symbol's name.
const MACHINERY: [&str; 48] = [
    "__GI_abort",
    "gsignal",
    "__pthread_kill",
    "pthread_kill",
    "__GI_raise",
    "__GI___pthread_kill",
    "__libc_message",
    "malloc_printerr",
    "__fortify_fail",
    "__stack_chk_fail",
    "__chk_fail",
    "__assert_fail",
    "__GI___assert_fail",
    "__assert_perror_fail",
    "__restore_rt",
    "<signal handler called>",
    "__cxa_throw",
    "__cxa_rethrow",
    "__cxxabiv1::",
    "__gnu_cxx::__verbose_terminate_handler",
    "std::terminate",
    "_Unwind_",
    "rust_begin_unwind",
    "rust_panic",
    "__rust_",
    "_rust_",
    "std::panicking::",
    "core::panicking::",
    "std::sys::",
    "std::process::",
    "core::result::unwrap_failed",
    "core::option::unwrap_failed",
    "core::option::expect_failed",
    "alloc::alloc::handle_alloc_error",
    "std::alloc::rust_oom",
    "_ZSt9terminate",
    "_ZN10__cxxabiv1",
    "_ZN9__gnu_cxx27__verbose_terminate",
    "__libc_free",
    "__libc_malloc",
    "__libc_realloc",
    "__libc_calloc",
    "_int_free",
    "_int_malloc",
    "_int_realloc",
    "malloc_consolidate",
    "unlink_chunk",
    "tcache_",
];

/// The same, by the whole name: others may begin so.
const MACHINERY_NAMES: [&str; 9] = [
    "abort", "raise", "kill", "tgkill", "syscall", "free", "malloc", "realloc", "calloc",
];

/// Of these a frame without a name says nothing but where a version of them happens to have it.
const SYSTEM: [&str; 7] = [
    "libc.",
    "libpthread.",
    "libstdc++.",
    "libgcc_s.",
    "ld-linux",
    "linux-vdso",
    "[vdso]",
];

/// What every stack ends in.
const ENTRY: [&str; 7] = [
    "_start",
    "__libc_start",
    "start_thread",
    "clone",
    "__clone",
    "std::rt::lang_start",
    "core::ops::function::FnOnce::call_once",
];

pub fn top(frames: &[Frame]) -> Vec<String> {
    let mut top: Vec<String> = frames
        .iter()
        .filter_map(named)
        .filter(|(_, symbol)| {
            let is = |names: &[&str]| names.iter().any(|name| symbol.starts_with(name));
            !is(&MACHINERY) && !MACHINERY_NAMES.contains(&symbol.as_str()) && !is(&ENTRY)
        })
        .map(|(shown, _)| shown)
        .collect();
    // How deep a recursion came is no part of it.
    top.dedup();
    top.truncate(MOST);
    top
}

/// As it is shown, and the bare symbol. Code without a module or a name is made while running and
/// lies elsewhere every time.
fn named(frame: &Frame) -> Option<(String, String)> {
    let module = frame.module.as_deref().map(without_version);
    let symbol = frame.symbol.as_deref().map(bare);
    match (module, symbol) {
        (Some(module), Some(symbol)) => Some((format!("{module}!{symbol}"), symbol)),
        (None, Some(symbol)) => Some((symbol.clone(), symbol)),
        (Some(module), None) if SYSTEM.iter().any(|name| module.starts_with(name)) => None,
        (Some(module), None) => Some((format!("{module}+{:#x}", frame.offset), String::new())),
        (None, None) => None,
    }
}

/// `libcudart.so.12.4.99` is `libcudart.so` on every machine.
fn without_version(module: &str) -> &str {
    match module.split_once(".so.") {
        Some((name, _)) => module.get(..name.len() + 3).unwrap_or(module),
        None => module,
    }
}

/// Without what compilers add: a hash, a disambiguator, an offset within the function.
fn bare(symbol: &str) -> String {
    let symbol = symbol.split("+0x").next().unwrap_or(symbol);
    let symbol = match symbol.rsplit_once("::h") {
        Some((name, hash)) if hash.len() == 16 && is_hex(hash) => name,
        _ => symbol,
    };
    let mut kept = String::new();
    let mut rest = symbol;
    while let Some((before, after)) = rest.split_once('[') {
        kept += before;
        match after.split_once(']') {
            Some((inside, behind)) if is_hex(inside) => rest = behind,
            _ => {
                kept.push('[');
                rest = after;
            }
        }
    }
    (kept + rest).trim().to_owned()
}

fn is_hex(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(module: &str, symbol: &str) -> Frame {
        Frame {
            module: Some(module.into()),
            offset: 0x1234,
            symbol: (!symbol.is_empty()).then(|| symbol.into()),
        }
    }

    #[test]
    fn the_machinery_of_crashing_and_of_starting_is_left_out() {
        let stack = [
            frame("libc.so.6", ""),
            frame("libc.so.6", "__pthread_kill_implementation"),
            frame("libc.so.6", "gsignal"),
            frame("libc.so.6", "abort"),
            frame("worker", "std::sys::pal::unix::abort_internal"),
            frame("worker", "std::panicking::begin_panic_handler"),
            frame("worker", "model::decode::h0123456789abcdef"),
            frame("libcudart.so.12.4.99", ""),
            frame("worker", "main"),
            frame("libc.so.6", "__libc_start_main"),
        ];
        assert_eq!(
            top(&stack),
            ["worker!model::decode", "libcudart.so+0x1234", "worker!main"]
        );
    }

    #[test]
    fn a_recursion_is_one_frame_and_a_name_is_not_taken_for_another() {
        let stack = [
            frame("libc.so.6", "free"),
            frame("worker", "freeze_model"),
            frame("worker", "walk"),
            frame("worker", "walk"),
            frame("worker", "walk"),
            frame("worker", "load"),
        ];
        assert_eq!(
            top(&stack),
            ["worker!freeze_model", "worker!walk", "worker!load"]
        );
    }

    #[test]
    fn what_a_build_adds_to_a_name_is_no_part_of_it() {
        assert_eq!(bare("a[12ab3f]::b::h0123456789abcdef"), "a::b");
        assert_eq!(bare("f[0]+0x1c"), "f");
        assert_eq!(bare("operator[](int)"), "operator[](int)");
    }
}
