//! Compiles the kernels for a GPU where they are asked for.

fn main() {
    println!("cargo::rerun-if-changed=src/model/decoder/cuda/kernels.cu");
    #[cfg(feature = "cuda")]
    kernels::compile();
}

#[cfg(feature = "cuda")]
mod kernels {
    use std::path::PathBuf;

    use cudaforge::KernelBuilder;

    /// As PTX, which the driver of any newer GPU takes too.
    #[expect(clippy::expect_used, reason = "that is how a build script fails")]
    pub fn compile() {
        let folder = PathBuf::from(std::env::var_os("OUT_DIR").expect("OUT_DIR is set by cargo"));
        KernelBuilder::new()
            .source_files(["src/model/decoder/cuda/kernels.cu"])
            .arg("-std=c++17")
            .arg("-O3")
            .build_ptx()
            .and_then(|ptx| ptx.write(folder.join("kernels.rs")))
            .expect("the kernels compile with nvcc");
    }
}
