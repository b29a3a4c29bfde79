//! Everything that can go wrong with a model, each in one sentence that says what, where and
//! what to do, and each with the class that a verdict gives it.

use std::io;
use std::path::{Path, PathBuf};

use crashpoint_reports::Class;
use thiserror::Error;

#[derive(Debug, Error)]
pub enum ModelError {
    #[error(
        "there is no model {name:?}: give tiny, synthetic:llava-1.5-7b, an existing folder, or a hub name such as llava-hf/llava-1.5-7b-hf"
    )]
    UnknownModel { name: String },
    #[error("there is no preset {name:?}: use one of {known}")]
    UnknownPreset { name: String, known: String },

    #[error("there is no way of quantising named {name:?}: use q8_0 or q4k")]
    UnknownQuant { name: String },

    #[error("the checkpoint folder {} lacks {file}: {hint}", folder.display())]
    FileMissing {
        folder: PathBuf,
        file: String,
        hint: &'static str,
    },
    #[error("failed to read {}: {source}; check the path and its permissions", path.display())]
    Unreadable { path: PathBuf, source: io::Error },
    #[error("failed to write the tiny model to the cache folder {}: {source}; make room there or set CRASHPOINT_CACHE to a writable folder", path.display())]
    Unwritable { path: PathBuf, source: io::Error },
    #[error("{} is not the JSON it should be: {source}; fetch the file again", path.display())]
    NotJson {
        path: PathBuf,
        source: serde_json::Error,
    },
    #[error("{} says {what}; correct it or fetch the file again", path.display())]
    BadConfig { path: PathBuf, what: String },
    #[error("{} says that the weights are {dtype}, an integer, in which no model can be loaded: say float16 there; eight bits are a quantization_config's affair (here: --quant q8_0)", path.display())]
    IntegerDtype { path: PathBuf, dtype: String },
    #[error("{} asks for {what}, which is not supported: use a LLaVA-1.5 checkpoint (CLIP tower, Llama) in f32, f16 or bf16", path.display())]
    Unsupported { path: PathBuf, what: String },

    #[error("{} is damaged: {what}; fetch the file again", path.display())]
    Damaged { path: PathBuf, what: String },
    #[error("no file of {} holds the tensor {name}, which config.json calls for: fetch the checkpoint again", folder.display())]
    MissingTensor { folder: PathBuf, name: String },
    #[error("{} has no tensor {name}, although model.safetensors.index.json places it there: fetch both files again", path.display())]
    MisplacedTensor { path: PathBuf, name: String },
    #[error("{} holds the tensor {name}, which a model of this config.json does not have: the two do not belong together", path.display())]
    SurplusTensor { path: PathBuf, name: String },
    #[error("{} holds the tensor {name} although another name or file already gave it: keep one of the two", path.display())]
    RepeatedTensor { path: PathBuf, name: String },
    #[error("the tensor {name} in {} has the shape {found:?}, but config.json calls for {expected:?}: the two do not belong together", path.display())]
    WrongShape {
        path: PathBuf,
        name: String,
        expected: Vec<usize>,
        found: Vec<usize>,
    },
    #[error("the tensor {name} in {} is stored as {dtype}, which is not supported: use a checkpoint in f32, f16 or bf16", path.display())]
    WrongDtype {
        path: PathBuf,
        name: String,
        dtype: String,
    },
    #[error(
        "the tensor {name} holds values that are not finite numbers, which cannot be quantised: fetch the checkpoint again"
    )]
    NotFinite { name: String },
    #[error(
        "{bytes} bytes of host memory for the tensor {name} could not be had: free memory or use a smaller model"
    )]
    HostMemory { name: String, bytes: u64 },

    #[error("{} is not the language model of this checkpoint: {what}; use the GGUF file of its own Llama", path.display())]
    ForeignGguf { path: PathBuf, what: String },
    #[error("{} {what}, which is not supported: use a GGUF file in f16, q8_0, q4_0 or K-quants", path.display())]
    GgufUnsupported { path: PathBuf, what: String },

    #[error("{} is not a tokenizer: {what}; fetch the file again", path.display())]
    Tokenizer { path: PathBuf, what: String },
    #[error("{} has no image token {token:?}: use the tokenizer that belongs to this checkpoint", path.display())]
    NoImageToken { path: PathBuf, token: String },
    #[error("{} gives the image token {token:?} the id {found}, but config.json says {expected}: use the tokenizer that belongs to this checkpoint", path.display())]
    OtherImageToken {
        path: PathBuf,
        token: String,
        found: u32,
        expected: u32,
    },
    #[error("{} knows the token {token}, beyond the {vocabulary} that the embedding has: use the tokenizer that belongs to this checkpoint", path.display())]
    BeyondVocabulary {
        path: PathBuf,
        token: u32,
        vocabulary: usize,
    },

    #[error("the chat template in {} fails: {what}; correct the template", path.display())]
    Template { path: PathBuf, what: String },
    #[error("the chat template in {} makes a prompt with {slots} image slots for {images} images: use a template that renders structured content, one {token:?} for each image", path.display())]
    Slots {
        path: PathBuf,
        slots: usize,
        images: usize,
        token: String,
    },
    #[error(
        "the question contains {token:?}, which stands for an image: leave it out, images get their slots by themselves"
    )]
    TokenInQuestion { token: String },
    #[error(
        "the prompt has slots for {slots} images, but the features are of {images}: give one image for each slot"
    )]
    Features { slots: usize, images: usize },
    #[error(
        "the prompt of {prompt} tokens and {new} new ones exceed the model's context of {context}: ask a shorter question or lower --max-new-tokens"
    )]
    ContextOverflow {
        prompt: usize,
        new: usize,
        context: usize,
    },
    #[error("the {what} cannot be {value}: {hint}")]
    BadSampling {
        what: &'static str,
        value: f64,
        hint: &'static str,
    },

    #[error("an image of {width}x{height} pixels shows nothing: use another one")]
    EmptyImage { width: u32, height: u32 },
    #[error(
        "the image processor makes {width}x{height} pixels of this image, but the tower wants {side}x{side}: correct the processor's size or crop"
    )]
    OtherSize {
        width: u32,
        height: u32,
        side: usize,
    },

    #[error("{0}")]
    OverBudget(String),

    #[error("failed to fetch {what} from {endpoint}: {why}; {hint}")]
    Download {
        what: String,
        endpoint: String,
        why: String,
        hint: &'static str,
    },
    #[error("the hub is offline by HF_HUB_OFFLINE and {} holds no {what}: unset HF_HUB_OFFLINE, or fetch the model once while online", cache.display())]
    Offline { what: String, cache: PathBuf },

    #[error(
        "failed to {doing}: the logits are not numbers, so the weights or the computation are corrupt: try --dtype f32, and test the device's memory"
    )]
    NotANumber { doing: &'static str },
    #[error("a CPU cannot compute in {dtype} here: use --dtype f32 or f16, or a GPU")]
    DtypeOnCpu { dtype: &'static str },
    // With RUST_BACKTRACE candle's errors go on for pages.
    #[error("failed to {doing}: {}", source.to_string().lines().next().unwrap_or_default())]
    Compute {
        doing: &'static str,
        source: candle_core::Error,
    },
}

impl ModelError {
    /// For `map_err` on candle's results; `doing` is a fragment after "failed to".
    pub(super) fn compute(doing: &'static str) -> impl FnOnce(candle_core::Error) -> ModelError {
        move |source| ModelError::Compute { doing, source }
    }

    pub(super) fn unreadable(path: &Path) -> impl FnOnce(io::Error) -> ModelError + '_ {
        move |source| ModelError::Unreadable {
            path: path.into(),
            source,
        }
    }

    /// The class that a verdict gives this error.
    pub fn class(&self) -> Class {
        match self {
            ModelError::UnknownModel { .. }
            | ModelError::UnknownPreset { .. }
            | ModelError::UnknownQuant { .. }
            | ModelError::BadSampling { .. } => Class::ConfigOther,
            ModelError::Unreadable { source, .. } | ModelError::Unwritable { source, .. } => {
                match source.kind() {
                    io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
                        Class::PermissionDenied
                    }
                    io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Class::DiskFull,
                    io::ErrorKind::OutOfMemory => Class::HostAllocFailed,
                    _ => Class::ModelFilesBroken,
                }
            }
            ModelError::FileMissing { .. }
            | ModelError::NotJson { .. }
            | ModelError::BadConfig { .. }
            | ModelError::Damaged { .. }
            | ModelError::MissingTensor { .. }
            | ModelError::MisplacedTensor { .. }
            | ModelError::SurplusTensor { .. }
            | ModelError::RepeatedTensor { .. }
            | ModelError::WrongShape { .. }
            | ModelError::NotFinite { .. }
            | ModelError::ForeignGguf { .. }
            | ModelError::Tokenizer { .. }
            | ModelError::NoImageToken { .. }
            | ModelError::OtherImageToken { .. }
            | ModelError::BeyondVocabulary { .. }
            | ModelError::OtherSize { .. } => Class::ModelFilesBroken,
            ModelError::Unsupported { .. }
            | ModelError::WrongDtype { .. }
            | ModelError::GgufUnsupported { .. } => Class::ModelUnsupported,
            ModelError::HostMemory { .. } => Class::HostAllocFailed,
            ModelError::Template { .. }
            | ModelError::Slots { .. }
            | ModelError::TokenInQuestion { .. }
            | ModelError::Features { .. } => Class::ConfigPrompt,
            ModelError::ContextOverflow { .. } => Class::ContextOverflow,
            ModelError::EmptyImage { .. } => Class::InputBroken,
            ModelError::OverBudget(_) => Class::ConfigMemoryPlan,
            ModelError::Download { .. } | ModelError::Offline { .. } => Class::DownloadFailed,
            ModelError::NotANumber { .. } => Class::NumericalCorruption,
            ModelError::DtypeOnCpu { .. } | ModelError::IntegerDtype { .. } => Class::ConfigDtype,
            ModelError::Compute { source, .. } => class_of(source),
        }
    }
}

