//! Deterministic noise: hashed lattice values, smoothly interpolated and summed over octaves.

/// A well mixed 32-bit hash of a lattice point (the finaliser of MurmurHash3).
pub(crate) fn hash(x: i32, y: i32, seed: u32) -> u32 {
    let mut h = (x as u32).wrapping_mul(0x9E37_79B1) ^ (y as u32).wrapping_mul(0x85EB_CA77) ^ seed;
    h ^= h >> 16;
    h = h.wrapping_mul(0x85EB_CA6B);
    h ^= h >> 13;
    h = h.wrapping_mul(0xC2B2_AE35);
    h ^ (h >> 16)
}

/// 0 to 1.
pub(crate) fn unit(x: i32, y: i32, seed: u32) -> f32 {
    hash(x, y, seed) as f32 / u32::MAX as f32
}

/// Value noise, 0 to 1.
pub(crate) fn value(x: f32, y: f32, seed: u32) -> f32 {
    let (xf, yf) = (x.floor(), y.floor());
    let (xi, yi) = (xf as i32, yf as i32);
    let ease = |t: f32| t * t * t * (t * (t * 6.0 - 15.0) + 10.0);
    let (u, v) = (ease(x - xf), ease(y - yf));
    let top = mix(unit(xi, yi, seed), unit(xi + 1, yi, seed), u);
    let bottom = mix(unit(xi, yi + 1, seed), unit(xi + 1, yi + 1, seed), u);
    mix(top, bottom, v)
}

/// Fractal sum of value noise, 0 to 1.
pub(crate) fn fbm(x: f32, y: f32, octaves: u32, seed: u32) -> f32 {
    let (mut sum, mut amplitude, mut total, mut scale) = (0.0, 0.5, 0.0, 1.0);
    for octave in 0..octaves {
        sum += amplitude * value(x * scale, y * scale, seed.wrapping_add(octave * 101));
        total += amplitude;
        amplitude *= 0.5;
        scale *= 2.03;
    }
    sum / total
}

/// Sharp crests, 0 to 1: mountains.
pub(crate) fn ridged(x: f32, octaves: u32, seed: u32) -> f32 {
    let (mut sum, mut amplitude, mut total, mut scale) = (0.0, 0.5, 0.0, 1.0);
    for octave in 0..octaves {
        let n = value(x * scale, 7.3, seed.wrapping_add(octave * 131));
        sum += amplitude * (1.0 - (2.0 * n - 1.0).abs());
        total += amplitude;
        amplitude *= 0.48;
        scale *= 2.1;
    }
    sum / total
}

pub(crate) fn mix(a: f32, b: f32, t: f32) -> f32 {
    a + (b - a) * t
}

/// 0 below `low`, 1 above `high`, smooth between.
pub(crate) fn smoothstep(low: f32, high: f32, x: f32) -> f32 {
    let t = ((x - low) / (high - low)).clamp(0.0, 1.0);
    t * t * (3.0 - 2.0 * t)
}
