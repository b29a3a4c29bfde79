//! What a tensor passes through on its way to the device: one buffer for all of them, that is read
//! into on all cores. On CUDA it is pinned, which the GPU copies from by itself.

use std::fs::File;
use std::io::{self, ErrorKind};
use std::os::unix::fs::FileExt;
use std::path::Path;

use candle_core::{DType, Device, Tensor};
use rayon::prelude::*;

use super::ModelError;
#[cfg(feature = "cuda")]
use super::pinned::Pinned;

/// Each core reads so many at once.
const PIECE: usize = 8 << 20;

#[derive(Debug)]
pub struct Staging<'d> {
    device: &'d Device,
    buffer: Buffer,
}

/// Bytes of a tensor in a file.
#[derive(Debug, Clone, Copy)]
pub struct Extent<'a> {
    pub file: &'a File,
    pub path: &'a Path,
    pub tensor: &'a str,
    pub start: u64,
    pub bytes: u64,
}

impl<'d> Staging<'d> {
    pub fn new(device: &'d Device) -> Staging<'d> {
        Staging {
            device,
            buffer: Buffer::Plain(Vec::new()),
        }
    }

    pub fn device(&self) -> &'d Device {
        self.device
    }

    /// The bytes as they are stored, until the next ones are read.
    pub fn read(&mut self, extent: Extent<'_>) -> Result<&[u8], ModelError> {
        let no_memory = || ModelError::HostMemory {
            name: extent.tensor.to_owned(),
            bytes: extent.bytes,
        };
        let size = usize::try_from(extent.bytes).map_err(|_| no_memory())?;
        let buffer = self.buffer.of(size, self.device).ok_or_else(no_memory)?;
        let at = |index: usize| extent.start + (index * PIECE) as u64;
        buffer
            .par_chunks_mut(PIECE)
            .enumerate()
            .try_for_each(|(index, piece)| extent.file.read_exact_at(piece, at(index)))
            .map_err(|error: io::Error| match error.kind() {
                ErrorKind::UnexpectedEof => ModelError::Damaged {
                    path: extent.path.into(),
                    what: format!("it ended within the tensor {}", extent.tensor),
                },
                _ => ModelError::unreadable(extent.path)(error),
            })?;
        Ok(buffer)
    }

    /// Puts them on the device, which has them when this returns.
    pub fn put(
        &mut self,
        extent: Extent<'_>,
        stored: DType,
        shape: &[usize],
    ) -> Result<Tensor, ModelError> {
        const DOING: &str = "put the weights on the device";
        let device = self.device;
        let bytes = self.read(extent)?;
        let tensor = Tensor::from_raw_buffer(bytes, stored, shape, device)
            .map_err(ModelError::compute(DOING))?;
        // The next tensor comes into the same buffer.
        device.synchronize().map_err(ModelError::compute(DOING))?;
        Ok(tensor)
    }
}

#[derive(Debug)]
enum Buffer {
    Plain(Vec<u8>),
    #[cfg(feature = "cuda")]
    Pinned(Pinned),
}

impl Buffer {
    /// So many bytes; `None` if there is no memory for them.
    fn of(&mut self, size: usize, device: &Device) -> Option<&mut [u8]> {
        #[cfg(feature = "cuda")]
        if self.len() < size
            && let Some(pinned) = Pinned::new(size, device)
        {
            *self = Buffer::Pinned(pinned);
        }
        #[cfg(not(feature = "cuda"))]
        let _ = device;
        if self.len() < size {
            *self = Buffer::Plain(zeros(size)?);
        }
        match self {
            Buffer::Plain(bytes) => bytes.get_mut(..size),
            #[cfg(feature = "cuda")]
            Buffer::Pinned(pinned) => pinned.bytes()?.get_mut(..size),
        }
    }

    fn len(&self) -> usize {
        match self {
            Buffer::Plain(bytes) => bytes.len(),
            #[cfg(feature = "cuda")]
            Buffer::Pinned(pinned) => pinned.len(),
        }
    }
}

fn zeros(size: usize) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    bytes.try_reserve_exact(size).ok()?;
    bytes.resize(size, 0);
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn file(bytes: &[u8]) -> File {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(bytes).unwrap();
        file
    }

    fn extent(file: &File, start: u64, bytes: u64) -> Extent<'_> {
        Extent {
            file,
            path: Path::new("weights"),
            tensor: "it",
            start,
            bytes,
        }
    }

    #[test]
    fn pieces_come_in_their_order_and_what_was_there_before_is_gone() {
        let long = 2 * PIECE + 5;
        let bytes: Vec<u8> = (0..long + 3).map(|index| (index % 251) as u8).collect();
        let file = file(&bytes);
        let mut staging = Staging::new(&Device::Cpu);
        let read = staging.read(extent(&file, 3, long as u64)).unwrap();
        assert!(read == &bytes[3..]);
        let read = staging.read(extent(&file, 1, 4)).unwrap();
        assert_eq!(read, &bytes[1..5]);
    }

    #[test]
    fn a_file_that_has_become_shorter_is_damaged() {
        let file = file(&[1, 2, 3]);
        let refused = Staging::new(&Device::Cpu)
            .read(extent(&file, 1, 3))
            .map(drop);
        let refused = refused.unwrap_err().to_string();
        assert!(refused.contains("ended within the tensor it"), "{refused}");
    }

    #[test]
    fn a_tensor_keeps_its_values_when_the_next_one_is_read() {
        let file = file(&[1.5_f32, -2.0, 8.0].map(f32::to_le_bytes).concat());
        let mut staging = Staging::new(&Device::Cpu);
        let mut put = |start, bytes, shape: &[usize]| {
            let extent = extent(&file, start, bytes);
            staging.put(extent, DType::F32, shape).unwrap()
        };
        let first = put(0, 8, &[2]);
        let second = put(8, 4, &[1]);
        assert_eq!(first.to_vec1::<f32>().unwrap(), [1.5, -2.0]);
        assert_eq!(second.to_vec1::<f32>().unwrap(), [8.0]);
    }
}
