//! The language model's weights from a GGUF file, in whatever format they have there. Tower,
//! projector and everything else come from the checkpoint beside it.
//!
//! All of the file is checked against the checkpoint's configuration before anything of it is loaded.

mod names;
mod rows;

use std::borrow::Cow;
use std::collections::HashMap;
use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};

use candle_core::quantized::gguf_file::{Content, TensorInfo};
use candle_core::quantized::{GgmlDType, QStorage, QTensor};
use candle_core::{DType, Device, Tensor};

use super::ModelError;
use super::config::{Config, TextConfig};
use super::manifest::{self, Expected, Role};
use super::staging::{Extent, Staging};
use super::weights::Values;
use names::{EMBEDDING, HEAD, ROPE, in_gguf};

#[derive(Debug)]
pub struct Gguf {
    path: PathBuf,
    file: File,
    /// By canonical name.
    tensors: HashMap<String, Stored>,
}

#[derive(Debug)]
struct Stored {
    format: GgmlDType,
    /// From the file's first byte.
    start: u64,
    bytes: u64,
    /// Whose rows are in llama.cpp's order.
    heads: Option<usize>,
}

impl Gguf {
    /// Makes the configuration's vocabulary the file's, which may lack what only pads it: at least
    /// the `spoken` tokens must be there.
    pub fn open(path: &Path, config: &mut Config, spoken: usize) -> Result<Gguf, ModelError> {
        let unreadable = || ModelError::unreadable(path);
        let file = File::open(path).map_err(unreadable())?;
        let length = file.metadata().map_err(unreadable())?.len();
        let content = Content::read(&mut BufReader::new(&file))
            .map_err(|error| unusable(path, &error.to_string()))?;
        check_numbers(&content, &config.text).map_err(|what| foreign(path, what))?;
        let known = rows(&content, EMBEDDING).unwrap_or(0);
        let wanted = config.text.vocab_size;
        if !(spoken..=wanted).contains(&known) {
            return Err(foreign(
                path,
                format!(
                    "it has {known} tokens, and the checkpoint {wanted}, {spoken} of them in its tokenizer"
                ),
            ));
        }
        config.text.vocab_size = known;
        config.text.tie_word_embeddings = !content.tensor_infos.contains_key(HEAD);

        let mut gguf = Gguf {
            path: path.into(),
            file,
            tensors: HashMap::new(),
        };
        let mut infos = content.tensor_infos;
        infos.remove(ROPE);
        for wanted in manifest::of(config) {
            let Some(name) = in_gguf(&wanted.name).filter(|_| wanted.role != Role::Unread) else {
                continue;
            };
            let Some(info) = infos.remove(&name) else {
                return Err(foreign(path, format!("it lacks the tensor {name}")));
            };
            let stored = gguf.check(&name, &info, &wanted, content.tensor_data_offset, length)?;
            let heads = heads(&name, &config.text);
            let stored = Stored { heads, ..stored };
            gguf.tensors.insert(wanted.name, stored);
        }
        match infos.into_keys().min() {
            Some(name) => Err(foreign(
                path,
                format!(
                    "it holds the tensor {name}, which a Llama of this config.json does not have"
                ),
            )),
            None => Ok(gguf),
        }
    }

    fn check(
        &self,
        name: &str,
        info: &TensorInfo,
        wanted: &Expected,
        start: u64,
        length: u64,
    ) -> Result<Stored, ModelError> {
        let path = &self.path;
        if info.shape.dims() != wanted.shape {
            return Err(foreign(
                path,
                format!(
                    "its tensor {name} has the shape {:?}, and the checkpoint wants {:?}",
                    info.shape.dims(),
                    wanted.shape
                ),
            ));
        }
        let format = info.ggml_dtype;
        let row = wanted.shape.last().copied().unwrap_or_default();
        if matches!(format, GgmlDType::Q8_1 | GgmlDType::Q8K)
            || !row.is_multiple_of(format.block_size())
        {
            return Err(ModelError::GgufUnsupported {
                path: path.clone(),
                what: format!("has the tensor {name} in rows of {row} as {format:?}"),
            });
        }
        let bytes = wanted.elements() / format.block_size() as u64 * format.type_size() as u64;
        let start = start.saturating_add(info.offset);
        if start.saturating_add(bytes) > length {
            return Err(ModelError::Damaged {
                path: path.clone(),
                what: format!(
                    "it is cut off: {length} bytes, which end before the tensor {name} does"
                ),
            });
        }
        Ok(Stored {
            format,
            start,
            bytes,
            heads: None,
        })
    }

    pub fn holds(&self, tensor: &Expected) -> bool {
        self.tensors.contains_key(&tensor.name)
    }

    /// `None` if it is not quantised, or not here.
    pub fn format(&self, tensor: &Expected) -> Option<GgmlDType> {
        let stored = self.tensors.get(&tensor.name)?;
        float(stored.format).is_none().then_some(stored.format)
    }

    /// What is not quantised is on the device as it is stored before it is converted there.
    pub fn stored_bytes(&self, tensor: &Expected) -> u64 {
        let stored = self.tensors.get(&tensor.name);
        stored
            .filter(|stored| float(stored.format).is_some())
            .map_or(0, |stored| stored.bytes)
    }

