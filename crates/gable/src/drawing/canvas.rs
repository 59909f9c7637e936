//! The SVG as it is written: shapes with whole coordinates, one after another.

use std::fmt::Write;

use super::SIZE;
use super::colour::Colour;

/// A point.
pub(super) type Point = (i32, i32);

/// A rectangle.
#[derive(Clone, Copy, Debug)]
pub(super) struct Area {
    pub(super) x: i32,
    pub(super) y: i32,
    pub(super) width: i32,
    pub(super) height: i32,
}

/// An SVG document that is being written.
pub(super) struct Canvas(String);

impl Area {
    /// The rectangle that stands on `base`, `height` high.
    pub(super) fn standing(x: i32, base: i32, width: i32, height: i32) -> Self {
        Self { x, y: base - height, width, height }
    }

    pub(super) fn right(self) -> i32 {
        self.x + self.width
    }

    pub(super) fn base(self) -> i32 {
        self.y + self.height
    }

    pub(super) fn middle(self) -> i32 {
        self.x + self.width / 2
    }

    /// Its outline as path data.
    pub(super) fn data(self) -> String {
        let Self { x, y, width, height } = self;
        format!("M{x} {y}h{width}v{height}h-{width}z")
    }
}

/// A closed outline through points as path data.
pub(super) fn outline(points: &[Point]) -> String {
    let mut data = String::new();
    for (index, (x, y)) in points.iter().enumerate() {
        push(&mut data, format_args!("{}{x} {y}", if index == 0 { 'M' } else { 'L' }));
    }
    data + "z"
}

/// Appends to a text, which can't fail.
pub(super) fn push(text: &mut String, arguments: std::fmt::Arguments<'_>) {
    let written = text.write_fmt(arguments);
    debug_assert!(written.is_ok());
}

impl Canvas {
    pub(super) fn new() -> Self {
        let (width, height) = SIZE;
        Self(format!(
            r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}">"#
        ))
    }

    pub(super) fn finish(mut self) -> String {
        self.0.push_str("</svg>");
        self.0
    }

    /// Fills an outline; nothing when it is empty.
    pub(super) fn fill(&mut self, data: &str, colour: Colour) {
        if !data.is_empty() {
            push(&mut self.0, format_args!(r#"<path fill="{colour}" d="{data}"/>"#));
        }
    }

    /// Draws along a line with round ends; nothing when it is empty.
    pub(super) fn stroke(&mut self, data: &str, colour: Colour, width: i32) {
        if !data.is_empty() {
            push(
                &mut self.0,
                format_args!(
                    r#"<path fill="none" stroke="{colour}" stroke-width="{width}" stroke-linecap="round" d="{data}"/>"#
                ),
            );
        }
    }

    pub(super) fn circle(&mut self, (x, y): Point, radius: i32, colour: Colour) {
        push(&mut self.0, format_args!(r#"<circle cx="{x}" cy="{y}" r="{radius}" fill="{colour}"/>"#));
    }

    pub(super) fn ellipse(&mut self, (x, y): Point, (across, down): Point, colour: Colour) {
        push(
            &mut self.0,
            format_args!(r#"<ellipse cx="{x}" cy="{y}" rx="{across}" ry="{down}" fill="{colour}"/>"#),
        );
    }

    /// A circle that is seen through: `percent` of the colour.
    pub(super) fn haze(&mut self, (x, y): Point, radius: i32, colour: Colour, percent: u8) {
        push(
            &mut self.0,
            format_args!(
                r#"<circle cx="{x}" cy="{y}" r="{radius}" fill="{colour}" fill-opacity=".{percent:02}"/>"#
            ),
        );
    }
}
