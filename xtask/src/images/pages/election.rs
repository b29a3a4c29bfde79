//! Election night: a live blog with seats, bars and a map of dots, under a consent banner.

use image::RgbImage;

use crate::images::canvas::{Canvas, area, mix};
use crate::images::face::Face::{Narrow, NarrowBold, Sans, SansBold};
use crate::images::noise::{hash, smooth};
use crate::images::type_set::style;
use crate::images::{mark, photo};

const INK: u32 = 0x16181d;
const GREY: u32 = 0x69707c;
const EDGE: u32 = 0xdfe2e8;
const RED: u32 = 0xcf2030;

const PARTIES: [(&str, u32, u8, &str); 5] = [
    ("Harbour Alliance", 0x1f7a8c, 58, "36.9 %"),
    ("Orchard Party", 0x6aa84f, 44, "28.4 %"),
    ("New Lantern", 0xe6a11f, 27, "17.7 %"),
    ("Civic Union", 0x7b4ea8, 14, "10.2 %"),
    ("Independents", 0x8d949e, 7, "6.8 %"),
];

pub fn draw() -> RgbImage {
    let mut page = Canvas::new(1280, 840, 0xffffff);
    page.rect(area(0.0, 0.0, 1280.0, 54.0), RED);
    page.rect(area(40.0, 12.0, 66.0, 30.0), 0xffffff);
    page.line(49.0, 15.0, style(SansBold, 19.0, RED), "ONE8");
    page.line(118.0, 13.0, style(SansBold, 22.0, 0xffffff), "NEWS");
    let mut x = 240.0;
    for section in [
        "Home", "Election", "Islands", "Mainland", "Business", "Science", "Video",
    ] {
        x = page.line(x, 19.0, style(SansBold, 14.0, 0xffffff), section) + 32.0;
    }
    page.rect(area(0.0, 54.0, 1280.0, 34.0), 0x1c1f26);
    page.disc(52.0, 71.0, 6.0, RED);
    page.line(68.0, 62.0, style(SansBold, 13.5, 0xffffff), "LIVE   142 of 150 districts declared   ·   turnout 74.1 %, the highest since the bridge vote");
    page.paragraph(
        40.0,
        100.0,
        780.0,
        style(SansBold, 33.0, INK).leading(40.0),
        "Harbour Alliance leads in Sarnholm but must find a partner by Friday",
    );
    seats(&mut page);
    blog(&mut page);
    map(&mut page);
    consent(&mut page);
    page.finish()
}

fn seats(page: &mut Canvas) {
    page.rounded(area(40.0, 194.0, 780.0, 44.0), 4.0, EDGE);
    let mut x = 40.0;
    for (_, colour, seats, _) in PARTIES {
        let width = 5.2 * f32::from(seats);
        page.rect(area(x, 194.0, width, 44.0), colour);
        if seats > 10 {
            page.line(
                x + 10.0,
                204.0,
                style(SansBold, 19.0, 0xffffff),
                &seats.to_string(),
            );
        }
        x += width;
    }
    page.rule(430.0, 186.0, 2.0, 60.0, INK);
    page.line_centred(
        431.0,
        248.0,
        style(NarrowBold, 12.0, INK),
        "76 for a majority",
    );
    for (row, (party, colour, seats, share)) in PARTIES.iter().enumerate() {
        let y = 276.0 + 27.0 * row as f32;
        page.rect(area(40.0, y + 2.0, 14.0, 14.0), *colour);
        page.line(64.0, y, style(Sans, 14.5, INK), party);
        page.rounded(
            area(230.0, y + 3.0, 7.2 * f32::from(*seats), 12.0),
            2.0,
            *colour,
        );
        page.line_right(
            740.0,
            y,
            style(SansBold, 14.5, INK),
            &format!("{seats} seats"),
        );
        page.line_right(820.0, y, style(Sans, 14.5, GREY), share);
    }
}

