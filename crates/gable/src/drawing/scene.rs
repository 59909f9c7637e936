//! The hour and the season: what colours the sky, the ground and the leaves, and how many windows are lit.

use super::colour::{Colour, rgb};
use super::dice::Dice;

/// A time of day.
#[derive(Clone, Copy)]
pub(super) struct Hour {
    /// The sky overhead and at the horizon.
    pub(super) sky: (Colour, Colour),
    /// The sun or the moon; none behind clouds.
    pub(super) orb: Option<Colour>,
    /// True when it stands high.
    pub(super) high: bool,
    /// What the light adds to every colour, and how much of it.
    pub(super) air: (Colour, u8),
    /// Of a hundred windows, how many are lit.
    pub(super) lit: i32,
    pub(super) night: bool,
}

/// A time of year.
#[derive(Clone, Copy)]
pub(super) struct Season {
    pub(super) ground: Colour,
    /// Two kinds of leaves.
    pub(super) leaves: [Colour; 2],
    pub(super) flowers: Colour,
}

const DAY: Hour = Hour {
    sky: (rgb(0x6fb7dc), rgb(0xe3f2f0)),
    orb: Some(rgb(0xfff3c4)),
    high: true,
    air: (rgb(0xffffff), 0),
    lit: 6,
    night: false,
};
const MORNING: Hour = Hour {
    sky: (rgb(0x93c5d8), rgb(0xfde3cc)),
    orb: Some(rgb(0xfff0cd)),
    high: false,
    air: (rgb(0xffd9b8), 14),
    lit: 12,
    ..DAY
};
const DAWN: Hour = Hour {
    sky: (rgb(0x4f9ea3), rgb(0xf7ecc8)),
    orb: Some(rgb(0xfff8dc)),
    high: false,
    air: (rgb(0xe6d6a4), 14),
    lit: 20,
    ..DAY
};
const GOLDEN: Hour = Hour {
    sky: (rgb(0x7d93c4), rgb(0xfbcf95)),
    orb: Some(rgb(0xfff0b4)),
    high: false,
    air: (rgb(0xef9f56), 20),
    lit: 35,
    ..DAY
};
const DUSK: Hour = Hour {
    sky: (rgb(0x39407a), rgb(0xf0a088)),
    orb: Some(rgb(0xffd9ae)),
    high: false,
    air: (rgb(0x4b3f78), 38),
    lit: 65,
    ..DAY
};
const NIGHT: Hour = Hour {
    sky: (rgb(0x0d1836), rgb(0x3f5788)),
    orb: Some(rgb(0xf6f0d6)),
    high: true,
    air: (rgb(0x15234d), 56),
    lit: 60,
    night: true,
};
const OVERCAST: Hour = Hour {
    sky: (rgb(0x9fb4c0), rgb(0xe8ece7)),
    orb: None,
    high: true,
    air: (rgb(0x8b9ca6), 14),
    lit: 22,
    night: false,
};

const SUMMER: Season =
    Season { ground: rgb(0x86b360), leaves: [rgb(0x4b8a4e), rgb(0x73a857)], flowers: rgb(0xe4574c) };
const SPRING: Season =
    Season { ground: rgb(0x9bc573), leaves: [rgb(0xf0b3c4), rgb(0x7db36a)], flowers: rgb(0xf7d154) };
const AUTUMN: Season =
    Season { ground: rgb(0xb9ab62), leaves: [rgb(0xd9852f), rgb(0xb4552f)], flowers: rgb(0xe9b44c) };
const DRY: Season =
    Season { ground: rgb(0xd3bd7e), leaves: [rgb(0x83954b), rgb(0xa3ab5a)], flowers: rgb(0xd9723f) };

impl Hour {
    pub(super) fn pick(dice: &mut Dice) -> Self {
        dice.pick([DAY, DAY, MORNING, MORNING, DAWN, GOLDEN, GOLDEN, DUSK, NIGHT, OVERCAST])
    }

    /// A colour as it looks in this light.
    pub(super) fn shade(&self, colour: Colour) -> Colour {
        colour.mix(self.air.0, self.air.1)
    }

    /// A colour as it looks far away: `percent` of it is air.
    pub(super) fn far(&self, colour: Colour, percent: u8) -> Colour {
        self.shade(colour).mix(self.sky.1, percent)
    }
}

impl Season {
    pub(super) fn pick(dice: &mut Dice) -> Self {
        dice.pick([SUMMER, SUMMER, SPRING, AUTUMN, DRY])
    }
}