/// candle hands on what a driver or an allocator said, at best as text.
fn class_of(error: &candle_core::Error) -> Class {
    let said = error.to_string();
    let says = |words: &[&str]| words.iter().any(|word| said.contains(word));
    if says(&["OUT_OF_MEMORY", "out of memory", "ALLOC_FAILED"]) {
        Class::GpuOom
    } else if says(&[
        "ILLEGAL_ADDRESS",
        "MISALIGNED_ADDRESS",
        "illegal memory access",
    ]) {
        Class::GpuIllegalAccess
    } else if says(&["CUDA_ERROR_ASSERT", "device-side assert"]) {
        Class::GpuDeviceAssert
    } else if says(&["LAUNCH_TIMEOUT"]) {
        Class::GpuLaunchTimeout
    } else if says(&["NO_BINARY_FOR_GPU", "UNSUPPORTED_PTX", "INVALID_PTX"]) {
        Class::GpuNoKernelImage
    } else if says(&["ECC_UNCORRECTABLE"]) {
        Class::GpuEccError
    } else if says(&[
        "LAUNCH_FAILED",
        "ILLEGAL_INSTRUCTION",
        "HARDWARE_STACK_ERROR",
    ]) {
        Class::GpuKernelFault
    } else if says(&["unsupported dtype", "dtype mismatch"]) {
        Class::ConfigDtype
    } else {
        Class::ApplicationException
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_one_line() {
        let error = ModelError::compute("see")(candle_core::Error::Msg("first\nsecond".into()));
        assert_eq!(error.to_string(), "failed to see: first");
    }

    #[test]
    fn what_a_system_says_decides_the_class() {
        for (kind, class) in [
            (io::ErrorKind::PermissionDenied, Class::PermissionDenied),
            (io::ErrorKind::StorageFull, Class::DiskFull),
            (io::ErrorKind::IsADirectory, Class::ModelFilesBroken),
        ] {
            let error = ModelError::unreadable(Path::new("/model"))(kind.into());
            assert_eq!(error.class(), class);
        }
    }

    #[test]
    fn what_a_driver_says_decides_the_class() {
        let of = |said: &str| class_of(&candle_core::Error::Msg(said.into()));
        assert_eq!(
            of("DriverError(CUDA_ERROR_OUT_OF_MEMORY, \"out of memory\")"),
            Class::GpuOom
        );
        assert_eq!(
            of("DriverError(CUDA_ERROR_ILLEGAL_ADDRESS, \"an illegal memory access\")"),
            Class::GpuIllegalAccess
        );
        assert_eq!(of("something else"), Class::ApplicationException);
    }
}
