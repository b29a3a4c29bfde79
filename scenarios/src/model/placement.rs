//! Where each tensor of a checkpoint goes on the device and in which format: loading goes by it, and
//! so does the memory estimate.

use candle_core::DType;
use candle_core::quantized::GgmlDType;

use super::manifest::{self, Expected, Role};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    Plain(DType),
    Quantised(GgmlDType),
}

/// One tensor.
#[derive(Debug, Clone, Copy)]
pub struct Placement<'a> {
    /// Where the values come from.
    pub tensor: &'a Expected,
    /// What they are known by.
    pub name: &'a str,
    pub format: Format,
}

impl Placement<'_> {
    /// On the device.
    pub fn bytes(&self) -> u64 {
        let elements = self.tensor.elements();
        match self.format {
            Format::Plain(dtype) => elements * dtype.size_in_bytes() as u64,
            Format::Quantised(format) => {
                elements / format.block_size() as u64 * format.type_size() as u64
            }
        }
    }
}

/// `format` says how a matrix product is to be quantised, if at all.
pub fn of(
    expected: &[Expected],
    dtype: DType,
    format: impl Fn(&Expected) -> Option<GgmlDType>,
) -> Vec<Placement<'_>> {
    let plain = Format::Plain(dtype);
    let quantised = |tensor: &Expected| format(tensor).map(Format::Quantised);
    let mut placements = Vec::new();
    for tensor in expected {
        let format = match tensor.role {
            Role::Unread => continue,
            Role::Product => quantised(tensor).unwrap_or(plain),
            Role::Matrix | Role::Scale | Role::Bias => plain,
        };
        placements.push(Placement {
            tensor,
            name: &tensor.name,
            format,
        });
    }
    placements.extend(tied_head(expected).and_then(|(embedding, head)| {
        // Unquantised it is the embedding itself.
        let format = quantised(embedding)?;
        Some(Placement {
            tensor: embedding,
            name: &head.name,
            format,
        })
    }));
    placements
}

/// The embedding and the head that is made from it, if the two are tied.
fn tied_head(expected: &[Expected]) -> Option<(&Expected, &Expected)> {
    let find = |name: String| expected.iter().find(|tensor| tensor.name == name);
    let head = find(manifest::head())?;
    (head.role == Role::Unread)
        .then_some(find(manifest::embedding())?)
        .map(|embedding| (embedding, head))
}
