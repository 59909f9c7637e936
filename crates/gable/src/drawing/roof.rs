//! Roofs, chimneys and dormers.

use super::canvas::Area;
use super::colour::{Colour, STONE, WHITE, rgb};
use super::sketch::Sketch;
use super::window::{Style, Windows};

/// A gable that faces us: the wall's upper triangle and the roof's two edges.
pub(super) fn gable(sketch: &mut Sketch, wall: Area, rise: i32, paints: (Colour, Colour)) {
    let (wall_paint, roof_paint) = paints;
    let (middle, apex) = (wall.middle(), wall.y - rise);
    sketch.shape(&[(wall.x, wall.y + 1), (middle, apex), (wall.right(), wall.y + 1)], wall_paint);
    let drop = rise * 14 / (wall.width / 2).max(1);
    let (left, right, eave) = (wall.x - 14, wall.right() + 14, wall.y + drop);
    let thick = 13;
    sketch.shape(
        &[
            (left, eave),
            (middle, apex),
            (right, eave),
            (right, eave - thick),
            (middle, apex - thick),
            (left, eave - thick),
        ],
        roof_paint,
    );
}

/// A roof whose long side faces us; `inset` is how far its ridge is shorter on each side.
pub(super) fn pitched(sketch: &mut Sketch, wall: Area, rise: i32, inset: i32, paint: Colour) {
    let (left, right, eave) = (wall.x - 12, wall.right() + 12, wall.y + 4);
    let ridge = wall.y - rise;
    sketch.shape(&[(left, eave), (left + inset, ridge), (right - inset, ridge), (right, eave)], paint);
    let (low, middle) = (rise / 3, rise * 2 / 3);
    let data = format!(
        "M{} {}H{}M{} {}H{}",
        left + inset * low / rise,
        eave - low,
        right - inset * low / rise,
        left + inset * middle / rise,
        eave - middle,
        right - inset * middle / rise
    );
    sketch.line(&data, paint.darker(), 2);
    sketch.block(Area { x: left, y: eave - 4, width: right - left, height: 6 }, paint.darker());
}

/// A flat roof with its edge.
pub(super) fn flat(sketch: &mut Sketch, wall: Area, paint: Colour) {
    sketch.block(Area { x: wall.x - 6, y: wall.y - 8, width: wall.width + 12, height: 10 }, paint);
}

/// A roof that falls to one side.
pub(super) fn slanted(sketch: &mut Sketch, wall: Area, rise: i32, paints: (Colour, Colour)) {
    let (wall_paint, roof_paint) = paints;
    let (left, right) = (wall.x, wall.right());
    let flip = sketch.dice.chance(50);
    let (high, low) = if flip { (right, left) } else { (left, right) };
    let out = if flip { 14 } else { -14 };
    sketch.shape(&[(low, wall.y + 1), (high, wall.y + 1), (high, wall.y - rise)], wall_paint);
    let edge = wall.y - rise - 3;
    sketch.shape(
        &[(high + out, edge), (low - out, wall.y + 2), (low - out, wall.y - 9), (high + out, edge - 11)],
        roof_paint,
    );
}

/// A chimney that ends at `top`; in the cold hours it smokes.
pub(super) fn chimney(sketch: &mut Sketch, x: i32, top: i32, height: i32) {
    sketch.block(Area { x, y: top, width: 22, height }, rgb(0xa5614a));
    sketch.block(Area { x: x - 3, y: top - 4, width: 28, height: 7 }, STONE);
    if sketch.hour.lit > 10 && sketch.dice.chance(60) {
        for (index, radius) in [(0, 6), (1, 9), (2, 13)] {
            sketch.canvas.haze((x + 14 + index * 9, top - 16 - index * 19), radius, WHITE, 45);
        }
    }
}

/// Small gabled windows in a roof, over a wall.
pub(super) fn dormers(sketch: &mut Sketch, wall: Area, count: i32, paints: (Colour, Colour), style: Style) {
    let mut windows = Windows::default();
    for index in 0..count {
        let middle = wall.x + wall.width * (index * 2 + 1) / (count * 2);
        let front = Area { x: middle - 19, y: wall.y - 38, width: 38, height: 38 };
        sketch.block(front, paints.0);
        gable(sketch, front, 20, (paints.0, paints.1.darker()));
        windows.add(sketch, style.bare().sized(20, 22), middle, front.y + 8);
    }
    windows.draw(sketch, style);
}
