//! A sports page: a score strip, a match report under floodlights, the league table, fixtures.

use image::RgbImage;

use crate::images::canvas::{Canvas, area};
use crate::images::face::Face::{Narrow, NarrowBold, Sans, SansBold};
use crate::images::type_set::style;
use crate::images::{mark, photo};

const INK: u32 = 0x14201a;
const GREY: u32 = 0x66746c;
const GREEN: u32 = 0x0c5c36;
const LIME: u32 = 0xc7e94c;
const EDGE: u32 = 0xd5ddd7;

const TABLE: [(&str, [i32; 5]); 12] = [
    ("Marlow Bay", [29, 20, 6, 31, 66]),
    ("Castle Rovers", [29, 19, 5, 24, 62]),
    ("Pellam Athletic", [28, 17, 7, 18, 58]),
    ("Norgate United", [29, 16, 6, 15, 54]),
    ("Quayside", [29, 14, 9, 9, 51]),
    ("Ember Hill", [28, 13, 8, 6, 47]),
    ("Fenwick Town", [29, 11, 10, 1, 43]),
    ("Saltmarsh", [29, 11, 7, -2, 40]),
    ("Dunmere", [28, 9, 8, -9, 35]),
    ("Larkfield", [29, 7, 9, -17, 30]),
    ("Stonebeck", [29, 5, 8, -31, 23]),
    ("Old Ferry", [29, 4, 7, -45, 19]),
];

const REPORT: &str = "Marlow Bay needed a draw and played as if they needed five goals. For an hour the leaders \
came down the left in waves, and for an hour Hanne Voss, on loan and in borrowed gloves, sent them back. Then, \
with the rain blowing flat across the pitch, a cleared corner fell to Idris Calder thirty metres out.\nHe struck \
it once. The ball touched the bar, the post and the line, in that order, and the north stand was already singing \
when the flag stayed down.\n“I wanted to cross it,” Calder said. “Please do not write that.”\nThe visitors lost \
Benn to a second caution and still had the better chances late on, but the title race, all but settled a month ago, \
has four matches left and a gap of four points.\nRovers' manager, Greta Holm, made three changes at the break \
and was rewarded within six minutes, when Okafor turned in a low cross that two defenders left to each other.\nVoss, \
who joined on Monday and met her back line on the bus, was carried off by supporters. Her gloves, she said, would \
be returned to their owner, washed, with thanks, and not before the last day of the season.";

pub fn draw() -> RgbImage {
    let mut page = Canvas::new(1280, 860, 0xf4f7f3);
    page.rect(area(0.0, 0.0, 1280.0, 64.0), GREEN);
    page.line(40.0, 10.0, style(SansBold, 33.0, 0xffffff), "TOUCHLINE");
    page.rect(area(228.0, 24.0, 14.0, 14.0), LIME);
    let mut x = 330.0;
    for section in [
        "Football", "Rowing", "Cycling", "Handball", "Chess", "Winter", "Results",
    ] {
        x = page.line(x, 23.0, style(SansBold, 14.0, 0xe3f1e8), section) + 34.0;
    }
    page.rect(area(330.0, 58.0, 66.0, 6.0), LIME);
    mark::menu(&mut page, 1220.0, 25.0, 0xffffff);
    scores(&mut page);
    let picture = area(40.0, 160.0, 800.0, 360.0);
    photo::stadium(&mut page, picture, 12, 0xd43d3d, 0x2f5fc4);
    mark::tag(&mut page, 56.0, 176.0, 0xd43d3d, "FULL TIME");
    page.paragraph(
        40.0,
        530.0,
        800.0,
        style(SansBold, 34.0, INK).leading(41.0),
        "Calder's thunderbolt keeps Castle Rovers in the race on a night of rain and nerve",
    );
    page.line(40.0, 622.0, style(Sans, 13.0, GREY), "Castle Rovers 2   Marlow Bay 1   ·   Attendance 31,406   ·   by Sunniva Rask at Castle Lane");
    page.rule(40.0, 646.0, 800.0, 1.0, EDGE);
    page.columns(
        &[(40.0, 656.0, 11), (313.0, 656.0, 11), (586.0, 656.0, 11)],
        254.0,
        style(Sans, 12.5, INK).leading(17.5),
        REPORT,
    );
    page.card(area(586.0, 740.0, 254.0, 108.0), 8.0, 0xffffff, EDGE);
    photo::portrait(
        &mut page,
        area(596.0, 750.0, 74.0, 88.0),
        6,
        0x9a6745,
        0x17120f,
        0xd43d3d,
    );
    page.line(
        684.0,
        752.0,
        style(NarrowBold, 12.0, GREEN),
        "PLAYER OF THE MATCH",
    );
    page.line(684.0, 772.0, style(SansBold, 16.0, INK), "Idris Calder");
    page.line(
        684.0,
        800.0,
        style(Sans, 12.0, GREY),
        "1 goal · 4 shots · 9.1 km",
    );
    page.line(
        684.0,
        818.0,
        style(SansBold, 13.0, INK),
        "Rated 8.7 by readers",
    );
    table(&mut page);
    fixtures(&mut page);
    page.finish()
}

