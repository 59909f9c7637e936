//! The sky: bands of paper from overhead to the horizon, sun or moon, clouds, stars, birds.

use super::canvas::{Point, push};
use super::colour::{Colour, WHITE};
use super::sketch::Sketch;

/// Bands from overhead to the horizon.
const BANDS: u8 = 6;

pub(super) fn draw(sketch: &mut Sketch) {
    bands(sketch);
    if sketch.hour.night {
        stars(sketch);
    }
    let side = sketch.dice.pick([(70, 190), (450, 570)]);
    let x = sketch.dice.between(side.0, side.1);
    let y = if sketch.hour.high { sketch.dice.between(70, 120) } else { sketch.dice.between(130, 220) };
    if let Some(colour) = sketch.hour.orb {
        orb(sketch, (x, y), colour);
    }
    clouds(sketch);
    if !sketch.hour.night && sketch.dice.chance(40) {
        birds(sketch);
    }
}

fn bands(sketch: &mut Sketch) {
    let (top, low) = sketch.hour.sky;
    let swell = sketch.dice.between(-24, 24);
    sketch.canvas.fill("M0 0h640v400H0z", top);
    for band in 1..BANDS {
        let y = i32::from(band) * 56 - 10;
        let data = format!("M0 {y}q160 {swell} 320 0t320 0V400H0z");
        sketch.canvas.fill(&data, top.mix(low, band * (100 / (BANDS - 1))));
    }
}

fn stars(sketch: &mut Sketch) {
    let mut data = String::new();
    for _ in 0..26 {
        let (x, y) = (sketch.dice.between(8, 630), sketch.dice.between(6, 190));
        push(&mut data, format_args!("M{x} {y}h2v2h-2z"));
    }
    sketch.canvas.fill(&data, WHITE);
}

fn orb(sketch: &mut Sketch, at: Point, colour: Colour) {
    let radius = sketch.dice.between(24, 38);
    sketch.canvas.haze(at, radius * 5 / 2, colour, 16);
    sketch.canvas.haze(at, radius * 8 / 5, colour, 26);
    if sketch.hour.night && sketch.dice.chance(60) {
        let (x, y) = (at.0, at.1 - radius);
        let (down, inner) = (radius * 2, radius * 5 / 4);
        let data = format!("M{x} {y}a{radius} {radius} 0 1 1 0 {down}a{inner} {inner} 0 0 0 0-{down}z");
        sketch.canvas.fill(&data, colour);
    } else {
        sketch.canvas.circle(at, radius, colour);
    }
}

fn clouds(sketch: &mut Sketch) {
    let count = if sketch.hour.orb.is_none() { 5 } else { sketch.dice.between(0, 3) };
    let part = if sketch.hour.night { 12 } else { 62 };
    let colour =
        sketch.hour.sky.1.mix(WHITE, part).mix(sketch.hour.sky.0, if sketch.hour.night { 60 } else { 0 });
    for _ in 0..count {
        let (x, y) = (sketch.dice.between(-20, 590), sketch.dice.between(36, 150));
        let (length, lift) = (sketch.dice.between(44, 100), sketch.dice.between(9, 15));
        let (inset, upper) = (length / 4, length * 2 / 5);
        let data = format!("M{x} {y}h{length}M{} {}h{upper}", x + inset, y - lift);
        sketch.canvas.stroke(&data, colour, lift * 2);
    }
}

fn birds(sketch: &mut Sketch) {
    let mut data = String::new();
    let (mut x, mut y) = (sketch.dice.between(60, 520), sketch.dice.between(40, 130));
    for _ in 0..sketch.dice.between(2, 4) {
        push(&mut data, format_args!("M{x} {y}q5-6 9 0q4-6 9 0"));
        x += sketch.dice.between(22, 36);
        y += sketch.dice.between(-14, 14);
    }
    let colour = sketch.hour.shade(super::colour::DARK).mix(sketch.hour.sky.0, 35);
    sketch.canvas.stroke(&data, colour, 2);
}
