//! The typefaces of the pages: DejaVu, embedded, whose licence lets pictures be used freely.

use std::sync::LazyLock;

use ab_glyph::FontRef;

#[derive(Debug, Clone, Copy)]
pub enum Face {
    Sans,
    SansBold,
    Narrow,
    NarrowBold,
    Serif,
    SerifBold,
    SerifItalic,
    SerifNarrowBold,
    Mono,
}

impl Face {
    pub fn font(self) -> &'static FontRef<'static> {
        static FONTS: LazyLock<[FontRef<'static>; 9]> = LazyLock::new(|| {
            [
                dejavu::sans::regular(),
                dejavu::sans::bold(),
                dejavu::sans_condensed::regular(),
                dejavu::sans_condensed::bold(),
                dejavu::serif::regular(),
                dejavu::serif::bold(),
                dejavu::serif::italic(),
                dejavu::serif_condensed::bold(),
                dejavu::sans_mono::regular(),
            ]
            .map(parse)
        });
        &FONTS[self as usize]
    }
}

#[expect(
    clippy::expect_used,
    reason = "the fonts are compiled in, and any page needs them all"
)]
fn parse(bytes: &'static [u8]) -> FontRef<'static> {
    FontRef::try_from_slice(bytes).expect("an embedded font parses")
}
