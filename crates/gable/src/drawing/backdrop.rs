//! What lies behind the building: hills, mountains, a skyline, the sea, a wood; and the ground before it.

use super::canvas::{Area, push};
use super::colour::{DARK, GLOW, WHITE, rgb};
use super::sketch::Sketch;

/// A landscape.
#[derive(Clone, Copy)]
enum Backdrop {
    Hills,
    Mountains,
    Skyline,
    Sea,
    Wood,
}

pub(super) fn draw(sketch: &mut Sketch, kind: &str) {
    use Backdrop::{Hills, Mountains, Sea, Skyline, Wood};
    let backdrop = match kind {
        "apartment" | "studio" => sketch.dice.pick([Skyline, Skyline, Hills, Sea, Wood]),
        "townhouse" => sketch.dice.pick([Skyline, Skyline, Hills, Hills]),
        "villa" => sketch.dice.pick([Sea, Sea, Hills, Mountains]),
        "land" => sketch.dice.pick([Hills, Mountains, Wood, Sea]),
        _ => sketch.dice.pick([Hills, Hills, Mountains, Wood, Sea, Skyline]),
    };
    match backdrop {
        Hills => hills(sketch),
        Mountains => mountains(sketch),
        Skyline => skyline(sketch),
        Sea => sea(sketch),
        Wood => wood(sketch),
    }
    ground(sketch);
}

fn hills(sketch: &mut Sketch) {
    for (height, air) in [(80, 68), (52, 45), (24, 22)] {
        let y = GROUND_LINE - height;
        let (left, right) = (sketch.dice.between(-50, 50), sketch.dice.between(-50, 50));
        let end = y + sketch.dice.between(-24, 24);
        let data =
            format!("M0 {y}C120 {} 220 {} 330 {y}S540 {} 640 {end}V400H0z", y - left, y + left, y + right);
        let leaf = sketch.season.leaves[1].mix(sketch.season.ground, 40);
        let colour = sketch.hour.far(leaf.darker(), air);
        sketch.canvas.fill(&data, colour);
    }
}

fn mountains(sketch: &mut Sketch) {
    let (mut range, mut snow) = (String::new(), String::new());
    let mut x = sketch.dice.between(-40, 20);
    while x < 660 {
        let height = sketch.dice.between(70, 150);
        let half = height * sketch.dice.between(9, 12) / 10;
        let (peak, cap) = (GROUND_LINE - height, height / 4);
        push(&mut range, format_args!("M{} {GROUND_LINE}L{x} {peak}L{} {GROUND_LINE}z", x - half, x + half));
        let side = half * cap / height;
        push(&mut snow, format_args!("M{x} {peak}l-{side} {cap} {side}-{} {side} {}z", cap / 3, cap / 3));
        x += half + sketch.dice.between(0, 40);
    }
    let colour = sketch.hour.far(rgb(0x5a6e8c), 48);
    sketch.canvas.fill(&range, colour);
    sketch.canvas.fill(&snow, sketch.hour.far(WHITE, 30));
    let front = format!("M0 {}q160-40 330-8t310-14V400H0z", GROUND_LINE - 12);
    sketch.canvas.fill(&front, sketch.hour.far(sketch.season.leaves[1].darker(), 25));
}

fn skyline(sketch: &mut Sketch) {
    for (tallest, air) in [(170, 74), (110, 52)] {
        let (mut towers, mut windows) = (String::new(), String::new());
        let mut x = sketch.dice.between(-30, 0);
        while x < 640 {
            let (width, height) = (sketch.dice.between(28, 60), sketch.dice.between(tallest / 3, tallest));
            push(&mut towers, format_args!("{}", Area::standing(x, GROUND_LINE, width, height).data()));
            if sketch.dice.chance(70) {
                let (across, down) = (sketch.dice.between(5, width - 9), sketch.dice.between(10, height / 2));
                push(&mut windows, format_args!("M{} {}h4v6h-4z", x + across, GROUND_LINE - height + down));
            }
            x += width + sketch.dice.between(0, 16);
        }
        sketch.canvas.fill(&towers, sketch.hour.far(rgb(0x50667c), air));
        let lamp = if sketch.hour.lit > 30 { GLOW } else { sketch.hour.far(DARK, air - 10) };
        sketch.canvas.fill(&windows, lamp);
    }
}

fn sea(sketch: &mut Sketch) {
    let y = GROUND_LINE - sketch.dice.between(40, 62);
    let water = sketch.hour.shade(rgb(0x3c8fae)).mix(sketch.hour.sky.0, 25);
    sketch.canvas.fill(&format!("M0 {y}h640v90H0z"), water);
    let mut glints = String::new();
    for _ in 0..9 {
        let (x, down, length) =
            (sketch.dice.between(0, 620), sketch.dice.between(6, 44), sketch.dice.between(12, 40));
        push(&mut glints, format_args!("M{x} {}h{length}", y + down));
    }
    sketch.canvas.stroke(&glints, water.mix(sketch.hour.sky.1, 55), 2);
    if sketch.dice.chance(75) {
        let side = sketch.dice.pick([(40, 130), (510, 600)]);
        let x = sketch.dice.between(side.0, side.1);
        boat(sketch, x, y + 8);
    }
}

fn boat(sketch: &mut Sketch, x: i32, y: i32) {
    sketch.paint(&format!("M{x} {y}h36l-7 9h-22z"), rgb(0x8c3b2e));
    sketch.paint(&format!("M{} {}v-34l18 30zM{} {}v-26l-12 22z", x + 17, y - 3, x + 15, y - 3), WHITE);
}

fn wood(sketch: &mut Sketch) {
    for (height, air) in [(90, 60), (62, 34)] {
        let mut trees = String::new();
        let mut x = sketch.dice.between(-20, 0);
        while x < 640 {
            let (half, tall) = (sketch.dice.between(11, 18), sketch.dice.between(height / 2, height));
            push(&mut trees, format_args!("M{x} {}l{half}-{tall} {half} {tall}z", GROUND_LINE));
            x += half + sketch.dice.between(2, 14);
        }
        push(&mut trees, format_args!("M0 {}h640v40H0z", GROUND_LINE - 12));
        sketch.canvas.fill(&trees, sketch.hour.far(rgb(0x2f5d50), air));
    }
}

/// Where the landscape meets the ground.
const GROUND_LINE: i32 = 318;

fn ground(sketch: &mut Sketch) {
    let ground = sketch.season.ground;
    let bend = sketch.dice.between(6, 18);
    sketch.paint(&format!("M0 {GROUND_LINE}q320-{bend} 640 0V400H0z"), ground);
    sketch.paint("M0 372q200-22 360-8t280-10V400H0z", ground.darker().mix(ground, 55));
}
