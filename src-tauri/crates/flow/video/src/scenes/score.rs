//! How much a picture differs from the one before: PySceneDetect's "content value".
//!
//! The mean of the absolute differences of hue, saturation and value, per pixel, of pictures brought to
//! 256 pixels on their longer side. Hue counts 0 to 179 in steps of 2°, as OpenCV keeps it in 8 bits, and
//! its difference does not wrap around red: also as there.

/// Pictures are scaled down to this many pixels on the longer side, never up.
const SIDE: u32 = 256;

pub(crate) struct Scorer {
    columns: Vec<Tap>,
    rows: Vec<Tap>,
    size: (u32, u32),
    before: Vec<[u8; 3]>,
    now: Vec<[u8; 3]>,
}

impl Scorer {
    /// For pictures of `size` pixels.
    pub(crate) fn new(size: (u32, u32)) -> Scorer {
        let mut scorer = Scorer {
            columns: Vec::new(),
            rows: Vec::new(),
            size: (0, 0),
            before: Vec::new(),
            now: Vec::new(),
        };
        scorer.fit(size);
        scorer
    }

    /// The change from the picture before to this one, RGBA8; 0 for the first.
    pub(crate) fn score(&mut self, rgba: &[u8], width: u32, height: u32) -> f64 {
        if (width, height) != self.size {
            self.fit((width, height));
        }
        std::mem::swap(&mut self.before, &mut self.now);
        self.now.clear();
        let stride = width as usize * 4;
        for row in &self.rows {
            for column in &self.columns {
                self.now.push(hsv(sample(rgba, stride, row, column)));
            }
        }
        if self.before.len() != self.now.len() || self.now.is_empty() {
            return 0.0;
        }
        let sum: u64 = self
            .before
            .iter()
            .zip(&self.now)
            .map(|(a, b)| distance(a, b))
            .sum();
        sum as f64 / self.now.len() as f64 / 3.0
    }

    fn fit(&mut self, (width, height): (u32, u32)) {
        let factor = (f64::from(width.max(height)) / f64::from(SIDE)).max(1.0);
        self.columns = taps(width, factor);
        self.rows = taps(height, factor);
        self.size = (width, height);
    }
}

/// Where a sample lies between two neighbours.
struct Tap {
    at: usize,
    next: usize,
    /// Share of `next`, 0 to 1.
    share: f32,
}

/// Samples in the middle of each of the scaled pixels, between two neighbours, without smoothing: what
/// OpenCV calls linear.
fn taps(length: u32, factor: f64) -> Vec<Tap> {
    // Halves to the even number, as Python rounds.
    let count = (f64::from(length) / factor).round_ties_even().max(1.0);
    let step = f64::from(length) / count;
    let last = length.saturating_sub(1) as usize;
    (0..count as usize)
        .map(|n| {
            let place = ((n as f64 + 0.5) * step - 0.5).max(0.0);
            let at = (place.floor() as usize).min(last);
            Tap {
                at,
                next: (at + 1).min(last),
                share: (place - place.floor()) as f32,
            }
        })
        .collect()
}

fn sample(rgba: &[u8], stride: usize, row: &Tap, column: &Tap) -> [u8; 3] {
    let pixel = |y: usize, x: usize, channel: usize| {
        let at = y * stride + x * 4 + channel;
        rgba.get(at).map_or(0.0, |value| f32::from(*value))
    };
    std::array::from_fn(|channel| {
        let line = |y: usize| {
            let (left, right) = (pixel(y, column.at, channel), pixel(y, column.next, channel));
            left + (right - left) * column.share
        };
        let (above, below) = (line(row.at), line(row.next));
        (above + (below - above) * row.share).round() as u8
    })
}

/// Hue in steps of 2°, saturation and value in 8 bits (OpenCV, "Color conversions", RGB ↔ HSV).
fn hsv([r, g, b]: [u8; 3]) -> [u8; 3] {
    let value = r.max(g).max(b);
    let spread = value - r.min(g).min(b);
    if spread == 0 {
        return [0, 0, value];
    }
    let [r, g, b] = [r, g, b].map(f32::from);
    let (top, range) = (f32::from(value), f32::from(spread));
    // Sixths of the circle, from red.
    let sixths = if top == r {
        (g - b) / range
    } else if top == g {
        2.0 + (b - r) / range
    } else {
        4.0 + (r - g) / range
    };
    let hue = (sixths * 30.0 + 0.5).floor();
    let hue = if hue < 0.0 { hue + 180.0 } else { hue };
    [hue as u8, (255.0 * range / top).round() as u8, value]
}

fn distance(a: &[u8; 3], b: &[u8; 3]) -> u64 {
    a.iter()
        .zip(b)
        .map(|(a, b)| u64::from(a.abs_diff(*b)))
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_where_opencv_puts_them() {
        let check = |rgb, expected| assert_eq!(hsv(rgb), expected, "{rgb:?}");
        check([0, 0, 0], [0, 0, 0]);
        check([255, 255, 255], [0, 0, 255]);
        check([255, 0, 0], [0, 255, 255]);
        check([0, 255, 0], [60, 255, 255]);
        check([0, 0, 255], [120, 255, 255]);
        check([255, 0, 255], [150, 255, 255]);
        check([200, 100, 50], [10, 191, 200]);
        check([128, 64, 70], [177, 128, 128]);
    }

    #[test]
    fn a_score_is_the_mean_of_three_differences() {
        let flat = |rgb: [u8; 3]| -> Vec<u8> {
            let pixel = [rgb[0], rgb[1], rgb[2], 255];
            std::iter::repeat_n(pixel, 64 * 32).flatten().collect()
        };
        let mut scorer = Scorer::new((64, 32));
        assert_eq!(scorer.score(&flat([255, 0, 0]), 64, 32), 0.0);
        assert_eq!(scorer.score(&flat([255, 0, 0]), 64, 32), 0.0);
        // Hue 0 → 60, nothing else.
        assert_eq!(scorer.score(&flat([0, 255, 0]), 64, 32), 20.0);
        // Hue 60 → 0, saturation 255 → 0.
        assert_eq!(scorer.score(&flat([255, 255, 255]), 64, 32), 105.0);
    }

    #[test]
    fn large_pictures_are_scaled_to_256_pixels() {
        let check = |size, expected| {
            let scorer = Scorer::new(size);
            assert_eq!((scorer.columns.len(), scorer.rows.len()), expected);
        };
        check((1920, 1080), (256, 144));
        check((1080, 1920), (144, 256));
        check((200, 100), (200, 100));
    }
}
