//! Mutations of an input, the same each time for a seed: what the tests run where no engine looks at coverage.

/// A small generator (SplitMix64).
#[derive(Debug, Clone)]
pub struct Mutator(u64);

impl Mutator {
    /// Numbers that follow from this seed.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, end: usize) -> usize {
        let end = u64::try_from(end).unwrap_or(u64::MAX).max(1);
        usize::try_from(self.next() % end).unwrap_or(0)
    }

    /// Changes an input a few times: bits, bytes, numbers at the limits, cuts, repetitions, pieces of another input.
    pub fn mutate(&mut self, input: &mut Vec<u8>, other: &[u8]) {
        for _ in 0..=self.below(4) {
            let at = self.below(input.len().max(1));
            match self.below(7) {
                0 => self.change(input, at, |byte, bits| byte ^ (1 << (bits % 8))),
                1 => self.change(input, at, |_, bits| bits),
                2 => self.write_number(input, at),
                3 => input.truncate(at),
                4 => input.insert(at.min(input.len()), self.below(256).try_into().unwrap_or(0)),
                5 => self.repeat(input, at),
                _ => self.splice(input, at, other),
            }
        }
    }

    fn change(&mut self, input: &mut [u8], at: usize, change: impl Fn(u8, u8) -> u8) {
        let bits = u8::try_from(self.below(256)).unwrap_or(0);
        if let Some(byte) = input.get_mut(at) {
            *byte = change(*byte, bits);
        }
    }

    /// Offsets and lengths are four bytes, numbers eight.
    fn write_number(&mut self, input: &mut [u8], at: usize) {
        let len = u64::try_from(input.len()).unwrap_or(u64::MAX);
        let candidates = [0, 1, len, len.wrapping_sub(1), u64::from(u32::MAX), u64::MAX, 13, 14, 56];
        let number = candidates.get(self.below(candidates.len())).copied().unwrap_or(0).to_le_bytes();
        let width = if self.below(2) == 0 { 4 } else { 8 };
        let aligned = at / 4 * 4;
        input.iter_mut().skip(aligned).zip(number).take(width).for_each(|(byte, new)| *byte = new);
    }

    fn repeat(&mut self, input: &mut Vec<u8>, at: usize) {
        let len = self.below(160);
        let piece: Vec<u8> = input.iter().skip(at).take(len).copied().collect();
        input.splice(at.min(input.len())..at.min(input.len()), piece);
    }

    fn splice(&mut self, input: &mut Vec<u8>, at: usize, other: &[u8]) {
        let (from, len) = (self.below(other.len()), self.below(200));
        let piece: Vec<u8> = other.iter().skip(from).take(len).copied().collect();
        let end = at.saturating_add(piece.len()).min(input.len());
        input.splice(at.min(input.len())..end, piece);
    }
}
