//! A markets page: a ticker, an index chart, tables of prices, columns of finance news.

use image::RgbImage;

use crate::images::canvas::{Canvas, area};
use crate::images::face::Face::{Mono, Narrow, NarrowBold, Sans, SansBold, Serif, SerifBold};
use crate::images::type_set::style;
use crate::images::{mark, photo};

const PAPER: u32 = 0xfbeee2;
const INK: u32 = 0x2b2420;
const GREY: u32 = 0x7d7068;
const LINE: u32 = 0xe3cfbd;
const UP: u32 = 0x1d7a4a;
const DOWN: u32 = 0xb3322c;

const QUOTES: [(&str, &str, f32); 9] = [
    ("MERIDIAN 100", "4,812.37", 1.24),
    ("OSTREL ALL-SHARE", "2,077.90", 0.31),
    ("KORVA TECH", "9,340.12", -0.86),
    ("CROWN / FLORIN", "1.3127", -0.12),
    ("COPPER", "8,455.00", 2.03),
    ("BARLEY", "214.25", 0.44),
    ("10-YR BOND", "3.18 %", -0.05),
    ("BRENNA CRUDE", "71.60", -1.37),
    ("TEA", "3.02", 0.70),
];

pub fn draw() -> RgbImage {
    let mut page = Canvas::new(1440, 900, PAPER);
    page.rect(area(0.0, 0.0, 1440.0, 34.0), INK);
    let mut x = 24.0;
    for (name, price, change) in QUOTES {
        x = page.line(x, 9.0, style(NarrowBold, 12.0, 0xf6e6d8), name) + 6.0;
        x = page.line(x, 9.0, style(Mono, 12.0, 0xd9c4b2), price) + 6.0;
        let colour = if change < 0.0 { 0xff8d7d } else { 0x77d39b };
        x = page.line(x, 9.0, style(Mono, 12.0, colour), &format!("{change:+.2}%")) + 22.0;
    }
    page.line(56.0, 46.0, style(SerifBold, 44.0, INK), "Ledger & Coin");
    page.line_right(
        1384.0,
        54.0,
        style(Sans, 13.0, GREY),
        "Thursday, 8 October   ·   Markets close in 2 h 14 min",
    );
    let mut x = 700.0;
    for section in [
        "Markets",
        "Companies",
        "Trade",
        "Work",
        "Money",
        "Lex & Letters",
    ] {
        x = page.line(x, 80.0, style(SansBold, 14.0, INK), section) + 30.0;
    }
    page.rule(56.0, 110.0, 1328.0, 2.0, INK);
    lead(&mut page);
    prices(&mut page);
    stories(&mut page);
    page.finish()
}

fn lead(page: &mut Canvas) {
    page.paragraph(
        56.0,
        126.0,
        860.0,
        style(SerifBold, 38.0, INK).leading(45.0),
        "Copper climbs to a six-year high as grid builders empty the warehouses",
    );
    page.line(56.0, 224.0, style(Serif, 16.0, GREY), "Smelters run through the night; the port of Ostrel reports the longest queue of ships since the harbour strike.");
    page.card(area(56.0, 262.0, 560.0, 316.0), 2.0, 0xfff8f0, LINE);
    page.line(76.0, 276.0, style(SansBold, 15.0, INK), "Meridian 100");
    page.line(196.0, 272.0, style(SansBold, 21.0, INK), "4,812.37");
    page.line(308.0, 276.0, style(SansBold, 15.0, UP), "▲ 58.94  (+1.24%)");
    let place = area(76.0, 322.0, 480.0, 206.0);
    mark::chart(page, place, &mark::walk(5, 96, 0.05), UP, LINE);
    mark::chart(page, place, &mark::walk(32, 96, 0.02), 0xc9b6a5, LINE);
    for (index, level) in ["4,840", "4,810", "4,780", "4,750", "4,720"]
        .iter()
        .enumerate()
    {
        page.line(
            564.0,
            315.0 + 51.5 * index as f32,
            style(Narrow, 11.5, GREY),
            level,
        );
    }
    for (index, hour) in ["08:00", "10:00", "12:00", "14:00", "16:00"]
        .iter()
        .enumerate()
    {
        page.line(
            76.0 + 112.0 * index as f32,
            536.0,
            style(Narrow, 11.5, GREY),
            hour,
        );
    }
    page.rule(76.0, 562.0, 18.0, 3.0, UP);
    page.line(100.0, 555.0, style(Narrow, 12.0, INK), "today");
    page.rule(150.0, 562.0, 18.0, 3.0, 0xc9b6a5);
    page.line(174.0, 555.0, style(Narrow, 12.0, INK), "yesterday");
    photo::city(page, area(636.0, 262.0, 290.0, 196.0), 44, photo::MIST);
    page.line(
        636.0,
        463.0,
        style(Narrow, 12.0, GREY),
        "Cranes and counting houses, Ostrel.",
    );
    page.paragraph(636.0, 484.0, 290.0, style(Serif, 13.0, INK).leading(18.5),
        "Metal for delivery in three months rose above 8,450 crowns a tonne on Thursday, the fifth gain in a row, as orders for cable outran what the northern mines can raise before winter.");
}

