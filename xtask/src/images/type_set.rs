//! Setting type: lines, and paragraphs wrapped to a column.

use ab_glyph::{Font, ScaleFont, point};

use super::canvas::{Canvas, Colour};
use super::face::Face;

/// How text looks: a face, its size in pixels, a colour, and the distance between lines.
#[derive(Debug, Clone, Copy)]
pub struct Style {
    pub face: Face,
    pub size: f32,
    pub colour: Colour,
    pub leading: f32,
}

/// A style whose leading suits its size.
pub const fn style(face: Face, size: f32, colour: Colour) -> Style {
    Style {
        face,
        size,
        colour,
        leading: size * 1.32,
    }
}

impl Style {
    pub const fn leading(self, leading: f32) -> Style {
        Style { leading, ..self }
    }

    pub fn width(self, text: &str) -> f32 {
        let font = self.face.font().as_scaled(self.size);
        let advance = text.chars().map(|c| font.h_advance(font.glyph_id(c)));
        advance.sum()
    }
}

impl Canvas {
    /// Sets one line whose box starts at `(x, y)`; returns where it ends.
    pub fn line(&mut self, x: f32, y: f32, style: Style, text: &str) -> f32 {
        let font = style.face.font().as_scaled(style.size);
        let baseline = (y + font.ascent()).floor();
        let mut pen = x;
        for letter in text.chars() {
            let id = font.glyph_id(letter);
            let glyph = id.with_scale_and_position(style.size, point(pen, baseline));
            pen += font.h_advance(id);
            if let Some(outline) = font.font.outline_glyph(glyph) {
                let corner = outline.px_bounds().min;
                outline.draw(|dx, dy, share| {
                    let (x, y) = (corner.x as i32 + dx as i32, corner.y as i32 + dy as i32);
                    self.blend(x, y, style.colour, share.min(1.0));
                });
            }
        }
        pen
    }

    /// One line that ends at `x`.
    pub fn line_right(&mut self, x: f32, y: f32, style: Style, text: &str) {
        self.line((x - style.width(text)).floor(), y, style, text);
    }

    /// One line around `x`.
    pub fn line_centred(&mut self, x: f32, y: f32, style: Style, text: &str) {
        self.line((x - style.width(text) / 2.0).floor(), y, style, text);
    }

    /// Wraps text into a column `width` wide; returns the height of the next line's box.
    pub fn paragraph(&mut self, x: f32, y: f32, width: f32, style: Style, text: &str) -> f32 {
        let mut y = y;
        for line in wrap(width, style, text) {
            self.line(x, y, style, &line);
            y += style.leading;
        }
        y
    }

    /// Runs text through columns `width` wide, each given by its corner and its number of
    /// lines; what is left over is cut, as a page cuts a story that continues elsewhere.
    pub fn columns(&mut self, columns: &[(f32, f32, usize)], width: f32, style: Style, text: &str) {
        let mut lines = text
            .split('\n')
            .flat_map(|paragraph| wrap(width, style, paragraph));
        for (x, y, count) in columns {
            for (row, line) in lines.by_ref().take(*count).enumerate() {
                self.line(*x, y + row as f32 * style.leading, style, &line);
            }
        }
    }
}

fn wrap(width: f32, style: Style, text: &str) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = String::new();
    for word in text.split(' ') {
        let longer = if line.is_empty() {
            word.to_owned()
        } else {
            format!("{line} {word}")
        };
        if style.width(&longer) > width && !line.is_empty() {
            lines.push(std::mem::replace(&mut line, word.to_owned()));
        } else {
            line = longer;
        }
    }
    lines.push(line);
    lines
}
