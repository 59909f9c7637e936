//! Windows and doors: collected first, drawn in a few paths, some of them lit.

use super::canvas::{Area, push};
use super::colour::{Colour, DARK, DOORS, GLASS, GLOW, STONE, WHITE};
use super::sketch::Sketch;

/// How the windows of one building look.
#[derive(Clone, Copy)]
pub(super) struct Style {
    pub(super) width: i32,
    pub(super) height: i32,
    bars: Bars,
    shutters: Option<Colour>,
    frame: Colour,
}

#[derive(Clone, Copy)]
enum Bars {
    Cross,
    Upright,
    None,
}

/// Windows that wait to be drawn.
#[derive(Default)]
pub(super) struct Windows {
    frames: String,
    lit: String,
    dark: String,
    bars: String,
    shutters: String,
}

impl Style {
    /// One style for a building.
    pub(super) fn pick(sketch: &mut Sketch, shutters: bool) -> Self {
        let dice = &mut sketch.dice;
        let paint = dice.pick(DOORS);
        Self {
            width: dice.between(24, 32),
            height: dice.between(30, 40),
            bars: dice.pick([Bars::Cross, Bars::Cross, Bars::Upright, Bars::None]),
            shutters: (shutters && dice.chance(45)).then_some(paint),
            frame: dice.pick([WHITE, WHITE, WHITE, DARK]),
        }
    }

    /// The same with other measures.
    pub(super) fn sized(self, width: i32, height: i32) -> Self {
        Self { width, height, ..self }
    }

    /// The same without shutters.
    pub(super) fn bare(self) -> Self {
        Self { shutters: None, ..self }
    }
}

impl Windows {
    /// Adds a window whose middle is at `x` and whose top is at `y`.
    pub(super) fn add(&mut self, sketch: &mut Sketch, style: Style, x: i32, y: i32) {
        let Style { width, height, .. } = style;
        let pane = Area { x: x - width / 2, y, width, height };
        let frame = Area { x: pane.x - 3, y: y - 3, width: width + 6, height: height + 6 };
        self.frames += &frame.data();
        let lit = sketch.dice.chance(sketch.hour.lit);
        let panes = if lit { &mut self.lit } else { &mut self.dark };
        *panes += &pane.data();
        self.add_bars(style.bars, pane);
        if style.shutters.is_some() {
            for left in [frame.x - 10, frame.right() + 1] {
                self.shutters += &Area { x: left, width: 9, ..frame }.data();
            }
        }
    }

    fn add_bars(&mut self, bars: Bars, pane: Area) {
        let Area { x, y, width, height } = pane;
        if !matches!(bars, Bars::None) {
            push(&mut self.bars, format_args!("M{} {y}h2v{height}h-2z", x + width / 2 - 1));
        }
        if matches!(bars, Bars::Cross) {
            push(&mut self.bars, format_args!("M{x} {}h{width}v2h-{width}z", y + height * 2 / 5));
        }
    }

    /// Draws them all.
    pub(super) fn draw(self, sketch: &mut Sketch, style: Style) {
        let glass = GLASS.mix(sketch.hour.sky.0, 45);
        sketch.paint(&self.frames, style.frame);
        sketch.paint(&self.dark, glass.mix(DARK, 25));
        sketch.canvas.fill(&self.lit, GLOW);
        sketch.paint(&self.bars, style.frame);
        sketch.paint(&self.shutters, style.shutters.unwrap_or(DARK));
    }
}

/// A wall's openings: storeys of windows in columns, with a door in one column of the lowest storey.
pub(super) fn facade(sketch: &mut Sketch, wall: Area, storeys: i32, door: Option<i32>, style: Style) {
    let shutter_room = if style.shutters.is_some() { 24 } else { 0 };
    let columns = (wall.width / (style.width + 18 + shutter_room)).max(1);
    let storey = wall.height / storeys;
    let mut windows = Windows::default();
    let door_column = door.map(|column| column.rem_euclid(columns));
    for level in 0..storeys {
        for column in 0..columns {
            let x = wall.x + wall.width * (column * 2 + 1) / (columns * 2);
            let ground = level == storeys - 1;
            if ground && door_column == Some(column) {
                continue;
            }
            windows.add(sketch, style, x, wall.y + level * storey + (storey - style.height) * 2 / 5);
        }
    }
    windows.draw(sketch, style);
    if let Some(column) = door_column {
        let x = wall.x + wall.width * (column * 2 + 1) / (columns * 2);
        entrance(sketch, x, wall.base(), (storey - 12).min(52));
    }
}

/// A door whose middle is at `x`, on `base`, with its step.
pub(super) fn entrance(sketch: &mut Sketch, x: i32, base: i32, height: i32) {
    let paint = sketch.dice.pick(DOORS);
    sketch.block(Area::standing(x - 17, base, 34, height + 4), WHITE);
    sketch.block(Area::standing(x - 13, base, 26, height), paint);
    let glass = if sketch.dice.chance(sketch.hour.lit) { GLOW } else { sketch.hour.shade(GLASS) };
    if sketch.dice.chance(60) {
        sketch.canvas.fill(&Area::standing(x - 8, base - height / 2, 16, height / 3).data(), glass);
    }
    sketch.canvas.circle((x + 8, base - height * 2 / 5), 2, GLOW);
    sketch.block(Area::standing(x - 21, base + 5, 42, 5), STONE);
}
