//! A worker and nothing else: the one executable that may link CUDA.

fn main() -> std::process::ExitCode {
    crashpoint_scenarios::worker::main()
}
