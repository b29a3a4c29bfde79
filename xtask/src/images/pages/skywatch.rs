//! A weather page: today's sky, the hours, a map with fronts, the week.

use image::RgbImage;

use crate::images::canvas::{Canvas, area, mix};
use crate::images::face::Face::{Narrow, NarrowBold, Sans, SansBold};
use crate::images::mark::{Weather, weather};
use crate::images::noise::{posterise, rough};
use crate::images::type_set::style;
use crate::images::{mark, photo};

const INK: u32 = 0x12314f;
const GREY: u32 = 0x5f7a94;
const EDGE: u32 = 0xcddfee;
const BLUE: u32 = 0x1669b8;

pub fn draw() -> RgbImage {
    let mut page = Canvas::new(1280, 900, 0xe9f2fa);
    page.rect(area(0.0, 0.0, 1280.0, 60.0), BLUE);
    weather(&mut page, 60.0, 30.0, 40.0, Weather::Fair);
    page.line(92.0, 13.0, style(SansBold, 27.0, 0xffffff), "Skywatch");
    page.rounded(area(420.0, 13.0, 420.0, 34.0), 17.0, 0xffffff);
    mark::search(&mut page, 436.0, 21.0, GREY, 0xffffff);
    page.line(
        466.0,
        21.0,
        style(Sans, 14.0, GREY),
        "Port Elling, North Coast",
    );
    let mut x = 900.0;
    for section in ["Today", "Week", "Radar", "Tides", "News"] {
        x = page.line(x, 21.0, style(SansBold, 14.0, 0xffffff), section) + 30.0;
    }
    page.rect(area(0.0, 60.0, 1280.0, 40.0), 0xf6c445);
    page.line(40.0, 71.0, style(SansBold, 14.5, 0x3d2f00), "YELLOW WARNING  ·  Strong wind on the coast from 18:00 until Wednesday morning: secure loose boats and greenhouses");
    today(&mut page);
    map(&mut page);
    week(&mut page);
    page.finish()
}

fn today(page: &mut Canvas) {
    let place = area(40.0, 120.0, 560.0, 270.0);
    photo::sea(page, place, 30, photo::DAY);
    page.line(64.0, 138.0, style(SansBold, 20.0, 0xffffff), "Port Elling");
    page.line(64.0, 164.0, style(Sans, 14.0, 0xf2f8fd), "Tuesday, 15:40");
    page.line(60.0, 186.0, style(SansBold, 80.0, 0xffffff), "14°");
    page.line(
        64.0,
        326.0,
        style(SansBold, 18.0, 0xffffff),
        "Breezy and bright",
    );
    page.line(
        64.0,
        352.0,
        style(Sans, 15.0, 0xffffff),
        "Feels like 11°   ·   H 16°   L 8°",
    );
    page.card(area(40.0, 404.0, 560.0, 196.0), 10.0, 0xffffff, EDGE);
    page.line(60.0, 416.0, style(SansBold, 15.0, INK), "Hour by hour");
    let hours = [
        (14, Weather::Fair, 5),
        (15, Weather::Sun, 0),
        (15, Weather::Fair, 10),
        (14, Weather::Cloud, 30),
        (12, Weather::Rain, 70),
        (11, Weather::Rain, 85),
        (10, Weather::Storm, 90),
        (9, Weather::Cloud, 40),
        (9, Weather::Fair, 15),
    ];
    let mut curve = Vec::new();
    for (index, (degrees, kind, wet)) in hours.iter().enumerate() {
        let x = 76.0 + 61.0 * index as f32;
        let level = 548.0 - 4.5 * (*degrees as f32 - 9.0);
        page.line_centred(
            x,
            442.0,
            style(Sans, 12.5, GREY),
            &format!("{}:00", 16 + index),
        );
        weather(page, x, 476.0, 32.0, *kind);
        page.line_centred(
            x,
            level - 22.0,
            style(SansBold, 13.5, INK),
            &format!("{degrees}°"),
        );
        let tall = *wet as f32 * 0.3;
        page.rounded(
            area(x - 12.0, 576.0 - tall, 24.0, tall + 2.0),
            2.0,
            0xa9d1f2,
        );
        page.line_centred(x, 580.0, style(Narrow, 11.5, BLUE), &format!("{wet}%"));
        curve.push((x, level));
    }
    page.polyline(&curve, 2.5, 0xee8a3a);
}

