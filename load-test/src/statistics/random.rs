//! Random numbers that stay the same: on every machine, and with every version of other crates.
//!
//! A comparison that is repeated has to give the same answer, years later too. Nothing here
//! is secret, so a small generator is enough: SplitMix64 (Steele, Lea and Flood, "Fast
//! Splittable Pseudorandom Number Generators", 2014).

/// A stream of random numbers.
#[derive(Debug, Clone)]
pub(super) struct Random {
    state: u64,
}

const GOLDEN_GAMMA: u64 = 0x9e37_79b9_7f4a_7c15;

impl Random {
    pub(super) fn new(seed: u64) -> Self {
        Self { state: seed }
    }

    /// One of several streams of a seed that have nothing to do with each other.
    pub(super) fn stream(seed: u64, stream: u64) -> Self {
        let mut seeds = Self::new(seed ^ stream.wrapping_mul(0xd134_2543_de82_ef95));
        Self::new(seeds.bits())
    }

    /// 64 random bits.
    pub(super) fn bits(&mut self) -> u64 {
        self.state = self.state.wrapping_add(GOLDEN_GAMMA);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// An index below `count`, which isn't 0. Its bias is below `count` in 2^64.
    pub(super) fn index(&mut self, count: usize) -> usize {
        ((u128::from(self.bits()) * count as u128) >> 64) as usize
    }

    /// From 0 to below 1.
    pub(super) fn uniform(&mut self) -> f64 {
        (self.bits() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Standard normal (Marsaglia's polar method).
    pub(super) fn normal(&mut self) -> f64 {
        loop {
            let (x, y) = (2.0 * self.uniform() - 1.0, 2.0 * self.uniform() - 1.0);
            let square = x * x + y * y;
            if square > 0.0 && square < 1.0 {
                return x * (-2.0 * square.ln() / square).sqrt();
            }
        }
    }

    /// Gamma with scale 1, for a `shape` of at least 1 (Marsaglia and Tsang, "A Simple Method
    /// for Generating Gamma Variables", 2000).
    fn gamma(&mut self, shape: f64) -> f64 {
        debug_assert!(shape >= 1.0, "{shape}");
        let d = shape - 1.0 / 3.0;
        let c = 1.0 / (9.0 * d).sqrt();
        loop {
            let normal = self.normal();
            let root = 1.0 + c * normal;
            if root <= 0.0 {
                continue;
            }
            let cube = root * root * root;
            // 1 - uniform is never 0, whose logarithm would be infinite.
            let uniform = 1.0 - self.uniform();
            if uniform.ln() < 0.5 * normal * normal + d - d * cube + d * cube.ln() {
                return d * cube;
            }
        }
    }

    /// Beta, for parameters of at least 1.
    pub(super) fn beta(&mut self, a: f64, b: f64) -> f64 {
        let (a, b) = (self.gamma(a), self.gamma(b));
        a / (a + b)
    }
}

#[cfg(test)]
mod tests {
    use super::super::percentile;
    use super::*;

    fn drawn(mut draw: impl FnMut(&mut Random) -> f64) -> Vec<f64> {
        let mut random = Random::new(1);
        (0..20_000).map(|_| draw(&mut random)).collect()
    }

    #[test]
    fn the_bits_are_those_of_the_published_generator() {
        let mut random = Random::new(1_234_567);
        let bits = [(); 3].map(|()| random.bits());
        assert_eq!(
            bits,
            [
                6_457_827_717_110_365_317,
                3_203_168_211_198_807_973,
                9_817_491_932_198_370_423
            ]
        );
    }

    /// The median and the 95th percentile of scipy's `norm`, `gamma(2.5)`, `beta(96, 5)`.
    #[test]
    fn the_distributions_have_their_percentiles() {
        for (name, values, median, p95, tolerance) in [
            ("uniform", drawn(Random::uniform), 0.5, 0.95, 0.015),
            ("normal", drawn(Random::normal), 0.0, 1.6449, 0.05),
            ("gamma", drawn(|it| it.gamma(2.5)), 2.1757, 5.5353, 0.1),
            (
                "beta",
                drawn(|it| it.beta(96.0, 5.0)),
                0.9534,
                0.9800,
                0.002,
            ),
        ] {
            let found = [0.5, 0.95].map(|share| percentile::interpolated(&values, share).unwrap());
            assert!((found[0] - median).abs() < tolerance, "{name}: {found:?}");
            assert!((found[1] - p95).abs() < tolerance, "{name}: {found:?}");
        }
    }

    #[test]
    fn an_index_is_any_of_those_there_are() {
        let mut random = Random::new(1);
        let mut drawn = [0; 3];
        for _ in 0..3_000 {
            drawn[random.index(3)] += 1;
        }
        assert!(
            drawn.iter().all(|times| (900..1_100).contains(times)),
            "{drawn:?}"
        );
    }
}
