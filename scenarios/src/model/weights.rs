//! The weights of a checkpoint: every tensor found and checked against the configuration before
//! the first one is read, so that a broken checkpoint is refused at once and by name.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::sync::Arc;

use candle_core::quantized::{GgmlDType, QMatMul, QTensor};
use candle_core::{DType, Device, Tensor};
use serde::Deserialize;

use super::folder::Folder;
use super::gguf::Gguf;
use super::layout;
use super::manifest::{Expected, LANGUAGE, Role};
use super::placement::{self, Format, Placement};
use super::quantise::quantise;
use super::safetensors_file::{SafetensorsFile, Stored, float, widen};
use super::staging::Staging;
use super::synthetic::MadeUp;
use super::{ModelError, Precision};

pub const SINGLE: &str = "model.safetensors";
pub const INDEX: &str = "model.safetensors.index.json";

/// Where the values come from.
#[derive(Debug)]
pub struct Weights {
    pub base: Base,
    /// Instead of the base's language model.
    pub language: Option<Gguf>,
}

#[derive(Debug)]
pub enum Base {
    Stored(StoredWeights),
    MadeUp,
}

/// On the device.
#[derive(Debug, Default)]
pub struct Loaded {
    pub plain: HashMap<String, Tensor>,
    pub quantised: HashMap<String, QMatMul>,
}

/// Where the values of one tensor after another come from.
pub trait Values {
    fn plain(
        &self,
        tensor: &Expected,
        dtype: DType,
        to: &mut Staging<'_>,
    ) -> Result<Tensor, ModelError>;

    fn quantised(
        &self,
        tensor: &Expected,
        format: GgmlDType,
        to: &mut Staging<'_>,
    ) -> Result<QTensor, ModelError>;
}

impl Weights {
    /// Puts every tensor that `expected` calls for on the device, one after another.
    pub fn load(
        &self,
        expected: &[Expected],
        device: &Device,
        precision: Precision,
    ) -> Result<Loaded, ModelError> {
        let made_up;
        let base: &dyn Values = match &self.base {
            Base::Stored(stored) => stored,
            Base::MadeUp => {
                made_up = MadeUp::new(expected, device, precision.dtype)?;
                &made_up
            }
        };
        let mut loaded = Loaded::default();
        let mut staging = Staging::new(device);
        for placement in self.placements(expected, precision) {
            let values = match self.language_of(placement.tensor) {
                Some(language) => language,
                None => base,
            };
            let name = placement.name.to_owned();
            match placement.format {
                Format::Plain(dtype) => {
                    let tensor = values.plain(placement.tensor, dtype, &mut staging)?;
                    loaded.plain.insert(name, tensor);
                }
                Format::Quantised(format) => {
                    let tensor = values.quantised(placement.tensor, format, &mut staging)?;
                    let product = QMatMul::QTensor(Arc::new(tensor));
                    loaded.quantised.insert(name, product);
                }
            }
        }
        Ok(loaded)
    }

    /// What becomes of each tensor. A GGUF file's are in their formats already.
    pub fn placements<'a>(
        &self,
        expected: &'a [Expected],
        precision: Precision,
    ) -> Vec<Placement<'a>> {
        placement::of(expected, precision.dtype, |tensor| {
            match self.language_of(tensor) {
                Some(language) => language.format(tensor),
                None => precision.quant?.format(*tensor.shape.last()?),
            }
        })
    }

    /// The bytes of a tensor as it is stored; made-up ones are not stored.
    pub fn stored_bytes(&self, tensor: &Expected) -> u64 {
        match (self.language_of(tensor), &self.base) {
            (Some(language), _) => language.stored_bytes(tensor),
            (None, Base::Stored(stored)) => tensor.elements() * stored.stored_width(&tensor.name),
            (None, Base::MadeUp) => 0,
        }
    }

    fn language_of(&self, tensor: &Expected) -> Option<&Gguf> {
        self.language.as_ref().filter(|it| it.holds(tensor))
    }
}

fn is_of_language(canonical: &str) -> bool {
    canonical.starts_with(LANGUAGE)
}

#[derive(Debug)]
pub struct StoredWeights {
    files: Vec<SafetensorsFile>,
    /// By canonical name: the file's index and the tensor in it.
    tensors: BTreeMap<String, (usize, Stored)>,
}

#[derive(Deserialize)]
struct Index {
    weight_map: BTreeMap<String, String>,
}

