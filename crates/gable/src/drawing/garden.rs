//! What grows and lies before the building: trees, bushes, a path, a fence, a street.

use super::canvas::{Area, push};
use super::colour::{Colour, STONE, TRUNK, WHITE, rgb};
use super::sketch::{GROUND, Sketch};

/// A tree on the ground at `x`, of a kind that the dice choose.
pub(super) fn tree(sketch: &mut Sketch, x: i32, height: i32) {
    let base = GROUND + sketch.dice.between(2, 12);
    let leaf = sketch.dice.pick(sketch.season.leaves);
    match sketch.dice.between(0, 3) {
        0 => pine(sketch, x, base, height),
        1 => poplar(sketch, x, base, height, leaf),
        _ => round(sketch, x, base, height, leaf),
    }
}

fn round(sketch: &mut Sketch, x: i32, base: i32, height: i32, leaf: Colour) {
    let radius = height / 3;
    sketch.block(Area::standing(x - 4, base, 8, height / 2), TRUNK);
    let leaf = sketch.hour.shade(leaf);
    let crown = base - height + radius;
    sketch.canvas.circle((x - radius / 2, crown + radius / 2), radius * 3 / 4, leaf.darker());
    sketch.canvas.circle((x + radius / 2, crown + radius / 3), radius * 4 / 5, leaf.darker());
    sketch.canvas.circle((x, crown), radius, leaf);
}

fn poplar(sketch: &mut Sketch, x: i32, base: i32, height: i32, leaf: Colour) {
    sketch.block(Area::standing(x - 3, base, 6, height / 3), TRUNK);
    let leaf = sketch.hour.shade(leaf);
    sketch.canvas.ellipse((x, base - height * 3 / 5), (height / 6, height * 2 / 5), leaf);
}

fn pine(sketch: &mut Sketch, x: i32, base: i32, height: i32) {
    sketch.block(Area::standing(x - 4, base, 8, height / 4), TRUNK);
    let mut data = String::new();
    for step in 0..3 {
        let (half, tall) = (height / 4 - step * height / 20, height * 2 / 5);
        let y = base - height / 8 - step * height / 4;
        push(&mut data, format_args!("M{} {y}l{half}-{tall} {half} {tall}z", x - half));
    }
    sketch.paint(&data, rgb(0x3b7058));
}

/// A palm on the ground at `x`.
pub(super) fn palm(sketch: &mut Sketch, x: i32, height: i32) {
    let (base, lean) = (GROUND + sketch.dice.between(2, 12), sketch.dice.between(-18, 18));
    let (top_x, top_y) = (x + lean, base - height);
    sketch.line(&format!("M{x} {base}Q{x} {} {top_x} {top_y}", base - height / 2), TRUNK, 7);
    let mut leaves = String::new();
    for (across, down) in [(-46, 14), (-38, -12), (-14, -30), (16, -30), (40, -12), (46, 16)] {
        push(
            &mut leaves,
            format_args!(
                "M{top_x} {top_y}q{} {} {across} {down}q{} 0 {} {}",
                across / 2,
                down - 22,
                -across / 2,
                -across,
                -down
            ),
        );
    }
    sketch.paint(&leaves, rgb(0x4d8d54));
}

/// Bushes in a row from `left` to `right`.
pub(super) fn bushes(sketch: &mut Sketch, left: i32, right: i32) {
    let leaf = sketch.season.leaves[1].darker();
    let (mut data, mut flowers) = (String::new(), String::new());
    let mut x = left;
    while x < right {
        let radius = sketch.dice.between(9, 16);
        push(&mut data, format_args!("M{x} {}a{radius} {radius} 0 0 1 {} 0z", GROUND + 6, radius * 2));
        if sketch.dice.chance(50) {
            push(&mut flowers, format_args!("M{} {}h4v4h-4z", x + radius, GROUND - 2));
        }
        x += radius * 3 / 2;
    }
    sketch.paint(&data, leaf);
    sketch.paint(&flowers, sketch.season.flowers);
}

/// A path from a door at `x` to the lower edge.
pub(super) fn path(sketch: &mut Sketch, x: i32) {
    let end = x + sketch.dice.between(-70, 70);
    let y = GROUND + 5;
    let data = format!("M{} {y}Q{} 366 {} 400h74Q{} 366 {} {y}z", x - 15, x - 12, end - 37, x + 18, x + 15);
    sketch.paint(&data, rgb(0xe2d5bb));
}

/// A picket fence over the whole width, with a gap around `gap`.
pub(super) fn fence(sketch: &mut Sketch, gap: i32) {
    let (mut data, mut x) = (String::new(), 4);
    while x < 640 {
        if (x - gap).abs() > 64 {
            push(&mut data, format_args!("M{x} 388v-22l4-5 4 5v22z"));
        }
        x += 18;
    }
    let (left, right) = ((gap - 58).max(0), (gap + 62).min(640));
    push(&mut data, format_args!("M0 370h{left}v4H0zM{right} 370H640v4H{right}z"));
    sketch.paint(&data, WHITE);
}

/// A pavement and a street along the lower edge.
pub(super) fn street(sketch: &mut Sketch) {
    sketch.paint("M0 338h640v62H0z", STONE.lighter());
    sketch.paint("M0 362h640v38H0z", rgb(0x5b636b));
    sketch.paint("M20 380h44v3H20zM130 380h44v3h-44zM240 380h44v3h-44zM350 380h44v3h-44zM460 380h44v3h-44zM570 380h44v3h-44z", WHITE);
}

/// Trees on both sides of what stands between `left` and `right`.
pub(super) fn frame(sketch: &mut Sketch, left: i32, right: i32, palms: bool) {
    for (from, to) in [(14, left - 30), (right + 30, 626)] {
        for _ in 0..sketch.dice.between(0, 2) {
            if to - from > 8 {
                let (x, height) = (sketch.dice.between(from, to), sketch.dice.between(70, 150));
                if palms { palm(sketch, x, height) } else { tree(sketch, x, height) }
            }
        }
    }
}
