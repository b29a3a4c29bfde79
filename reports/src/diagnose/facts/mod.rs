//! The values in a line: each kind of line is taken apart in its own file.

mod exception;
mod gpu_memory;
mod kernel_oom;
mod series;
mod xid;

pub use exception::Exception;
pub use gpu_memory::GpuMemory;
pub use kernel_oom::{KernelOom, Scope};
pub use series::Measured;
pub use xid::XidLine;

use crate::knowledge::Parser;

#[derive(Debug, Clone, PartialEq)]
pub enum Fact {
    Xid(XidLine),
    KernelOom(KernelOom),
    GpuMemory(GpuMemory),
    Exception(Exception),
    Measured(Measured),
}

impl Fact {
    /// `None` where the line is not of that shape after all.
    pub fn of(parser: Parser, text: &str) -> Option<Fact> {
        match parser {
            Parser::Xid => xid::parse(text).map(Fact::Xid),
            Parser::KernelOom => kernel_oom::parse(text).map(Fact::KernelOom),
            Parser::GpuMemory => gpu_memory::parse(text).map(Fact::GpuMemory),
            Parser::Measured => series::parse(text).map(Fact::Measured),
            Parser::Exception => exception::parse(text).map(Fact::Exception),
        }
    }
}