fn map(page: &mut Canvas) {
    let place = area(620.0, 120.0, 620.0, 480.0);
    page.paint(place, |u, v| {
        let height = rough(77, u * 4.0, v * 3.2)
            - 0.55 * ((u - 0.5) * (u - 0.5) + (v - 0.5) * (v - 0.5)) * 2.0;
        let rain = rough(91, u * 5.0 + v * 2.0, v * 5.0) - 0.28 - 0.35 * u;
        let ground = match height {
            h if h < 0.33 => 0xa8cfe9,
            h if h < 0.35 => 0xf0e8c8,
            h => mix(0xcfe3b4, 0x8fb583, posterise((h - 0.35) * 3.0, 6.0)),
        };
        match rain {
            r if r > 0.16 => mix(ground, 0x5a3fa8, 0.75),
            r if r > 0.10 => mix(ground, 0x2462c9, 0.7),
            r if r > 0.03 => mix(ground, 0x4fa3ea, 0.6),
            _ => ground,
        }
    });
    let front = [
        (706.0, 552.0),
        (730.0, 520.0),
        (800.0, 450.0),
        (850.0, 360.0),
        (860.0, 260.0),
        (830.0, 180.0),
        (840.0, 122.0),
    ];
    page.polyline(&front, 4.0, 0x2a4fb0);
    for (x, y) in &front[1..6] {
        page.disc(x + 7.0, *y, 7.0, 0xc23b3b);
    }
    let towns = [
        (760.0, 240.0, "Velm", 9),
        (910.0, 200.0, "Norgate", 10),
        (1010.0, 330.0, "Harrowmere", 13),
        (880.0, 420.0, "Port Elling", 14),
        (1090.0, 470.0, "Ostrel", 17),
        (1130.0, 230.0, "Pellam", 12),
    ];
    for (x, y, name, degrees) in towns {
        page.rounded(area(x - 21.0, y - 14.0, 42.0, 28.0), 14.0, 0xffffff);
        page.line_centred(
            x,
            y - 9.0,
            style(SansBold, 15.0, INK),
            &format!("{degrees}°"),
        );
        page.line_centred(x, y + 16.0, style(NarrowBold, 13.0, INK), name);
    }
    page.line(1150.0, 130.0, style(SansBold, 34.0, 0xc23b3b), "H");
    page.line(664.0, 320.0, style(SansBold, 34.0, 0xffffff), "L");
    page.rounded(area(636.0, 556.0, 588.0, 32.0), 6.0, 0xffffff);
    page.line(
        650.0,
        564.0,
        style(SansBold, 12.5, INK),
        "Rain radar  16:00",
    );
    page.rounded(area(780.0, 568.0, 300.0, 8.0), 4.0, EDGE);
    page.rounded(area(780.0, 568.0, 118.0, 8.0), 4.0, BLUE);
    page.disc(898.0, 572.0, 8.0, BLUE);
    for (index, (name, colour)) in [("light", 0x4fa3ea), ("rain", 0x2462c9), ("heavy", 0x5a3fa8)]
        .iter()
        .enumerate()
    {
        let x = 1092.0 + 44.0 * index as f32;
        page.rect(area(x, 567.0, 9.0, 9.0), *colour);
        page.line(x + 12.0, 565.0, style(Narrow, 11.0, INK), name);
    }
}

fn week(page: &mut Canvas) {
    let days = [
        ("Wed", Weather::Storm, 12, 7),
        ("Thu", Weather::Rain, 11, 6),
        ("Fri", Weather::Cloud, 12, 5),
        ("Sat", Weather::Fair, 15, 7),
        ("Sun", Weather::Sun, 18, 9),
        ("Mon", Weather::Rain, 9, 3),
        ("Tue", Weather::Snow, 2, -1),
    ];
    for (index, (day, kind, high, low)) in days.iter().enumerate() {
        let x = 40.0 + 98.0 * index as f32;
        page.card(area(x, 616.0, 90.0, 164.0), 10.0, 0xffffff, EDGE);
        page.line_centred(x + 45.0, 628.0, style(SansBold, 15.0, INK), day);
        weather(page, x + 45.0, 680.0, 48.0, *kind);
        page.line_centred(
            x + 45.0,
            720.0,
            style(SansBold, 18.0, INK),
            &format!("{high}°"),
        );
        page.line_centred(x + 45.0, 748.0, style(Sans, 14.0, GREY), &format!("{low}°"));
    }
    let facts = [
        ("Sunrise", "06:21"),
        ("Sunset", "20:04"),
        ("Wind", "38 km/h W"),
        ("Humidity", "71 %"),
        ("Pressure", "998 hPa"),
        ("High tide", "17:52"),
    ];
    for (index, (name, value)) in facts.iter().enumerate() {
        let (x, y) = (
            40.0 + 230.0 * (index % 3) as f32,
            794.0 + 46.0 * (index / 3) as f32,
        );
        page.card(area(x, y, 216.0, 38.0), 8.0, 0xffffff, EDGE);
        page.line(x + 14.0, y + 11.0, style(Sans, 13.0, GREY), name);
        page.line_right(x + 202.0, y + 11.0, style(SansBold, 13.5, INK), value);
    }
    page.line(748.0, 618.0, style(SansBold, 16.0, INK), "Weather news");
    let stories = [
        (
            "Why the swallows came ten days early, and what the lighthouse log says",
            "The keeper's notes go back to 1871. Only twice has the first bird been seen sooner.",
        ),
        (
            "Gardeners told to wait: one more frost is likely inland",
            "Cover tender plants on Friday night, and leave the tomatoes on the sill.",
        ),
        (
            "The storm that moved a sandbank and gave a village its beach back",
            "Children were first to notice. The mayor was second, by bicycle.",
        ),
    ];
    for (index, (title, text)) in stories.iter().enumerate() {
        let y = 646.0 + 82.0 * index as f32;
        let picture = area(748.0, y, 112.0, 72.0);
        match index {
            0 => photo::hills(page, picture, 52, photo::DUSK),
            1 => photo::forest(page, picture, 33, photo::MIST),
            _ => photo::sea(page, picture, 71, photo::DUSK),
        }
        let end = page.paragraph(
            874.0,
            y - 2.0,
            366.0,
            style(SansBold, 14.5, INK).leading(19.0),
            title,
        );
        page.paragraph(
            874.0,
            end + 2.0,
            366.0,
            style(Sans, 12.0, GREY).leading(16.0),
            text,
        );
    }
}