fn scores(page: &mut Canvas) {
    page.rect(area(0.0, 64.0, 1280.0, 76.0), 0x0a2a1b);
    let played = [
        ("CAS", 2, "MAR", 1, "FT"),
        ("PEL", 0, "NOR", 0, "FT"),
        ("QUA", 3, "EMB", 3, "87'"),
        ("FEN", 1, "SAL", 0, "74'"),
        ("DUN", 0, "LAR", 2, "HT"),
        ("STO", 1, "FER", 1, "HT"),
    ];
    for (index, (home, scored, away, conceded, when)) in played.iter().enumerate() {
        let x = 40.0 + 202.0 * index as f32;
        page.rounded(area(x, 74.0, 190.0, 56.0), 6.0, 0x143d29);
        for (row, (club, goals)) in [(home, scored), (away, conceded)].iter().enumerate() {
            let y = 80.0 + 23.0 * row as f32;
            page.disc(
                x + 18.0,
                y + 9.0,
                7.0,
                [0xd43d3d, 0x2f5fc4, 0xe3b23c, 0xdfe8e2][(index + row) % 4],
            );
            page.line(x + 34.0, y, style(SansBold, 15.0, 0xffffff), club);
            page.line_right(
                x + 128.0,
                y,
                style(SansBold, 15.0, LIME),
                &goals.to_string(),
            );
        }
        page.line_right(x + 178.0, 92.0, style(NarrowBold, 14.0, 0x9fc4ae), when);
    }
}

fn table(page: &mut Canvas) {
    page.card(area(864.0, 160.0, 376.0, 412.0), 8.0, 0xffffff, EDGE);
    page.line(882.0, 172.0, style(SansBold, 17.0, INK), "Northern League");
    let head = style(NarrowBold, 12.0, GREY);
    let xs = [1074.0, 1108.0, 1142.0, 1182.0, 1222.0];
    for (x, title) in xs.iter().zip(["P", "W", "D", "GD", "Pts"]) {
        page.line_right(*x, 202.0, head, title);
    }
    page.line(918.0, 202.0, head, "Club");
    for (row, (club, numbers)) in TABLE.iter().enumerate() {
        let y = 222.0 + 28.5 * row as f32;
        if row % 2 == 0 {
            page.rect(area(866.0, y, 372.0, 28.0), 0xf1f6f2);
        }
        let edge = match row {
            0 | 1 => GREEN,
            2 | 3 => 0x58a57c,
            10 | 11 => 0xc4483f,
            _ => 0xffffff,
        };
        page.rect(area(866.0, y, 4.0, 28.0), edge);
        page.line_right(
            902.0,
            y + 6.0,
            style(Sans, 13.5, GREY),
            &(row + 1).to_string(),
        );
        page.line(918.0, y + 6.0, style(SansBold, 13.5, INK), club);
        for (column, (x, number)) in xs.iter().zip(numbers).enumerate() {
            let text = if column == 3 {
                format!("{number:+}")
            } else {
                number.to_string()
            };
            let face = if column == 4 { SansBold } else { Narrow };
            page.line_right(*x, y + 6.0, style(face, 13.5, INK), &text);
        }
    }
}

fn fixtures(page: &mut Canvas) {
    page.card(area(864.0, 588.0, 376.0, 252.0), 8.0, 0xffffff, EDGE);
    page.line(882.0, 600.0, style(SansBold, 17.0, INK), "Next matches");
    let matches = [
        ("Sat 15:00", "Norgate United", "Castle Rovers"),
        ("Sat 15:00", "Ember Hill", "Dunmere"),
        ("Sat 17:30", "Marlow Bay", "Quayside"),
        ("Sun 14:00", "Saltmarsh", "Stonebeck"),
        ("Mon 20:00", "Old Ferry", "Fenwick Town"),
    ];
    for (row, (when, home, away)) in matches.iter().enumerate() {
        let y = 632.0 + 40.0 * row as f32;
        page.rule(882.0, y, 340.0, 1.0, EDGE);
        page.line(882.0, y + 12.0, style(Narrow, 13.0, GREY), when);
        page.line_right(1086.0, y + 12.0, style(SansBold, 13.0, INK), home);
        page.line_centred(1099.0, y + 12.0, style(Sans, 12.0, GREY), "v");
        page.line(1112.0, y + 12.0, style(SansBold, 13.0, INK), away);
    }
}
