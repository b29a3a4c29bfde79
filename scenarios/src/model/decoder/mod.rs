//! The token after the next one, and so on: the language model's step for a single token, which is
//! where an answer's time goes.
//!
//! On CUDA it is kernels of our own, captured once for each answer as a CUDA graph: a step through
//! candle is hundreds of launches, each of which costs the host more than it costs the GPU. Elsewhere,
//! and for weights that the kernels do not know, it is [`Language::forward`](super::language::Language::forward).

#[cfg(feature = "cuda")]
mod cuda;
#[cfg(not(feature = "cuda"))]
mod none;

#[cfg(feature = "cuda")]
pub use cuda::Decoder;
#[cfg(not(feature = "cuda"))]
pub use none::Decoder;

/// What a step chose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Likeliest {
    pub token: u32,
    /// Whether every logit was a number.
    pub finite: bool,
}
