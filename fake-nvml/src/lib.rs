//! A `libnvidia-ml.so` that answers from a script: a TOML file named by `CRASHPOINT_FAKE_NVML`.
//!
//! It has the symbols that crashpoint's probe process calls, and no others: what a probe calls beyond
//! them is answered by the loader, as by an older driver. `docs/gpu.md` tells how a script is written.

mod abi;
mod answer;
mod machine;
mod script;
mod series;
