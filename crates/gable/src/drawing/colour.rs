//! Colours and their mixtures, and the paints that buildings are made of.

use std::fmt;

/// Red, green, blue.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Colour(u8, u8, u8);

pub(super) const WHITE: Colour = rgb(0xfbf8f1);
pub(super) const GLOW: Colour = rgb(0xffd978);
pub(super) const GLASS: Colour = rgb(0x7fa3b5);
pub(super) const TRUNK: Colour = rgb(0x6b4b38);
pub(super) const STONE: Colour = rgb(0xb9b4aa);
pub(super) const DARK: Colour = rgb(0x2c3640);

/// Paints for walls.
pub(super) const WALLS: [Colour; 10] = [
    rgb(0xf4ede0),
    rgb(0xead7b5),
    rgb(0xd9e2dc),
    rgb(0xf0c6a4),
    rgb(0xc7573f),
    rgb(0xe7eaec),
    rgb(0xa9c1d1),
    rgb(0xe7b155),
    rgb(0xdb8f7e),
    rgb(0x8dab9c),
];

/// Materials for roofs.
pub(super) const ROOFS: [Colour; 7] =
    [rgb(0x8c3b2e), rgb(0x4a5560), rgb(0x6b4a3a), rgb(0x2f4858), rgb(0xb5623f), rgb(0x55685a), rgb(0x3a3a46)];

/// Paints for doors and shutters.
pub(super) const DOORS: [Colour; 6] =
    [rgb(0x1f6f6b), rgb(0xb8402f), rgb(0x2b4570), rgb(0xd9952b), rgb(0x5b3a29), rgb(0x3c6e47)];

/// The colour of a hexadecimal number such as `0x2f4858`.
pub(super) const fn rgb(hex: u32) -> Colour {
    let [_, red, green, blue] = hex.to_be_bytes();
    Colour(red, green, blue)
}

impl Colour {
    /// This colour with `percent` of another in it.
    pub(super) fn mix(self, other: Self, percent: u8) -> Self {
        let (part, whole) = (u32::from(percent.min(100)), 100);
        let blend = |one: u8, two: u8| {
            let sum = u32::from(one) * (whole - part) + u32::from(two) * part;
            u8::try_from(sum / whole).unwrap_or(u8::MAX)
        };
        Self(blend(self.0, other.0), blend(self.1, other.1), blend(self.2, other.2))
    }

    /// The same in shadow.
    pub(super) fn darker(self) -> Self {
        self.mix(rgb(0x10182a), 22)
    }

    /// The same in light.
    pub(super) fn lighter(self) -> Self {
        self.mix(WHITE, 30)
    }
}

impl fmt::Display for Colour {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "#{:02x}{:02x}{:02x}", self.0, self.1, self.2)
    }
}
