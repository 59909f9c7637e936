//! A studio: one room with a large window, under a slanted roof or on the top of an old workshop.

use super::canvas::Area;
use super::colour::{Colour, DARK, ROOFS, TRUNK, WALLS, rgb};
use super::sketch::{GROUND, Sketch};
use super::window::{Style, Windows, entrance, facade};
use super::{garden, roof};

pub(super) fn draw(sketch: &mut Sketch) {
    match sketch.dice.between(0, 2) {
        0 => cabin(sketch),
        1 => workshop(sketch),
        _ => loft(sketch),
    }
}

/// A small modern house of wood and glass.
fn cabin(sketch: &mut Sketch) {
    let width = sketch.dice.between(170, 220);
    let wall = Area::standing(320 - width / 2 + sketch.dice.between(-50, 50), GROUND, width, 84);
    let paint = sketch.dice.pick([rgb(0x9c6b45), rgb(0x3f4a4f), rgb(0xe9dfcb), rgb(0x6f8578)]);
    let cover = sketch.dice.pick(ROOFS);
    garden::frame(sketch, wall.x, wall.right(), false);
    sketch.block(wall, paint);
    roof::slanted(sketch, wall, width / 4, (paint, cover));
    boards(sketch, wall, paint);
    glazing(sketch, Area { x: wall.x + 16, y: wall.y + 12, width: width / 2, height: 62 });
    entrance(sketch, wall.right() - 38, GROUND, 54);
    sketch.block(Area { x: wall.x - 30, y: GROUND, width: width + 50, height: 7 }, TRUNK.lighter());
    garden::path(sketch, wall.right() - 38);
    garden::bushes(sketch, wall.x - 40, wall.x);
}

fn boards(sketch: &mut Sketch, wall: Area, paint: Colour) {
    let data: String = (1..wall.width / 22)
        .map(|step| format!("M{} {}v{}", wall.x + step * 22, wall.y, wall.height))
        .collect();
    sketch.line(&data, paint.darker(), 1);
}

/// One large window of several panes.
fn glazing(sketch: &mut Sketch, area: Area) {
    let style = Style::pick(sketch, false).sized(area.width / 3 - 6, area.height);
    let mut windows = Windows::default();
    for column in 0..3 {
        windows.add(sketch, style, area.x + area.width * (column * 2 + 1) / 6, area.y);
    }
    windows.draw(sketch, style);
}

/// An old workshop with a saw-tooth roof.
fn workshop(sketch: &mut Sketch) {
    let (teeth, tooth) = (sketch.dice.between(3, 4), sketch.dice.between(64, 76));
    let wall = Area::standing(320 - teeth * tooth / 2, GROUND, teeth * tooth, 100);
    let paint = sketch.dice.pick([rgb(0xb5573f), rgb(0xc98a5e), rgb(0xd8d3c6), rgb(0x7f8c8d)]);
    garden::street(sketch);
    garden::frame(sketch, wall.x, wall.right(), false);
    for index in 0..teeth {
        let x = wall.x + index * tooth;
        sketch.shape(&[(x, wall.y), (x, wall.y - 46), (x + tooth, wall.y)], paint);
        sketch.shape(
            &[
                (x - 3, wall.y - 46),
                (x + 4, wall.y - 54),
                (x + tooth + 3, wall.y + 1),
                (x + tooth - 6, wall.y + 1),
            ],
            DARK,
        );
    }
    sketch.block(wall, paint);
    let style = Style::pick(sketch, false).sized(36, 52);
    let door = sketch.dice.between(0, 3);
    facade(sketch, wall, 1, Some(door), style);
}

/// A corner house of three storeys with the studio under its roof.
fn loft(sketch: &mut Sketch) {
    let width = sketch.dice.between(150, 190);
    let wall = Area::standing(320 - width / 2 + sketch.dice.between(-80, 80), GROUND + 4, width, 150);
    let (paint, cover) = (sketch.dice.pick(WALLS), sketch.dice.pick(ROOFS));
    garden::street(sketch);
    garden::frame(sketch, wall.x, wall.right(), false);
    sketch.block(wall, paint);
    roof::pitched(sketch, wall, 70, 34, cover);
    glazing(sketch, Area { x: wall.x + 26, y: wall.y - 52, width: width - 52, height: 38 });
    let style = Style::pick(sketch, true).sized(22, 32);
    let door = sketch.dice.between(0, 3);
    facade(sketch, wall, 3, Some(door), style);
}
