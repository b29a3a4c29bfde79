//! A county paper's front page: serif type, a lead picture, three columns, a side rail.

use image::RgbImage;

use crate::images::canvas::{Canvas, area};
use crate::images::face::Face::{
    Narrow, NarrowBold, Sans, SansBold, Serif, SerifBold, SerifItalic,
};
use crate::images::type_set::style;
use crate::images::{mark, photo};

const INK: u32 = 0x1b1b1b;
const GREY: u32 = 0x6b6b6b;
const LINE: u32 = 0xd8d4ca;
const RED: u32 = 0x9e1b1b;

const LEAD: &str = "HARROWMERE — The last span of the Aldwater bridge was lowered into place shortly \
after dawn on Tuesday, ending eleven years in which the two halves of the valley were joined only by \
a ferry that stopped at dusk.\nSeveral hundred people had waited through the night on both banks. When \
the foreman, Odile Marrish, raised a green flag, the church bells of Upper Harrow answered at once.\n\
“My grandmother rowed to school,” said Tam Wexcombe, 71, who kept the ferry's timetable for thirty \
years. “Now my grandson can cycle there in nine minutes. I have measured it twice.”\nThe crossing opens \
to walkers and bicycles on Saturday and to buses a fortnight later. Lorries above twelve tonnes will \
still take the long way round by Pellam until the eastern ramp has settled.\nThe county put the cost at \
48 million crowns, four million less than the sum set aside. The remainder will repair the quay, where \
the ferry is to become a floating library.\nEngineers chose a low arch of weathering steel after a first \
design failed in wind tests. Sensors in the deck report the strain every second to a small office in \
the old toll house.\nNot everyone cheered. Pia Wendle, who keeps the inn at the ferry steps, said that people who \
wait for a boat are hungry and people who cross a bridge are not. She has ordered a sign that points back \
across the river.\nThe council will decide in May on lamps for the footway. Bat counters from the field club have \
asked for amber ones, hung low, and have offered to pay for the first dozen.\nThe ferry makes its last crossing \
on Friday at ten to seven. Tickets were gone within the hour; the proceeds go to the lifeboat.\nSchool buses \
keep their present times until the summer, the county said, since nobody wishes to tell the children that they \
could have slept for another forty minutes.";

const RAIL: [(&str, &str, &str); 4] = [
    (
        "COUNCIL",
        "Night buses return to six villages after a two-year pause",
        "14 min ago",
    ),
    (
        "SCHOOLS",
        "Pupils in Pellam build a telescope from a discarded satellite dish",
        "38 min ago",
    ),
    (
        "FARMING",
        "Late frost spares the orchards, growers say, but only just",
        "1 hr ago",
    ),
    (
        "COURTS",
        "Judge orders town to return a stolen weathervane to its neighbour",
        "2 hr ago",
    ),
];

pub fn draw() -> RgbImage {
    let mut page = Canvas::new(1280, 800, 0xfdfcf8);
    masthead(&mut page);
    let story = style(SerifBold, 37.0, INK).leading(43.0);
    let end = page.paragraph(
        60.0,
        140.0,
        800.0,
        story,
        "Bridge joins the valley again after eleven years of waiting for the ferry",
    );
    page.paragraph(60.0, end + 6.0, 800.0, style(SerifItalic, 16.0, GREY).leading(22.0),
        "Bells rang on both banks as the last span came down. Walkers may cross from Saturday, buses two weeks later.");
    let picture = area(60.0, 288.0, 520.0, 262.0);
    photo::hills(&mut page, picture, 4, photo::DAY);
    page.polyline(
        &[
            (60.0, 452.0),
            (190.0, 431.0),
            (320.0, 424.0),
            (450.0, 431.0),
            (580.0, 452.0),
        ],
        5.0,
        0x6e3d2a,
    );
    for post in 0..13_u8 {
        let x = 80.0 + 40.0 * f32::from(post);
        let sag = (x - 320.0) * (x - 320.0) / 2400.0;
        page.rule(x, 425.0 + sag, 2.0, 32.0 - sag, 0x6e3d2a);
    }
    page.rule(60.0, 455.0, 520.0, 4.0, 0x54301f);
    page.line(
        60.0,
        555.0,
        style(Narrow, 12.0, GREY),
        "The new arch above the Aldwater, seen from the quay at Harrowmere.   Picture: L. Brandt",
    );
    let text = style(Serif, 12.5, INK).leading(17.5);
    page.columns(
        &[(60.0, 582.0, 11), (332.0, 582.0, 11), (604.0, 288.0, 28)],
        256.0,
        text,
        LEAD,
    );
    page.card(area(604.0, 690.0, 256.0, 90.0), 3.0, 0xffffff, LINE);
    page.line(618.0, 700.0, style(NarrowBold, 11.0, RED), "IN PICTURES");
    page.paragraph(
        618.0,
        718.0,
        230.0,
        style(SerifBold, 14.5, INK).leading(19.0),
        "Eleven years in forty frames: the bridge from first pile to green flag",
    );
    rail(&mut page);
    page.finish()
}