fn prices(page: &mut Canvas) {
    page.card(area(956.0, 128.0, 428.0, 450.0), 2.0, 0xfff8f0, LINE);
    page.line(974.0, 140.0, style(SansBold, 16.0, INK), "Movers");
    let head = style(NarrowBold, 12.0, GREY);
    page.line(974.0, 170.0, head, "COMPANY");
    for (x, title) in [(1212.0, "LAST"), (1290.0, "CHANGE"), (1366.0, "VOLUME")] {
        page.line_right(x, 170.0, head, title);
    }
    let movers = [
        ("Aldous Cable Works", 312.40, 6.8, "4.1m"),
        ("Northmine", 88.15, 5.2, "9.7m"),
        ("Tidegate Power", 41.02, 3.9, "2.2m"),
        ("Bellweather Foods", 19.77, 2.4, "1.0m"),
        ("Korva Semicon", 540.00, 1.1, "3.3m"),
        ("Pell & Daughters", 127.30, 0.6, "0.4m"),
        ("Harbour Trust", 63.48, 0.0, "0.9m"),
        ("Lumen Retail", 12.05, -0.9, "5.8m"),
        ("Quartz Air", 33.61, -1.7, "2.9m"),
        ("Ostrel Ferries", 8.44, -2.5, "1.6m"),
        ("Hollin Timber", 71.90, -3.1, "0.7m"),
        ("Brenna Oil", 154.20, -4.4, "6.5m"),
    ];
    for (row, (name, last, change, volume)) in movers.iter().enumerate() {
        let y = 190.0 + 31.5 * row as f32;
        page.rule(974.0, y, 392.0, 1.0, LINE);
        page.line(974.0, y + 8.0, style(Sans, 13.5, INK), name);
        page.line_right(
            1212.0,
            y + 8.0,
            style(Mono, 13.0, INK),
            &format!("{last:.2}"),
        );
        let colour = if *change < 0.0 { DOWN } else { UP };
        page.rounded(area(1230.0, y + 5.0, 62.0, 21.0), 3.0, colour);
        page.line_right(
            1286.0,
            y + 8.0,
            style(Mono, 12.5, 0xffffff),
            &format!("{change:+.1}%"),
        );
        page.line_right(1366.0, y + 8.0, style(Mono, 13.0, GREY), volume);
    }
}

fn stories(page: &mut Canvas) {
    let stories = [
        (
            "BANKS",
            "Savers' bank opens its first branch in forty years",
            "It has one counter, two chairs and a queue round the corner. The manager says that advice, not cash, is what people come for, and that the kettle was the best investment of the quarter. Two rivals have asked to look, and the first has brought biscuits.",
        ),
        (
            "TRADE",
            "Barley truce ends the long tariff on malt",
            "Brewers on both sides of the strait welcomed an accord that removes a duty older than most of them. Shipments begin in spring, subject to one last signature in Velm, where the minister is on holiday and has, it is said, left the pen behind.",
        ),
        (
            "WORK",
            "Four-day harvest: growers report the same yield",
            "A trial on nineteen farms found that pickers who rested a third day bruised less fruit. The union calls it proof; the growers call it promising and ask for another season. A second trial, with onions, starts when somebody volunteers.",
        ),
        (
            "MONEY",
            "The florin's quiet year, explained in five charts",
            "No crisis, no rally: the currency has moved less than a penny since March. Our analysts look for the catch and find mostly good bookkeeping and one lucky drought. The fifth chart is flat, and is the one to keep.",
        ),
    ];
    page.rule(56.0, 598.0, 1328.0, 2.0, INK);
    for (index, (kicker, title, text)) in stories.iter().enumerate() {
        let x = 56.0 + 340.0 * index as f32;
        page.line(x, 612.0, style(NarrowBold, 12.0, DOWN), kicker);
        let end = page.paragraph(
            x,
            630.0,
            306.0,
            style(SerifBold, 20.0, INK).leading(26.0),
            title,
        );
        page.paragraph(
            x,
            end + 6.0,
            306.0,
            style(Serif, 13.0, INK).leading(18.5),
            text,
        );
        if index > 0 {
            page.rule(x - 18.0, 614.0, 1.0, 262.0, LINE);
        }
    }
    let shares = [0.34, 0.58, 0.41, 0.77];
    for (index, share) in shares.iter().enumerate() {
        let x = 56.0 + 340.0 * index as f32;
        page.rounded(area(x, 856.0, 306.0, 8.0), 4.0, LINE);
        page.rounded(area(x, 856.0, 306.0 * share, 8.0), 4.0, 0x0f6674);
        page.line(
            x,
            868.0,
            style(Narrow, 11.5, GREY),
            &format!("{:.0} % of readers finish this story", share * 100.0),
        );
    }
}
