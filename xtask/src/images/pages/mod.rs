//! The pages, one file each. Every place, person, club and company on them is invented.

mod courier;
mod election;
mod ledger;
mod long_read;
mod phone;
mod signalbox;
mod skywatch;
mod touchline;

use image::RgbImage;

pub type Page = fn() -> RgbImage;

/// In the order of their file names: new pages go to the end.
pub const ALL: [Page; 8] = [
    courier::draw,
    signalbox::draw,
    touchline::draw,
    ledger::draw,
    skywatch::draw,
    phone::draw,
    long_read::draw,
    election::draw,
];
