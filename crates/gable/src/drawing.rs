//! A drawing in place of a photo: an SVG made from a listing's kind, number and bedrooms.
#![expect(clippy::unreadable_literal, reason = "colours are written as in CSS: 0xrrggbb")]

mod apartment;
mod backdrop;
mod canvas;
mod colour;
mod dice;
mod garden;
mod house;
mod land;
mod landmark;
mod roof;
mod scene;
mod sketch;
mod sky;
mod studio;
mod townhouse;
mod villa;
mod window;

use sketch::Sketch;

/// Width and height of every drawing.
pub const SIZE: (u32, u32) = (640, 400);

/// Address of a listing's drawing: `/drawings/house-42-3.svg`.
#[must_use]
pub fn href(kind: &str, id: i64, bedrooms: Option<u32>) -> String {
    let bedrooms = bedrooms.map(|number| format!("-{number}")).unwrap_or_default();
    format!("/drawings/{kind}-{id}{bedrooms}.svg")
}

/// Reads the last part of such an address: kind, id, bedrooms. None when it isn't one.
#[must_use]
pub fn parse(file_name: &str) -> Option<(&str, i64, Option<u32>)> {
    let (kind, rest) = file_name.strip_suffix(".svg")?.split_once('-')?;
    match rest.rsplit_once('-') {
        Some((id, bedrooms)) if !id.is_empty() => {
            Some((kind, id.parse().ok()?, Some(bedrooms.parse().ok()?)))
        }
        _ => Some((kind, rest.parse().ok()?, None)),
    }
}

/// Draws a listing: the same bytes for the same arguments, at most 10 KiB, an unknown kind as `other`.
#[must_use]
pub fn drawing(kind: &str, seed: i64, bedrooms: Option<u32>) -> String {
    let mut sketch = Sketch::new(kind, seed, bedrooms);
    sky::draw(&mut sketch);
    backdrop::draw(&mut sketch, kind);
    match kind {
        "house" => house::draw(&mut sketch),
        "apartment" => apartment::draw(&mut sketch),
        "studio" => studio::draw(&mut sketch),
        "villa" => villa::draw(&mut sketch),
        "townhouse" => townhouse::draw(&mut sketch),
        "land" => land::draw(&mut sketch),
        _ => landmark::draw(&mut sketch),
    }
    sketch.canvas.finish()
}
