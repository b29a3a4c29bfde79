//! One safetensors file: its header read whole, its tensors read one by one.
//!
//! A tensor's bytes are read, not mapped: a file that shrinks or a disk that fails is then an
//! error to report, not a SIGBUS.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use candle_core::{DType, Tensor};
use half::{bf16, f16};
use safetensors::tensor::{Dtype, Metadata};

use super::ModelError;
use super::staging::{Extent, Staging};

/// The safetensors format's own bound.
const MAX_HEADER_BYTES: u64 = 100_000_000;

#[derive(Debug)]
pub struct SafetensorsFile {
    path: PathBuf,
    file: File,
    /// In the order of their bytes.
    tensors: Vec<Stored>,
}

/// Where a tensor lies in its file.
#[derive(Debug, Clone)]
pub struct Stored {
    pub name: String,
    pub shape: Vec<usize>,
    pub dtype: Dtype,
    /// From the file's first byte.
    start: u64,
    bytes: u64,
}

impl SafetensorsFile {
    /// Reads the header and checks it against the file's length.
    pub fn open(path: &Path) -> Result<SafetensorsFile, ModelError> {
        let damaged = |what: String| ModelError::Damaged {
            path: path.into(),
            what,
        };
        let mut file = File::open(path).map_err(ModelError::unreadable(path))?;
        let length = file.metadata().map_err(ModelError::unreadable(path))?.len();
        let mut size = [0; 8];
        if length < size.len() as u64 {
            return Err(damaged(format!(
                "it ends after {length} bytes, within its header"
            )));
        }
        file.read_exact(&mut size)
            .map_err(ModelError::unreadable(path))?;
        let header_bytes = u64::from_le_bytes(size);
        let start = 8 + header_bytes.min(MAX_HEADER_BYTES);
        if header_bytes > MAX_HEADER_BYTES {
            return Err(damaged("it is not a safetensors file".into()));
        }
        if start > length {
            return Err(damaged(format!(
                "it ends after {length} bytes, within its header"
            )));
        }
        let mut header = vec![0; header_bytes as usize];
        file.read_exact(&mut header)
            .map_err(ModelError::unreadable(path))?;
        let metadata: Metadata = serde_json::from_slice(&header)
            .map_err(|error| damaged(format!("its header cannot be read: {error}")))?;
        let expected = start + metadata.data_len() as u64;
        if length != expected {
            let tensors = tensors(&metadata, start);
            let cut = tensors
                .iter()
                .find(|tensor| tensor.start + tensor.bytes > length);
            let first = cut.map_or(String::new(), |tensor| {
                format!(", from the tensor {} on", tensor.name)
            });
            let what = if length < expected {
                "is cut off"
            } else {
                "has surplus bytes"
            };
            return Err(damaged(format!(
                "it {what}: {length} bytes of {expected}{first}"
            )));
        }
        Ok(SafetensorsFile {
            path: path.into(),
            tensors: tensors(&metadata, start),
            file,
        })
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    pub fn tensors(&self) -> &[Stored] {
        &self.tensors
    }

    /// Reads one tensor onto the device, converted to `dtype`.
    pub fn read(
        &self,
        tensor: &Stored,
        dtype: DType,
        to: &mut Staging<'_>,
    ) -> Result<Tensor, ModelError> {
        let stored = self.format(tensor)?;
        to.put(self.extent(tensor), stored, &tensor.shape)?
            .to_dtype(dtype)
            .map_err(ModelError::compute("put the weights on the device"))
    }

    /// The format of a tensor's values.
    pub fn format(&self, tensor: &Stored) -> Result<DType, ModelError> {
        float(tensor.dtype).ok_or_else(|| self.wrong_dtype(tensor))
    }

    pub fn extent<'a>(&'a self, tensor: &'a Stored) -> Extent<'a> {
        Extent {
            file: &self.file,
            path: &self.path,
            tensor: &tensor.name,
            start: tensor.start,
            bytes: tensor.bytes,
        }
    }

    pub fn wrong_dtype(&self, tensor: &Stored) -> ModelError {
        ModelError::WrongDtype {
            path: self.path.clone(),
            name: tensor.name.clone(),
            dtype: format!("{:?}", tensor.dtype).to_lowercase(),
        }
    }
}

fn tensors(metadata: &Metadata, start: u64) -> Vec<Stored> {
    let mut tensors: Vec<Stored> = metadata
        .tensors()
        .into_iter()
        .map(|(name, info)| Stored {
            name,
            shape: info.shape.clone(),
            dtype: info.dtype,
            start: start + info.data_offsets.0 as u64,
            bytes: (info.data_offsets.1 - info.data_offsets.0) as u64,
        })
        .collect();
    tensors.sort_by_key(|tensor| tensor.start);
    tensors
}

/// candle's name for a floating-point format that weights may come in.
pub fn float(dtype: Dtype) -> Option<DType> {
    match dtype {
        Dtype::F32 => Some(DType::F32),
        Dtype::F16 => Some(DType::F16),
        Dtype::BF16 => Some(DType::BF16),
        _ => None,
    }
}

/// The values from `start` on, as f32.
pub fn widen(stored: DType, bytes: &[u8], start: usize, values: &mut [f32]) {
    match stored {
        DType::F16 => each(bytes, start, values, |it| f16::from_le_bytes(it).to_f32()),
        DType::BF16 => each(bytes, start, values, |it| bf16::from_le_bytes(it).to_f32()),
        _ => each(bytes, start, values, f32::from_le_bytes),
    }
}

fn each<const WIDTH: usize>(
    bytes: &[u8],
    start: usize,
    values: &mut [f32],
    widen: impl Fn([u8; WIDTH]) -> f32,
) {
    let (stored, _) = bytes.as_chunks();
    for (value, stored) in values.iter_mut().zip(&stored[start..]) {
        *value = widen(*stored);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_format_is_widened_from_where_it_is_asked() {
        let stored = [1.5_f32, -2.0, 0.375];
        let bytes = |dtype| -> Vec<u8> {
            let all = stored.into_iter();
            match dtype {
                DType::F16 => all.flat_map(|it| f16::from_f32(it).to_le_bytes()).collect(),
                DType::BF16 => all
                    .flat_map(|it| bf16::from_f32(it).to_le_bytes())
                    .collect(),
                _ => all.flat_map(f32::to_le_bytes).collect(),
            }
        };
        for dtype in [DType::F32, DType::F16, DType::BF16] {
            let mut values = [0.0; 2];
            widen(dtype, &bytes(dtype), 1, &mut values);
            assert_eq!(values, stored[1..], "{dtype:?}");
        }
    }
}
