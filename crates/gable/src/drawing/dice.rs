//! Numbers that look like chance and are the same for the same seed (SplitMix64, Steele et al. 2014).

/// A stream of numbers.
pub(super) struct Dice(u64);

impl Dice {
    /// The stream for a kind and a seed.
    pub(super) fn new(kind: &str, seed: i64) -> Self {
        let mix = |state: u64, byte: u8| (state ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        Self(
            kind.bytes().fold(0xcbf2_9ce4_8422_2325, mix)
                ^ seed.cast_unsigned().wrapping_mul(0xd134_2543_de82_ef95),
        )
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number from `low` to `high`, both included.
    pub(super) fn between(&mut self, low: i32, high: i32) -> i32 {
        let span = u64::from(high.abs_diff(low)) + 1;
        low.saturating_add_unsigned(u32::try_from(self.next() % span).unwrap_or(0))
    }

    /// True in `percent` of a hundred throws.
    pub(super) fn chance(&mut self, percent: i32) -> bool {
        self.between(0, 99) < percent
    }

    /// One of `choices`.
    pub(super) fn pick<T: Copy, const N: usize>(&mut self, choices: [T; N]) -> T {
        const { assert!(N > 0) };
        choices[usize::try_from(self.next() % N as u64).unwrap_or(0)]
    }
}
