//! What every part of a drawing works with: the canvas, the dice, the light.

use super::canvas::{Area, Canvas, Point, outline};
use super::colour::Colour;
use super::dice::Dice;
use super::scene::{Hour, Season};

/// Where the ground begins that buildings stand on.
pub(super) const GROUND: i32 = 334;

/// A drawing in the making.
pub(super) struct Sketch {
    pub(super) canvas: Canvas,
    pub(super) dice: Dice,
    pub(super) hour: Hour,
    pub(super) season: Season,
    /// Bedrooms, between 0 and 9; thrown when they are not known.
    pub(super) rooms: i32,
}

impl Sketch {
    pub(super) fn new(kind: &str, seed: i64, bedrooms: Option<u32>) -> Self {
        let mut dice = Dice::new(kind, seed);
        let hour = Hour::pick(&mut dice);
        let season = Season::pick(&mut dice);
        let thrown = dice.between(1, 5);
        let rooms = bedrooms.map_or(thrown, |number| i32::try_from(number.min(9)).unwrap_or(9));
        Self { canvas: Canvas::new(), dice, hour, season, rooms }
    }

    /// Fills path data in the light of the hour.
    pub(super) fn paint(&mut self, data: &str, colour: Colour) {
        self.canvas.fill(data, self.hour.shade(colour));
    }

    /// Fills a polygon in the light of the hour.
    pub(super) fn shape(&mut self, points: &[Point], colour: Colour) {
        self.paint(&outline(points), colour);
    }

    /// Fills a rectangle in the light of the hour.
    pub(super) fn block(&mut self, area: Area, colour: Colour) {
        self.paint(&area.data(), colour);
    }

    /// Draws a line in the light of the hour.
    pub(super) fn line(&mut self, data: &str, colour: Colour, width: i32) {
        self.canvas.stroke(data, self.hour.shade(colour), width);
    }
}
