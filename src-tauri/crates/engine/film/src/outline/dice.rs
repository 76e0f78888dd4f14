//! Chance, decided by a sentence and a seed.

/// SplitMix64 (Steele, Lea, Flood 2014).
pub(super) struct Dice(u64);

impl Dice {
    pub(super) fn new(sentence: &str, seed: u64) -> Dice {
        let mut hasher = blake3::Hasher::new();
        hasher
            .update(sentence.as_bytes())
            .update(&seed.to_le_bytes());
        let digest = hasher.finalize();
        let state = digest.as_bytes()[..8]
            .iter()
            .fold(0, |sum, byte| sum << 8 | u64::from(*byte));
        Dice(state)
    }

    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// 0 to `n` - 1; 0 where `n` is 0.
    pub(super) fn below(&mut self, n: usize) -> usize {
        (self.next() % (n.max(1) as u64)) as usize
    }

    /// One of `from`, or the default of an empty list.
    pub(super) fn choose<T: Copy + Default>(&mut self, from: &[T]) -> T {
        let at = self.below(from.len());
        from.get(at).copied().unwrap_or_default()
    }
}
