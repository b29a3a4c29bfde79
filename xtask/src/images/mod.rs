//! `cargo xtask images`: draws the news pages that a run analyses by default.
//!
//! The same bytes come out of every run: nothing is read but the embedded fonts, and the
//! arithmetic is IEEE addition, multiplication, division and square root alone.

mod canvas;
mod face;
mod mark;
mod noise;
mod pages;
mod palette;
mod photo;
mod type_set;

use std::fs;
use std::panic;
use std::path::{Path, PathBuf};
use std::thread;

use crate::Outcome;
use palette::Indexed;

#[derive(clap::Args)]
pub struct Options {
    /// Folder to write the pages to
    #[arg(long, default_value_os_t = shipped_folder())]
    out: PathBuf,
}

/// Where the committed pages lie.
fn shipped_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .with_file_name("scenarios")
        .join("images")
}

/// Every page with its file name; drawn side by side, as none depends on another.
fn draw_all() -> Vec<(String, Indexed)> {
    let pages: Vec<Indexed> = thread::scope(|scope| {
        let drawing: Vec<_> = pages::ALL
            .iter()
            .map(|page| scope.spawn(|| Indexed::of(&page())))
            .collect();
        let finish = |page: thread::ScopedJoinHandle<'_, Indexed>| {
            page.join()
                .unwrap_or_else(|reason| panic::resume_unwind(reason))
        };
        drawing.into_iter().map(finish).collect()
    });
    let name = |index| format!("news-{:02}.png", index + 1);
    pages
        .into_iter()
        .enumerate()
        .map(|(index, page)| (name(index), page))
        .collect()
}

pub fn run(options: &Options) -> Outcome {
    fs::create_dir_all(&options.out)?;
    for (name, page) in draw_all() {
        let bytes = page.to_png()?;
        let path = options.out.join(name);
        fs::write(&path, &bytes)?;
        println!(
            "{} {}x{} {} KiB",
            path.display(),
            page.width,
            page.height,
            bytes.len() / 1024
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn committed_pages_are_what_is_drawn() {
        let drawn = draw_all();
        for (name, page) in &drawn {
            let path = shipped_folder().join(name);
            let committed = image::open(&path)
                .unwrap_or_else(|error| panic!("{}: {error}", path.display()))
                .into_rgb8();
            assert!(
                committed == page.to_rgb(),
                "{name} differs: run `cargo xtask images`"
            );
        }
        assert_eq!(fs::read_dir(shipped_folder()).unwrap().count(), drawn.len());
    }

    #[test]
    fn committed_pages_are_large_and_all_different() {
        let mut seen: Vec<image::RgbImage> = Vec::new();
        for file in fs::read_dir(shipped_folder()).unwrap() {
            let page = image::open(file.unwrap().path()).unwrap().into_rgb8();
            assert!(
                page.width() >= 1280 && page.height() >= 800,
                "{:?}",
                page.dimensions()
            );
            assert!(!seen.contains(&page), "two pages are the same picture");
            seen.push(page);
        }
        assert!(seen.len() >= 8, "only {} pages", seen.len());
    }

    #[test]
    fn the_whole_set_is_small() {
        let sizes = fs::read_dir(shipped_folder())
            .unwrap()
            .map(|entry| entry.unwrap().metadata());
        let total: u64 = sizes.map(|file| file.unwrap().len()).sum();
        assert!(
            total < 1_000_000,
            "{total} bytes of pictures in the repository"
        );
    }
}