fn masthead(page: &mut Canvas) {
    page.line(
        60.0,
        16.0,
        style(Narrow, 12.0, GREY),
        "Tuesday 14 April  ·  Harrowmere 11°C, light cloud",
    );
    page.line_right(
        1220.0,
        16.0,
        style(NarrowBold, 12.0, RED),
        "SUBSCRIBE     SIGN IN",
    );
    page.line_centred(
        640.0,
        22.0,
        style(SerifBold, 52.0, INK),
        "The Harrow Valley Courier",
    );
    page.rule(60.0, 88.0, 1160.0, 3.0, INK);
    let sections = [
        "NEWS", "VALLEY", "BUSINESS", "FARMING", "SCHOOLS", "CULTURE", "SPORT", "LETTERS",
        "NOTICES", "PUZZLES",
    ];
    let mut x = 62.0;
    for (index, section) in sections.iter().enumerate() {
        let colour = if index == 0 { RED } else { INK };
        x = page.line(x, 99.0, style(SansBold, 12.0, colour), section) + 52.0;
    }
    page.rule(60.0, 122.0, 1160.0, 1.0, INK);
}

fn rail(page: &mut Canvas) {
    page.rule(884.0, 140.0, 1.0, 640.0, LINE);
    page.line(904.0, 138.0, style(SansBold, 14.0, RED), "LATEST");
    let mut y = 164.0;
    for (kicker, headline, when) in RAIL {
        page.line(904.0, y, style(NarrowBold, 11.0, GREY), kicker);
        page.line_right(1220.0, y, style(Narrow, 11.0, GREY), when);
        y = page.paragraph(
            904.0,
            y + 16.0,
            310.0,
            style(SerifBold, 16.0, INK).leading(21.0),
            headline,
        ) + 8.0;
        page.rule(904.0, y, 316.0, 1.0, LINE);
        y += 10.0;
    }
    photo::portrait(
        page,
        area(904.0, 470.0, 96.0, 116.0),
        3,
        0xd8a684,
        0x8b8b88,
        0x3c4a5c,
    );
    page.line(1014.0, 470.0, style(NarrowBold, 11.0, RED), "OPINION");
    page.line(
        1014.0,
        486.0,
        style(SerifItalic, 15.0, INK),
        "Ines Calloway",
    );
    page.paragraph(
        1014.0,
        508.0,
        206.0,
        style(SerifBold, 16.0, INK).leading(21.0),
        "A ferry is slow. That was the best thing about it",
    );
    page.rounded(area(904.0, 608.0, 316.0, 172.0), 4.0, 0xefe9da);
    page.line(920.0, 620.0, style(SansBold, 13.0, INK), "MOST READ");
    let read = [
        "Bakery wins prize for a loaf nobody ordered",
        "Where to see the comet this weekend",
        "Map: every new stop of the night bus",
        "Choir of 300 needs one more bass",
        "Quiz: how well do you know the weir?",
    ];
    for (index, title) in read.iter().enumerate() {
        let y = 646.0 + 25.0 * index as f32;
        page.line(
            920.0,
            y - 2.0,
            style(SerifBold, 17.0, RED),
            &(index + 1).to_string(),
        );
        page.line(944.0, y, style(Sans, 12.5, INK), title);
    }
    mark::tag(page, 76.0, 304.0, RED, "TOP STORY");
}
