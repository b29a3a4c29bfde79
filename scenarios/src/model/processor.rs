//! The image processor's configuration: `preprocessor_config.json`, or its successor inside
//! `processor_config.json`.

use serde::Deserialize;
use serde_json::Value;

use super::ModelError;
use super::folder::Folder;
use super::resample::Filter;

/// What is done to an image, in this order.
#[derive(Debug, Clone)]
pub struct Processor {
    /// Pad to a square, with this colour.
    pub pad: Option<[u8; 3]>,
    pub resize: Option<(Size, Filter)>,
    /// Width and height.
    pub crop: Option<(usize, usize)>,
    pub rescale: Option<f64>,
    /// Mean and standard deviation of each channel.
    pub normalize: Option<([f32; 3], [f32; 3])>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Size {
    ShortestEdge(usize),
    Exact { width: usize, height: usize },
}

#[derive(Deserialize)]
struct ProcessorFile {
    image_processor: Option<Value>,
    image_token: Option<TokenText>,
}

/// A token, as text or as an added token's description.
#[derive(Deserialize)]
#[serde(untagged)]
pub enum TokenText {
    Text(String),
    Added { content: String },
}

impl TokenText {
    pub fn text(self) -> String {
        match self {
            TokenText::Text(text) | TokenText::Added { content: text } => text,
        }
    }
}

/// The defaults are `CLIPImageProcessor`'s and `LlavaImageProcessor`'s.
#[derive(Deserialize)]
struct File {
    image_processor_type: Option<String>,
    do_pad: Option<bool>,
    do_resize: Option<bool>,
    size: Option<SizeFile>,
    resample: Option<u32>,
    do_center_crop: Option<bool>,
    crop_size: Option<SizeFile>,
    do_rescale: Option<bool>,
    rescale_factor: Option<f64>,
    do_normalize: Option<bool>,
    image_mean: Option<[f64; 3]>,
    image_std: Option<[f64; 3]>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum SizeFile {
    Number(usize),
    Sides {
        shortest_edge: Option<usize>,
        longest_edge: Option<usize>,
        height: Option<usize>,
        width: Option<usize>,
    },
}

const OLDER: &str = "preprocessor_config.json";
const NEWER: &str = "processor_config.json";
const CLIP_MEAN: [f64; 3] = [0.481_454_66, 0.457_827_5, 0.408_210_73];
const CLIP_STD: [f64; 3] = [0.268_629_54, 0.261_302_58, 0.275_777_11];
/// Beyond this a side is a mistake.
const LARGEST_SIDE: usize = 16_384;

/// CLIP's processor for a tower that sees squares of `side` pixels.
pub fn clip(side: usize) -> Processor {
    Processor {
        pad: None,
        resize: Some((Size::ShortestEdge(side), Filter::Bicubic)),
        crop: Some((side, side)),
        rescale: Some(1.0 / 255.0),
        normalize: Some((
            CLIP_MEAN.map(|mean| mean as f32),
            CLIP_STD.map(|std| std as f32),
        )),
    }
}

/// The image token's text, where the processor names it.
pub fn image_token(folder: &Folder) -> Result<Option<String>, ModelError> {
    let file: Option<ProcessorFile> = folder.json(NEWER)?;
    Ok(file.and_then(|file| file.image_token).map(TokenText::text))
}

pub fn read(folder: &Folder) -> Result<Processor, ModelError> {
    let nested = folder
        .json(NEWER)?
        .and_then(|file: ProcessorFile| file.image_processor);
    let (name, file) = match nested {
        Some(nested) => {
            let file = serde_json::from_value(nested).map_err(|source| ModelError::NotJson {
                path: folder.file(NEWER),
                source,
            })?;
            (NEWER, file)
        }
        None => match folder.json(OLDER)? {
            Some(file) => (OLDER, file),
            None => return Err(folder.missing(OLDER, "fetch it from where the model came from")),
        },
    };
    understand(file).map_err(|what| ModelError::Unsupported {
        path: folder.file(name),
        what,
    })
}

/// `Err` names what is not supported.
fn understand(file: File) -> Result<Processor, String> {
    let kind = file
        .image_processor_type
        .as_deref()
        .unwrap_or("CLIPImageProcessor");
    let kind = kind.strip_suffix("Fast").unwrap_or(kind);
    let is_llava = kind == "LlavaImageProcessor";
    if !is_llava && kind != "CLIPImageProcessor" {
        return Err(format!("the image processor {kind:?}"));
    }
    let mean = file.image_mean.unwrap_or(CLIP_MEAN);
    let std = file.image_std.unwrap_or(CLIP_STD);
    if std.contains(&0.0) {
        return Err("an image_std of 0".into());
    }
    let filter = match file.resample.unwrap_or(3) {
        2 => Filter::Bilinear,
        3 => Filter::Bicubic,
        other => return Err(format!("the resampling filter {other}")),
    };
    let resize = match file.do_resize.unwrap_or(true) {
        true => Some((size(file.size)?, filter)),
        false => None,
    };
    let crop = match file.do_center_crop.unwrap_or(true) {
        true => Some(match size(file.crop_size)? {
            Size::ShortestEdge(side) => (side, side),
            Size::Exact { width, height } => (width, height),
        }),
        false => None,
    };
    // LLaVA's processor pads to a square; CLIP's `do_pad` means the images of a batch.
    let pad = is_llava && file.do_pad.unwrap_or(false);
    Ok(Processor {
        pad: pad.then(|| mean.map(|mean| (mean * 255.0) as u8)),
        resize,
        crop,
        rescale: file
            .do_rescale
            .unwrap_or(true)
            .then(|| file.rescale_factor.unwrap_or(1.0 / 255.0)),
        normalize: file
            .do_normalize
            .unwrap_or(true)
            .then(|| (mean.map(|mean| mean as f32), std.map(|std| std as f32))),
    })
}

fn size(size: Option<SizeFile>) -> Result<Size, String> {
    let size = match size {
        None => Size::ShortestEdge(224),
        Some(SizeFile::Number(side)) => Size::ShortestEdge(side),
        Some(SizeFile::Sides {
            shortest_edge,
            longest_edge,
            height,
            width,
        }) => match (shortest_edge, longest_edge, height, width) {
            (Some(side), None, None, None) => Size::ShortestEdge(side),
            (None, None, Some(height), Some(width)) => Size::Exact { width, height },
            _ => return Err("an image size other than shortest_edge or height and width".into()),
        },
    };
    let sides = match size {
        Size::ShortestEdge(side) => [side, side],
        Size::Exact { width, height } => [width, height],
    };
    match sides.iter().all(|side| (1..=LARGEST_SIDE).contains(side)) {
        true => Ok(size),
        false => Err(format!("images of {} x {} pixels", sides[0], sides[1])),
    }
}