impl StoredWeights {
    /// The language model may be wanted from elsewhere: then it need not be here, and what there is of
    /// it does not count.
    pub fn open(
        folder: &Folder,
        expected: &[Expected],
        with_language: bool,
    ) -> Result<StoredWeights, ModelError> {
        let mut stored = StoredWeights {
            files: Vec::new(),
            tensors: BTreeMap::new(),
        };
        if folder.has(SINGLE) {
            stored.add(SafetensorsFile::open(&folder.file(SINGLE))?)?;
        } else {
            stored.add_indexed(folder, with_language)?;
        }
        if !with_language {
            stored.tensors.retain(|name, _| !is_of_language(name));
        }
        let expected = expected.iter();
        let expected = expected.filter(|tensor| with_language || !is_of_language(&tensor.name));
        stored.check(folder.path(), &expected.collect::<Vec<_>>())?;
        Ok(stored)
    }

    fn add_indexed(&mut self, folder: &Folder, with_language: bool) -> Result<(), ModelError> {
        let index: Index = folder.json(INDEX)?.ok_or_else(|| {
            let hint = "only safetensors are read: fetch them, or convert the weights with save_pretrained";
            folder.missing(SINGLE, hint)
        })?;
        let mut by_file: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for (name, file) in &index.weight_map {
            if !with_language && is_of_language(&layout::canonical(name)) {
                continue;
            }
            by_file.entry(file).or_default().push(name);
        }
        for (file, names) in by_file {
            if Path::new(file).components().count() != 1 || !folder.has(file) {
                return Err(
                    folder.missing(file, "the index calls for it: fetch the checkpoint again")
                );
            }
            let file = SafetensorsFile::open(&folder.file(file))?;
            for name in names {
                if !file.tensors().iter().any(|tensor| tensor.name == name) {
                    return Err(ModelError::MisplacedTensor {
                        path: file.path().into(),
                        name: name.into(),
                    });
                }
            }
            self.add(file)?;
        }
        Ok(())
    }

    fn add(&mut self, file: SafetensorsFile) -> Result<(), ModelError> {
        let index = self.files.len();
        for tensor in file.tensors() {
            let name = layout::canonical(&tensor.name);
            if self.tensors.insert(name, (index, tensor.clone())).is_some() {
                return Err(ModelError::RepeatedTensor {
                    path: file.path().into(),
                    name: tensor.name.clone(),
                });
            }
        }
        self.files.push(file);
        Ok(())
    }

    fn check(&self, folder: &Path, expected: &[&Expected]) -> Result<(), ModelError> {
        let mut known: HashMap<&str, &Expected> = HashMap::new();
        for wanted in expected {
            known.insert(&wanted.name, wanted);
            if wanted.role != Role::Unread && !self.tensors.contains_key(&wanted.name) {
                return Err(ModelError::MissingTensor {
                    folder: folder.into(),
                    name: wanted.name.clone(),
                });
            }
        }
        for (name, (file, tensor)) in &self.tensors {
            let file = &self.files[*file];
            let Some(wanted) = known.get(name.as_str()) else {
                if layout::is_harmless(name) {
                    continue;
                }
                return Err(ModelError::SurplusTensor {
                    path: file.path().into(),
                    name: tensor.name.clone(),
                });
            };
            if wanted.role == Role::Unread {
                continue;
            }
            if tensor.shape != wanted.shape {
                return Err(ModelError::WrongShape {
                    path: file.path().into(),
                    name: tensor.name.clone(),
                    expected: wanted.shape.clone(),
                    found: tensor.shape.clone(),
                });
            }
            if float(tensor.dtype).is_none() {
                return Err(file.wrong_dtype(tensor));
            }
        }
        Ok(())
    }

    /// `check` has found every tensor that is read.
    fn find(&self, wanted: &Expected) -> (&SafetensorsFile, &Stored) {
        let (file, tensor) = &self.tensors[&wanted.name];
        (&self.files[*file], tensor)
    }

    fn stored_width(&self, name: &str) -> u64 {
        let dtype = self
            .tensors
            .get(name)
            .and_then(|(_, tensor)| float(tensor.dtype));
        dtype.map_or(0, |dtype| dtype.size_in_bytes() as u64)
    }
}

impl Values for StoredWeights {
    fn plain(
        &self,
        tensor: &Expected,
        dtype: DType,
        to: &mut Staging<'_>,
    ) -> Result<Tensor, ModelError> {
        let (file, stored) = self.find(tensor);
        file.read(stored, dtype, to)
    }

    /// The host holds it once as it is stored and once quantised meanwhile.
    fn quantised(
        &self,
        tensor: &Expected,
        format: GgmlDType,
        to: &mut Staging<'_>,
    ) -> Result<QTensor, ModelError> {
        let (file, stored) = self.find(tensor);
        let dtype = file.format(stored)?;
        let device = to.device();
        let bytes = to.read(file.extent(stored))?;
        quantise(tensor, format, device, |start, values| {
            widen(dtype, bytes, start, values)
        })
    }
}
