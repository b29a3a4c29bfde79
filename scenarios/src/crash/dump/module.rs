//! An executable file that code was mapped from: its unwind tables and its symbols.

use std::collections::{BTreeSet, HashMap};
use std::fs::{self, File};
use std::ops::Range;
use std::path::PathBuf;

use framehop::{ExplicitModuleSectionInfo, Module as Unwindable};
use object::read::elf::{ElfFile64, ProgramHeader};
use object::{Endianness, Object, ObjectSection, ObjectSymbol, ReadCache, SymbolKind, elf};

use super::maps::Code;

/// No file that exists has larger tables, and reading them would take too long.
const MOST: u64 = 1 << 30;

type Elf<'a> = ElfFile64<'a, Endianness, &'a ReadCache<File>>;

pub struct Module {
    pub name: String,
    /// What is added to the file's own addresses where it is mapped.
    bias: u64,
    file: ReadCache<File>,
}

impl Module {
    pub fn open(code: &Code, pid: i32) -> Option<Module> {
        let mut module = Module {
            name: code.name()?,
            bias: 0,
            file: ReadCache::new(mapped_file(code, pid)?),
        };
        module.bias = module.with(|elf| bias(elf, code))??;
        Some(module)
    }

    fn with<T>(&self, look: impl FnOnce(&Elf<'_>) -> T) -> Option<T> {
        ElfFile64::parse(&self.file).ok().map(|elf| look(&elf))
    }

    /// The address in the file of an address in the process.
    pub fn own(&self, address: u64) -> u64 {
        address.wrapping_sub(self.bias)
    }

    pub fn unwindable(&self, code: &Code) -> Option<Unwindable<Vec<u8>>> {
        let tables = self.with(|elf| ExplicitModuleSectionInfo {
            base_svma: 0,
            text_svma: range(elf, ".text"),
            got_svma: range(elf, ".got"),
            eh_frame_svma: range(elf, ".eh_frame"),
            eh_frame: data(elf, ".eh_frame"),
            eh_frame_hdr_svma: range(elf, ".eh_frame_hdr"),
            eh_frame_hdr: data(elf, ".eh_frame_hdr"),
            ..ExplicitModuleSectionInfo::default()
        })?;
        let addresses = code.start..code.end;
        let name = self.name.clone();
        Some(Unwindable::new(name, addresses, self.bias, tables))
    }

    /// The functions at these addresses of the file, found in one pass over its symbols.
    pub fn symbols(&self, addresses: &BTreeSet<u64>) -> HashMap<u64, String> {
        let mut found = HashMap::new();
        self.with(|elf| {
            name(elf.symbols(), addresses, &mut found);
            name(elf.dynamic_symbols(), addresses, &mut found);
        });
        found
    }
}

/// Also where the executable was replaced by a new build meanwhile.
fn mapped_file(code: &Code, pid: i32) -> Option<File> {
    let executable = PathBuf::from(format!("/proc/{pid}/exe"));
    if fs::read_link(&executable).is_ok_and(|path| path == code.path) {
        return File::open(executable).ok();
    }
    let root = PathBuf::from(format!("/proc/{pid}/root"));
    let within = code.path.strip_prefix("/").unwrap_or(&code.path);
    File::open(root.join(within)).ok()
}

fn bias(elf: &Elf<'_>, code: &Code) -> Option<u64> {
    let endian = elf.endian();
    let mapped = code.offset..code.offset.saturating_add(code.end - code.start);
    elf.elf_program_headers()
        .iter()
        .filter(|it| {
            it.p_type(endian) == elf::PT_LOAD && it.p_flags(endian) & elf::PF_X == elf::PF_X
        })
        .map(|it| (it.p_offset(endian), it.p_filesz(endian), it.p_vaddr(endian)))
        // A mapping begins at the page that its segment begins in.
        .find(|(offset, size, _)| *offset < mapped.end && mapped.start < offset + size)
        .map(|(offset, _, address)| {
            let file_begins = code.start.wrapping_sub(code.offset);
            file_begins.wrapping_add(offset).wrapping_sub(address)
        })
}

fn range(elf: &Elf<'_>, name: &str) -> Option<Range<u64>> {
    let section = elf.section_by_name(name)?;
    Some(section.address()..section.address().checked_add(section.size())?)
}

fn data(elf: &Elf<'_>, name: &str) -> Option<Vec<u8>> {
    let section = elf.section_by_name(name)?;
    let data = (section.size() <= MOST).then(|| section.data().ok());
    data?.map(<[u8]>::to_vec)
}

fn name<'a>(
    symbols: impl Iterator<Item = impl ObjectSymbol<'a>>,
    addresses: &BTreeSet<u64>,
    found: &mut HashMap<u64, String>,
) {
    for symbol in symbols {
        if symbol.kind() != SymbolKind::Text || !symbol.is_definition() {
            continue;
        }
        let start = symbol.address();
        for &address in addresses.range(start..start.saturating_add(symbol.size())) {
            if let Ok(name) = symbol.name() {
                let readable = || format!("{:#}", rustc_demangle::demangle(name));
                found.entry(address).or_insert_with(readable);
            }
        }
    }
}
