//! A long article: twice as tall as a window, a wide picture, subheadings, a pulled quote.

use image::RgbImage;

use crate::images::canvas::{Canvas, area};
use crate::images::face::Face::{
    Narrow, NarrowBold, Sans, SansBold, Serif, SerifBold, SerifItalic, SerifNarrowBold,
};
use crate::images::type_set::style;
use crate::images::{mark, photo};

const INK: u32 = 0x222222;
const GREY: u32 = 0x707070;
const EDGE: u32 = 0xdddddd;
const RUST: u32 = 0xb0492a;

/// The first words, less the large initial: two full lines beside it.
const BESIDE_INITIAL: &str = "he road to Kestrel Point ends at a gate, and the gate is never locked. Beyond it the turf runs on for a kilometre, cropped by sheep";
const OPENING: [&str; 3] = [
    "that belong to nobody in particular, to a white tower with a green door. Every evening for thirty-four years Maud Ferrant has walked that kilometre, wound the clock, and written down the sky.",
    "She does not have to. The lamp has worked by itself since before her daughter was born; a box the size of a suitcase turns it on, turns it off, and tells an office in Norgate when the bulb is tired. The office has asked, politely and more than once, whether the log might stop as well.",
    "“They want numbers,” she says, and opens the ninth volume on the kitchen table. “I have numbers. But look.” Beside the wind and the height of the swell there is a line for each day in pencil: a porpoise, a light that should not have been there, the colour of the water before the great storm.",
];
const SECOND: [&str; 2] = [
    "In the spring a student from the institute at Velm came to photograph the books, all sixty of them, back to the first keeper. Her machine read his copperplate better than the village could. Within a month there was a curve on a screen that nobody had seen before: the arrival of terns, year upon year, bending gently earlier, like a branch under snow.",
    "The institute's own record begins when its satellites do. The keepers' begins a century sooner, and it has something no satellite can offer, which is somebody who was surprised. “A sensor reports what it was built to expect,” says Dr Ivo Sandell, who leads the work. “Maud reports what she did not.”",
];

pub fn draw() -> RgbImage {
    let mut page = Canvas::new(1280, 1600, 0xffffff);
    page.rect(area(0.0, 0.0, 1280.0, 52.0), 0xfafafa);
    page.rule(0.0, 52.0, 1280.0, 1.0, EDGE);
    mark::menu(&mut page, 48.0, 19.0, INK);
    page.line_centred(
        640.0,
        10.0,
        style(SerifNarrowBold, 26.0, INK),
        "THE MERIDIAN REVIEW",
    );
    page.line_right(1232.0, 18.0, style(Sans, 13.0, GREY), "Sign in");
    page.rect(area(0.0, 52.0, 512.0, 3.0), RUST);
    page.line_centred(640.0, 86.0, style(NarrowBold, 14.0, RUST), "THE LONG READ");
    for (row, text) in ["The keeper who writes down", "what the sensors miss"]
        .iter()
        .enumerate()
    {
        page.line_centred(
            640.0,
            108.0 + 58.0 * row as f32,
            style(SerifBold, 50.0, INK),
            text,
        );
    }
    page.line_centred(640.0, 238.0, style(SerifItalic, 19.0, GREY), "For thirty-four years a lighthouse log has been kept that nobody asked for. Now science wants it.");
    photo::portrait(
        &mut page,
        area(486.0, 274.0, 40.0, 40.0),
        8,
        0xe0b08e,
        0x6a3d1f,
        0x2d4438,
    );
    page.line(
        538.0,
        276.0,
        style(SansBold, 14.0, INK),
        "Words by Annick Dorre",
    );
    page.line(
        538.0,
        296.0,
        style(Sans, 13.0, GREY),
        "Pictures by Leo Marsh  ·  19 min read",
    );
    photo::hills(
        &mut page,
        area(140.0, 336.0, 1000.0, 400.0),
        108,
        photo::DUSK,
    );
    lighthouse(&mut page, 860.0, 610.0);
    page.line(140.0, 742.0, style(Narrow, 13.0, GREY), "Kestrel Point at the hour when the log is written. The lamp is automatic; the pencil is not.");
    body(&mut page);
    margin(&mut page);
    footer(&mut page);
    page.finish()
}

