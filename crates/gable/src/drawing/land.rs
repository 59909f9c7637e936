//! A plot of land: field, meadow or building site, with posts at its corners and a sign.

use super::canvas::{Area, push};
use super::colour::{DOORS, STONE, TRUNK, WHITE, rgb};
use super::garden;
use super::sketch::Sketch;

pub(super) fn draw(sketch: &mut Sketch) {
    for _ in 0..sketch.dice.between(1, 3) {
        let (x, height) = (sketch.dice.between(30, 610), sketch.dice.between(60, 120));
        garden::tree(sketch, x, height);
    }
    match sketch.dice.between(0, 2) {
        0 => furrows(sketch),
        1 => meadow(sketch),
        _ => outline(sketch),
    }
    posts(sketch);
    sign(sketch);
}

/// A ploughed field that runs to the horizon.
fn furrows(sketch: &mut Sketch) {
    let vanishing = sketch.dice.between(240, 400);
    let soil = sketch.dice.pick([rgb(0x9a6b45), rgb(0xb98a55), rgb(0x7d8f45)]);
    sketch.paint(&format!("M{} 322h100L720 400H-80z", vanishing - 50), soil);
    let mut data = String::new();
    for step in -6..=6 {
        push(&mut data, format_args!("M{} 324L{} 400", vanishing + step * 8, 320 + step * 64));
    }
    sketch.line(&data, soil.darker(), 3);
}

/// Grass and flowers.
fn meadow(sketch: &mut Sketch) {
    let (mut blades, mut flowers) = (String::new(), String::new());
    for _ in 0..36 {
        let (x, y) = (sketch.dice.between(0, 636), sketch.dice.between(334, 396));
        push(&mut blades, format_args!("M{x} {y}l-3-9m3 9l3-10"));
        if sketch.dice.chance(55) {
            push(&mut flowers, format_args!("M{} {}h5v5h-5z", x + 9, y - 8));
        }
    }
    sketch.line(&blades, sketch.season.ground.darker(), 2);
    sketch.paint(&flowers, sketch.season.flowers);
}

/// Where a house will stand: its ground plan in string, a heap of stones.
fn outline(sketch: &mut Sketch) {
    let x = sketch.dice.between(190, 260);
    sketch.paint(&format!("M{x} 340h210l50 40H{}z", x - 50), rgb(0xcdb48a));
    sketch.line(&format!("M{x} 340h210l50 40H{}zM{} 340l24 40", x - 50, x + 110), WHITE, 2);
    let heap = sketch.dice.pick([x - 110, x + 290]);
    sketch.paint(&format!("M{heap} 352q18-30 36-22t34 22z"), STONE);
    sketch.paint(&format!("M{} 352q10-16 22-10t16 10z", heap + 46), STONE.darker());
}

fn posts(sketch: &mut Sketch) {
    let (mut posts, mut wire) = (String::new(), String::new());
    for step in 0..11 {
        posts += &Area::standing(8 + step * 62, 344, 6, 26).data();
    }
    for y in [324, 333] {
        push(&mut wire, format_args!("M0 {y}h640"));
    }
    sketch.line(&wire, TRUNK.lighter(), 2);
    sketch.paint(&posts, TRUNK);
}

/// A board on two posts; what it would say is in the listing.
fn sign(sketch: &mut Sketch) {
    let x = sketch.dice.between(90, 480);
    let paint = sketch.dice.pick(DOORS);
    sketch.paint(&format!("M{} 378v-70h6v70zM{} 378v-70h6v70z", x + 10, x + 64), TRUNK.darker());
    sketch.block(Area { x, y: 292, width: 80, height: 46 }, WHITE);
    sketch.block(Area { x, y: 292, width: 80, height: 13 }, paint);
    sketch.line(&format!("M{} 316h56m-56 10h38", x + 12), STONE, 3);
}
