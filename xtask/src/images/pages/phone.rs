//! A narrow mobile page in the middle of a wide window: stories under one another.

use image::RgbImage;

use crate::images::canvas::{Canvas, area, mix};
use crate::images::face::Face::{Sans, SansBold, SerifBold};
use crate::images::noise::posterise;
use crate::images::type_set::style;
use crate::images::{mark, photo};

const INK: u32 = 0x1d1a24;
const GREY: u32 = 0x777183;
const EDGE: u32 = 0xe4e1ea;
const VIOLET: u32 = 0x6a2fb5;
const LEFT: f32 = 425.0;
const WIDTH: f32 = 430.0;

pub fn draw() -> RgbImage {
    let mut page = Canvas::new(1280, 960, 0xd9d5e3);
    page.paint(area(0.0, 0.0, 1280.0, 960.0), |u, v| {
        mix(0xe4e0ee, 0xbdb4d3, posterise(v * 0.8 + u * 0.2, 48.0))
    });
    page.rect(area(LEFT - 2.0, 0.0, WIDTH + 4.0, 960.0), 0xa99fc2);
    page.rect(area(LEFT, 0.0, WIDTH, 960.0), 0xffffff);
    page.line(LEFT + 22.0, 9.0, style(SansBold, 14.0, INK), "9:41");
    page.rounded(area(LEFT + 384.0, 11.0, 26.0, 13.0), 3.0, INK);
    page.rounded(area(LEFT + 386.0, 13.0, 17.0, 9.0), 2.0, 0x58c26a);
    for bar in 0..4_u8 {
        let tall = 4.0 + 3.0 * f32::from(bar);
        page.rect(
            area(LEFT + 350.0 + 6.0 * f32::from(bar), 24.0 - tall, 4.0, tall),
            INK,
        );
    }
    mark::menu(&mut page, LEFT + 20.0, 52.0, INK);
    page.line_centred(
        LEFT + WIDTH / 2.0,
        42.0,
        style(SerifBold, 27.0, VIOLET),
        "Evening Lantern",
    );
    mark::search(&mut page, LEFT + 390.0, 51.0, INK, 0xffffff);
    let mut x = LEFT + 20.0;
    for (index, section) in ["For you", "City", "World", "Food", "Culture"]
        .iter()
        .enumerate()
    {
        let letters = style(SansBold, 13.5, if index == 0 { 0xffffff } else { GREY });
        let width = letters.width(section) + 24.0;
        page.rounded(
            area(x, 88.0, width, 28.0),
            14.0,
            if index == 0 { VIOLET } else { 0xf1eef6 },
        );
        page.line(x + 12.0, 94.0, letters, section);
        x += width + 8.0;
    }
    first(&mut page);
    list(&mut page);
    tabs(&mut page);
    aside(&mut page);
    page.finish()
}

fn first(page: &mut Canvas) {
    photo::city(page, area(LEFT, 130.0, WIDTH, 244.0), 71, photo::NIGHT);
    mark::tag(page, LEFT + 20.0, 344.0, VIOLET, "CITY");
    let end = page.paragraph(
        LEFT + 20.0,
        386.0,
        390.0,
        style(SerifBold, 25.0, INK).leading(31.0),
        "The lamplighters of Velm walk again, this time with a ladder and an app",
    );
    let end = page.paragraph(LEFT + 20.0, end + 6.0, 390.0, style(Sans, 14.0, GREY).leading(20.0),
        "Volunteers dim the old quarter street by street so that the stars, and the bats, come back.");
    page.line(
        LEFT + 20.0,
        end + 6.0,
        style(Sans, 12.0, GREY),
        "Noor Hazeldine  ·  6 min read",
    );
    page.rect(area(LEFT, 572.0, WIDTH, 8.0), 0xf1eef6);
}

fn list(page: &mut Canvas) {
    let stories = [
        (
            "FOOD",
            "A soup for forty: the recipe that a street wrote together",
            "22 min",
        ),
        (
            "CULTURE",
            "The pianist who tunes church organs for the echo",
            "1 h",
        ),
        (
            "WORLD",
            "Two islands swap one teacher, and both are glad",
            "2 h",
        ),
    ];
    for (index, (kicker, title, when)) in stories.iter().enumerate() {
        let y = 596.0 + 100.0 * index as f32;
        page.line(LEFT + 20.0, y, style(SansBold, 11.0, VIOLET), kicker);
        page.paragraph(
            LEFT + 20.0,
            y + 17.0,
            262.0,
            style(SansBold, 15.0, INK).leading(20.0),
            title,
        );
        page.line(LEFT + 20.0, y + 66.0, style(Sans, 11.5, GREY), when);
        let picture = area(LEFT + 302.0, y, 108.0, 80.0);
        match index {
            0 => photo::forest(page, picture, 90, photo::DUSK),
            1 => photo::portrait(page, picture, 17, 0x8d5a3c, 0x1b1512, 0x7a2f3f),
            _ => photo::sea(page, picture, 12, photo::DAY),
        }
        page.rule(LEFT + 20.0, y + 89.0, 390.0, 1.0, EDGE);
    }
}

fn tabs(page: &mut Canvas) {
    page.rect(area(LEFT, 892.0, WIDTH, 68.0), 0xfbfafd);
    page.rule(LEFT, 892.0, WIDTH, 1.0, EDGE);
    for (index, name) in ["Home", "Saved", "Audio", "Games", "You"]
        .iter()
        .enumerate()
    {
        let x = LEFT + 43.0 + 86.0 * index as f32;
        let colour = if index == 0 { VIOLET } else { GREY };
        page.rounded(area(x - 11.0, 904.0, 22.0, 22.0), 6.0, colour);
        page.rounded(area(x - 7.0, 908.0, 14.0, 14.0), 3.0, 0xfbfafd);
        page.line_centred(x, 931.0, style(Sans, 11.5, colour), name);
    }
}

/// What the wide window shows beside the column.
fn aside(page: &mut Canvas) {
    page.card(area(905.0, 130.0, 320.0, 184.0), 14.0, 0xf6f3fb, 0xc6bcda);
    page.line(
        929.0,
        150.0,
        style(SerifBold, 20.0, INK),
        "Read it on paper",
    );
    page.paragraph(
        929.0,
        182.0,
        276.0,
        style(Sans, 14.0, GREY).leading(20.0),
        "The Lantern is printed every evening but Sunday and carried to your door before supper.",
    );
    mark::button(
        page,
        area(929.0, 258.0, 150.0, 36.0),
        VIOLET,
        0xffffff,
        "Try a month",
    );
    page.card(area(55.0, 130.0, 320.0, 236.0), 14.0, 0xf6f3fb, 0xc6bcda);
    page.line(79.0, 150.0, style(SerifBold, 20.0, INK), "Tonight in Velm");
    for (row, (time, event)) in [
        ("18:30", "Night market, Tannery Yard"),
        ("19:00", "Open rehearsal, Glass Hall"),
        ("20:15", "Bat walk from the old mill"),
        ("21:00", "Silent film with accordion"),
        ("22:40", "Saturn over the harbour wall"),
    ]
    .iter()
    .enumerate()
    {
        let y = 186.0 + 33.0 * row as f32;
        page.line(79.0, y, style(SansBold, 13.5, VIOLET), time);
        page.line(131.0, y, style(Sans, 13.5, INK), event);
    }
}