fn blog(page: &mut Canvas) {
    let posts = [
        (
            "23:48",
            "Recount in Tidewell after a margin of three votes",
            "Both candidates shook hands and sent out for sandwiches. The hall's clock has stopped; officials are timing the count with a kitchen timer.",
        ),
        (
            "23:31",
            "Orchard Party holds the western valleys",
            "Leader Bram Ostley says the door is open “to anyone who brings a broom”. Talks could begin at breakfast.",
        ),
        (
            "23:10",
            "First-time voters queue past closing",
            "Everyone in line by ten was allowed to vote, the commission says. The last ballot was cast by a nurse on her way home.",
        ),
    ];
    page.rule(50.0, 424.0, 2.0, 300.0, EDGE);
    for (index, (time, title, text)) in posts.iter().enumerate() {
        let y = 422.0 + 98.0 * index as f32;
        page.disc(51.0, y + 10.0, 6.0, RED);
        page.line(70.0, y, style(SansBold, 14.0, RED), time);
        page.line(122.0, y - 2.0, style(SansBold, 17.0, INK), title);
        page.paragraph(
            122.0,
            y + 24.0,
            470.0,
            style(Sans, 13.5, GREY).leading(19.0),
            text,
        );
    }
    photo::portrait(
        page,
        area(624.0, 424.0, 196.0, 216.0),
        41,
        0xc98f6b,
        0x2a2320,
        0x1f7a8c,
    );
    page.line(624.0, 646.0, style(SansBold, 13.0, INK), "Elin Marrowby");
    page.line(
        624.0,
        664.0,
        style(Narrow, 12.5, GREY),
        "Harbour Alliance, after the first count",
    );
}

fn map(page: &mut Canvas) {
    page.card(area(848.0, 104.0, 392.0, 616.0), 6.0, 0xf7f8fa, EDGE);
    page.line(
        868.0,
        116.0,
        style(SansBold, 17.0, INK),
        "How the districts voted",
    );
    for row in 0..15_u8 {
        for column in 0..13_u8 {
            let (i, j) = (f32::from(column), f32::from(row));
            let (x, y) = (
                878.0 + 25.5 * i + 12.7 * f32::from(row % 2),
                166.0 + 23.0 * j,
            );
            let (dx, dy) = ((i - 6.0) / 6.6, (j - 7.0) / 8.0);
            if dx * dx + dy * dy + 0.7 * smooth(13, i * 0.5, j * 0.5) > 1.15 {
                continue;
            }
            let pick =
                smooth(29, i * 0.42, j * 0.42) * 0.8 + hash(3, column.into(), row.into()) * 0.2;
            let party = match pick {
                p if p < 0.40 => 0,
                p if p < 0.58 => 1,
                p if p < 0.70 => 2,
                p if p < 0.78 => 3,
                _ => 4,
            };
            let strength = 0.35 * hash(8, column.into(), row.into());
            page.disc(x, y, 12.0, mix(PARTIES[party].1, 0xffffff, strength));
        }
    }
    page.line(
        868.0,
        520.0,
        style(Narrow, 12.5, GREY),
        "Each dot is a district; paler means closer.",
    );
    page.rule(868.0, 546.0, 352.0, 1.0, EDGE);
    page.line(
        868.0,
        556.0,
        style(SansBold, 15.0, INK),
        "What happens next",
    );
    for (row, step) in [
        "Wed: the commission confirms the count",
        "Fri: parties name who will talk to whom",
        "Mon: the new council sits, by seniority",
        "30 days: a budget, or a second vote",
    ]
    .iter()
    .enumerate()
    {
        let y = 584.0 + 31.0 * row as f32;
        page.rounded(area(868.0, y, 20.0, 20.0), 10.0, RED);
        page.line_centred(
            878.0,
            y + 3.0,
            style(SansBold, 12.0, 0xffffff),
            &(row + 1).to_string(),
        );
        page.line(898.0, y + 2.0, style(Sans, 13.5, INK), step);
    }
}

fn consent(page: &mut Canvas) {
    page.rect(area(0.0, 740.0, 1280.0, 100.0), 0x23262e);
    page.line(
        40.0,
        756.0,
        style(SansBold, 17.0, 0xffffff),
        "We would like to remember you",
    );
    page.paragraph(40.0, 784.0, 720.0, style(Sans, 13.5, 0xc5cad3).leading(19.0), "ONE8 keeps a small file on your device to count readers and to hold your place in a story. You can say no and read everything all the same.");
    mark::button(
        page,
        area(820.0, 770.0, 130.0, 40.0),
        0x3a3f4a,
        0xffffff,
        "Choose",
    );
    mark::button(
        page,
        area(964.0, 770.0, 130.0, 40.0),
        0x3a3f4a,
        0xffffff,
        "Reject all",
    );
    mark::button(
        page,
        area(1108.0, 770.0, 130.0, 40.0),
        RED,
        0xffffff,
        "Accept all",
    );
}
