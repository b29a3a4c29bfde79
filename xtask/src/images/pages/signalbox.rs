//! A technology site in a dark theme: a wide picture with the headline on it, a grid of cards.

use image::RgbImage;

use crate::images::canvas::{Area, Canvas, area};
use crate::images::face::Face::{Mono, Sans, SansBold};
use crate::images::type_set::style;
use crate::images::{mark, photo};

const PAPER: u32 = 0x10141b;
const CARD: u32 = 0x1a202a;
const EDGE: u32 = 0x2c3543;
const INK: u32 = 0xe8edf4;
const GREY: u32 = 0x93a0b2;
const TEAL: u32 = 0x2fc6a8;

pub fn draw() -> RgbImage {
    let mut page = Canvas::new(1366, 820, PAPER);
    page.rect(area(0.0, 0.0, 1366.0, 58.0), 0x0b0e13);
    page.rounded(area(48.0, 16.0, 26.0, 26.0), 6.0, TEAL);
    page.polyline(
        &[(54.0, 34.0), (60.0, 24.0), (64.0, 31.0), (69.0, 22.0)],
        2.5,
        0x0b0e13,
    );
    page.line(84.0, 15.0, style(SansBold, 24.0, INK), "signalbox");
    let mut x = 290.0;
    for section in [
        "Chips", "Networks", "Space", "Robots", "Energy", "Reviews", "Podcasts",
    ] {
        x = page.line(x, 21.0, style(Sans, 14.5, GREY), section) + 34.0;
    }
    mark::search(&mut page, 1140.0, 20.0, GREY, 0x0b0e13);
    mark::button(
        &mut page,
        area(1190.0, 13.0, 128.0, 32.0),
        TEAL,
        0x07231d,
        "Subscribe",
    );
    hero(&mut page);
    feed(&mut page);
    let cards: [(&str, &str, &str); 4] = [
        (
            "SPACE",
            "Lunar relay answers after nine days of silence",
            "Vera Lindqvist · 3 h",
        ),
        (
            "ROBOTS",
            "The orchard picker that learned patience from pears",
            "Jon Abara · 5 h",
        ),
        (
            "ENERGY",
            "Salt battery keeps a village lit through a still week",
            "Mika Tolland · 8 h",
        ),
        (
            "NETWORKS",
            "Island cable lands, and the post office goes online",
            "R. Okonjo · 11 h",
        ),
    ];
    for (index, (kicker, title, by)) in cards.iter().enumerate() {
        let place = area(48.0 + 320.0 * index as f32, 500.0, 302.0, 290.0);
        page.card(place, 10.0, CARD, EDGE);
        let top = area(place.x + 1.0, place.y + 9.0, 300.0, 141.0);
        match index {
            0 => photo::hills(&mut page, top, 61, photo::NIGHT),
            1 => photo::forest(&mut page, top, 8, photo::DAY),
            2 => photo::city(&mut page, top, 15, photo::DUSK),
            _ => photo::sea(&mut page, top, 9, photo::MIST),
        }
        page.line(place.x + 18.0, 664.0, style(Mono, 12.0, TEAL), kicker);
        page.paragraph(
            place.x + 18.0,
            686.0,
            268.0,
            style(SansBold, 17.0, INK).leading(23.0),
            title,
        );
        page.line(place.x + 18.0, 762.0, style(Sans, 12.0, GREY), by);
    }
    page.finish()
}

fn hero(page: &mut Canvas) {
    let place = area(48.0, 82.0, 862.0, 394.0);
    photo::racks(page, place, 21, 0x3a8fd0);
    for row in 0..22_u8 {
        let step = f32::from(row);
        shade(
            page,
            area(place.x, place.y + 174.0 + 10.0 * step, place.w, 10.0),
            step / 24.0,
        );
    }
    mark::tag(page, 76.0, 318.0, 0x7a4be0, "INVESTIGATION");
    let end = page.paragraph(76.0, 346.0, 780.0, style(SansBold, 32.0, 0xffffff).leading(39.0),
        "The data centre that went dark at every fifth picture, and the engineers who found out why");
    page.line(
        76.0,
        end + 8.0,
        style(Sans, 14.0, 0xc3ccd8),
        "By Petra Salgueiro  ·  14 minute read  ·  212 comments",
    );
}

/// Darkens a strip of what is there already.
fn shade(page: &mut Canvas, place: Area, share: f32) {
    for y in place.y as i32..(place.y + place.h) as i32 {
        for x in place.x as i32..(place.x + place.w) as i32 {
            page.blend(x, y, 0x05070a, share);
        }
    }
}

fn feed(page: &mut Canvas) {
    page.card(area(930.0, 82.0, 388.0, 394.0), 10.0, CARD, EDGE);
    page.disc(956.0, 109.0, 5.0, 0xf0554d);
    page.line(970.0, 98.0, style(SansBold, 17.0, INK), "Live feed");
    let items = [
        ("11:52", "Open compiler gains a back end for garden sensors"),
        ("11:31", "Ferry line tests a hull that counts porpoises"),
        ("11:04", "Two browsers agree on one way to print a page"),
        ("10:47", "Maker of the tiny turbine doubles its order book"),
        ("10:20", "Satellite photographs its own shadow on a cloud"),
        ("09:58", "Librarians release 40,000 scanned bus timetables"),
    ];
    for (index, (time, title)) in items.iter().enumerate() {
        let y = 138.0 + 55.0 * index as f32;
        page.rule(950.0, y, 348.0, 1.0, EDGE);
        page.line(950.0, y + 10.0, style(Mono, 12.5, TEAL), time);
        page.paragraph(
            1004.0,
            y + 8.0,
            290.0,
            style(Sans, 14.0, INK).leading(19.0),
            title,
        );
    }
}