    fn read<'s>(
        &self,
        tensor: &Expected,
        to: &'s mut Staging<'_>,
    ) -> Result<(GgmlDType, Cow<'s, [u8]>), ModelError> {
        let stored = &self.tensors[&tensor.name];
        let bytes = to.read(Extent {
            file: &self.file,
            path: &self.path,
            tensor: &tensor.name,
            start: stored.start,
            bytes: stored.bytes,
        })?;
        let bytes = match stored.heads {
            Some(heads) => Cow::Owned(rows::unpermute(bytes, tensor.shape[0], heads)),
            None => Cow::Borrowed(bytes),
        };
        Ok((stored.format, bytes))
    }
}

impl Values for Gguf {
    fn plain(
        &self,
        tensor: &Expected,
        dtype: DType,
        to: &mut Staging<'_>,
    ) -> Result<Tensor, ModelError> {
        let device = to.device();
        let (format, bytes) = self.read(tensor, to)?;
        let shape = tensor.shape.as_slice();
        let made = match float(format) {
            Some(stored) => Tensor::from_raw_buffer(&bytes, stored, shape, device)
                .and_then(|tensor| tensor.to_dtype(dtype)),
            None => QStorage::from_data(bytes, &Device::Cpu, format)
                .and_then(|storage| QTensor::new(storage, shape))
                .and_then(|tensor| tensor.dequantize(&Device::Cpu)?.to_dtype(dtype))
                .and_then(|tensor| tensor.to_device(device)),
        };
        // The next tensor comes into the same buffer.
        let made = made.and_then(|tensor| device.synchronize().map(|()| tensor));
        made.map_err(ModelError::compute(DOING))
    }

    fn quantised(
        &self,
        tensor: &Expected,
        format: GgmlDType,
        to: &mut Staging<'_>,
    ) -> Result<QTensor, ModelError> {
        let device = to.device();
        let (_, bytes) = self.read(tensor, to)?;
        QStorage::from_data(bytes, device, format)
            .and_then(|storage| QTensor::new(storage, tensor.shape.as_slice()))
            .and_then(|tensor| device.synchronize().map(|()| tensor))
            .map_err(ModelError::compute(DOING))
    }
}

const DOING: &str = "put the weights on the device";

/// candle's name for a format that is not quantised.
fn float(format: GgmlDType) -> Option<DType> {
    match format {
        GgmlDType::F32 => Some(DType::F32),
        GgmlDType::F16 => Some(DType::F16),
        GgmlDType::BF16 => Some(DType::BF16),
        _ => None,
    }
}

fn heads(name: &str, text: &TextConfig) -> Option<usize> {
    if name.ends_with(".attn_q.weight") {
        Some(text.num_attention_heads)
    } else if name.ends_with(".attn_k.weight") {
        Some(text.key_value_heads())
    } else {
        None
    }
}

fn rows(content: &Content, name: &str) -> Option<usize> {
    content
        .tensor_infos
        .get(name)?
        .shape
        .dims()
        .first()
        .copied()
}

/// What the shapes of the tensors do not tell. A number that the file does not give is not compared.
fn check_numbers(content: &Content, text: &TextConfig) -> Result<(), String> {
    let value = |name: &str| content.metadata.get(name);
    let architecture = value("general.architecture").and_then(|it| it.to_string().ok());
    match architecture.map(String::as_str) {
        Some("llama") => {}
        Some(other) => return Err(format!("its architecture is {other:?}, not \"llama\"")),
        None => return Err("it does not say which architecture it is of".into()),
    }
    let number = |name: &str| value(name).and_then(|it| it.to_u64().ok());
    if let Some(parts @ 2..) = number("split.count") {
        return Err(format!(
            "it is one of {parts} parts, which have to be merged first"
        ));
    }
    for (name, wanted) in [
        ("llama.block_count", text.num_hidden_layers),
        ("llama.attention.head_count", text.num_attention_heads),
        ("llama.attention.head_count_kv", text.key_value_heads()),
    ] {
        match number(name) {
            Some(found) if found != wanted as u64 => {
                return Err(format!(
                    "its {name} is {found}, and the checkpoint wants {wanted}"
                ));
            }
            _ => {}
        }
    }
    let base = value("llama.rope.freq_base").and_then(|it| it.to_f32().ok());
    match base {
        Some(found) if found != text.rope_theta() => Err(format!(
            "its llama.rope.freq_base is {found}, and the checkpoint wants {}",
            text.rope_theta()
        )),
        _ => Ok(()),
    }
}

/// What candle could not read.
fn unusable(path: &Path, said: &str) -> ModelError {
    let said = said.lines().next().unwrap_or_default();
    let path = path.to_path_buf();
    if said.contains("unknown dtype") {
        let what = format!("has weights in a format of its own ({said})");
        ModelError::GgufUnsupported { path, what }
    } else {
        let what = format!("its header cannot be read: {said}");
        ModelError::Damaged { path, what }
    }
}

fn foreign(path: &Path, what: String) -> ModelError {
    ModelError::ForeignGguf {
        path: path.into(),
        what,
    }
}