fn lighthouse(page: &mut Canvas, x: f32, foot: f32) {
    for row in 0..150_u8 {
        let half = 11.0 + f32::from(row) * 0.07;
        let band = if (row / 30) % 2 == 1 {
            0x8f3327
        } else {
            0xe8e0d2
        };
        page.rule(
            x - half,
            foot - 150.0 + f32::from(row),
            2.0 * half,
            1.0,
            band,
        );
        page.rule(
            x + half * 0.35,
            foot - 150.0 + f32::from(row),
            half * 0.65,
            1.0,
            if band == 0x8f3327 { 0x6d241b } else { 0xb9ad9c },
        );
    }
    page.rect(area(x - 16.0, foot - 156.0, 32.0, 6.0), 0x2a2229);
    page.rect(area(x - 9.0, foot - 178.0, 18.0, 22.0), 0xffe9a6);
    page.polyline(
        &[
            (x - 12.0, foot - 179.0),
            (x, foot - 190.0),
            (x + 12.0, foot - 179.0),
        ],
        5.0,
        0x2a2229,
    );
    page.rounded(area(x - 70.0, foot - 28.0, 56.0, 30.0), 2.0, 0xd9cfbf);
    page.polyline(
        &[
            (x - 74.0, foot - 28.0),
            (x - 42.0, foot - 46.0),
            (x - 10.0, foot - 28.0),
        ],
        6.0,
        0x3b2b30,
    );
    page.rect(area(x - 60.0, foot - 18.0, 10.0, 10.0), 0xffd27a);
}

fn body(page: &mut Canvas) {
    let text = style(Serif, 17.0, INK).leading(27.0);
    page.line(320.0, 762.0, style(SerifBold, 80.0, RUST), "T");
    page.paragraph(386.0, 780.0, 566.0, text, BESIDE_INITIAL);
    let mut y = page.paragraph(320.0, 834.0, 620.0, text, OPENING[0]);
    for paragraph in &OPENING[1..] {
        y = page.paragraph(320.0, y + 10.0, 620.0, text, paragraph);
    }
    y = page.paragraph(
        320.0,
        y + 20.0,
        620.0,
        style(SerifBold, 23.0, INK),
        "A curve in sixty volumes",
    );
    for paragraph in SECOND {
        y = page.paragraph(320.0, y + 8.0, 620.0, text, paragraph);
    }
}

fn margin(page: &mut Canvas) {
    page.rect(area(976.0, 960.0, 3.0, 176.0), RUST);
    page.paragraph(
        996.0,
        956.0,
        236.0,
        style(SerifItalic, 24.0, RUST).leading(33.0),
        "“A sensor reports what it was built to expect. Maud reports what she did not.”",
    );
    page.line(
        996.0,
        1108.0,
        style(SansBold, 13.0, INK),
        "Dr Ivo Sandell, Velm",
    );
    for (row, (title, note)) in [
        ("60", "volumes of the log"),
        ("1871", "the first entry"),
        ("12,418", "evenings by one hand"),
    ]
    .iter()
    .enumerate()
    {
        let y = 786.0 + 88.0 * row as f32;
        page.line(64.0, y, style(SerifBold, 34.0, INK), title);
        page.line(64.0, y + 44.0, style(Sans, 13.0, GREY), note);
        page.rule(64.0, y + 70.0, 196.0, 1.0, EDGE);
    }
    page.line(
        64.0,
        1070.0,
        style(SansBold, 13.0, INK),
        "First tern of the year",
    );
    mark::chart(
        page,
        area(64.0, 1098.0, 196.0, 120.0),
        &mark::walk(19, 40, -0.09),
        RUST,
        EDGE,
    );
    page.line(64.0, 1224.0, style(Narrow, 12.0, GREY), "1871");
    page.line_right(260.0, 1224.0, style(Narrow, 12.0, GREY), "today");
}

fn footer(page: &mut Canvas) {
    page.rect(area(0.0, 1466.0, 1280.0, 134.0), 0xf4f1ec);
    page.line(64.0, 1482.0, style(SansBold, 15.0, INK), "More long reads");
    for (index, title) in [
        "The town that voted to keep its fog",
        "Inside the last factory for barometers",
        "My year as a stand-in lock keeper",
    ]
    .iter()
    .enumerate()
    {
        let x = 64.0 + 390.0 * index as f32;
        let picture = area(x, 1512.0, 112.0, 72.0);
        match index {
            0 => photo::city(page, picture, 5, photo::MIST),
            1 => photo::racks(page, picture, 2, 0xc98a3f),
            _ => photo::forest(page, picture, 60, photo::DAY),
        }
        page.paragraph(
            x + 126.0,
            1514.0,
            220.0,
            style(SerifBold, 16.0, INK).leading(21.0),
            title,
        );
    }
}
