//! Exit codes: other programs rely on them, so this table is an interface.

/// Everything survived, or the gate passed.
pub const OK: u8 = 0;
/// The command line or a configuration file is wrong.
pub const USAGE: u8 = 2;
/// The environment is unfit: no room, no permission, no network, not enough memory for the model.
pub const UNFIT: u8 = 3;
/// Nothing ran.
pub const NOTHING_RAN: u8 = 4;
/// Something was found: an attempt crashed, hung, failed or broke its budget, an output changed, or a
/// run was ended by what it did not record itself.
pub const FOUND: u8 = 10;
/// The gate found a regression.
pub const REGRESSION: u8 = 11;
/// The gate cannot tell yet.
pub const INCONCLUSIVE: u8 = 12;
/// The harness itself failed.
pub const HARNESS: u8 = 70;
/// Interrupted by SIGINT, with a complete record.
pub const INTERRUPTED: u8 = 130;
/// Interrupted by SIGTERM, with a complete record.
pub const TERMINATED: u8 = 143;
