//! From a prompt to layers.

use rayon::prelude::*;

use crate::colour::{Palette, Rgb};
use crate::layer::{Geometry, Sheet};
use crate::noise::unit;
use crate::scene::{self, Framing, Scene};
use crate::{places, sky, weather};

/// Largest side of a picture in pixels.
const LARGEST: u32 = 8192;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PaintOptions {
    /// Pixels.
    pub width: u32,
    /// Pixels.
    pub height: u32,
    /// Chooses among the pictures that the prompt may give.
    pub seed: u64,
}

/// A picture as layers, far to near.
#[derive(Clone, Debug, PartialEq)]
pub struct Painting {
    /// Size of the frame in pixels; layers are larger by `margin` on every side.
    pub width: u32,
    pub height: u32,
    pub margin: u32,
    pub layers: Vec<Layer>,
}

/// One sheet of premultiplied RGBA8 pixels.
#[derive(Clone, Debug, PartialEq)]
pub struct Layer {
    pub pixels: Vec<u8>,
    /// 0 far to 1 near: how much it moves with the camera.
    pub depth: f32,
    /// Rows that hold any paint.
    pub rows: std::ops::Range<u32>,
}

/// Why a picture cannot be painted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PaintError {
    /// No pixels, more than 8192 on a side, or so long and thin that its margin would be most of it.
    Size { width: u32, height: u32 },
}

impl std::fmt::Display for PaintError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let PaintError::Size { width, height } = self;
        write!(
            f,
            "a picture of {width} × {height} pixels cannot be painted; each side takes 1 to {LARGEST}, at most 8 times the other"
        )
    }
}

impl std::error::Error for PaintError {}

/// Paints `prompt`. Equal arguments give equal pixels.
pub fn paint(prompt: &str, options: &PaintOptions) -> Result<Painting, PaintError> {
    let (width, height) = (options.width, options.height);
    let wrong = PaintError::Size { width, height };
    let (long, short) = (width.max(height), width.min(height));
    if short == 0 || long > LARGEST || long > short * 8 {
        return Err(wrong);
    }
    let scene = scene::read(prompt, options.seed);
    let palette = Palette::of(scene.time, scene.weather);
    let geometry = Geometry::new(width, height);
    let planes = compose(geometry, &scene, &palette).ok_or(wrong)?;
    let layers = flatten_far(planes, &scene, geometry);
    Ok(Painting {
        width,
        height,
        margin: geometry.margin,
        layers,
    })
}

impl Painting {
    /// The picture in its frame: opaque RGBA8, row by row.
    pub fn flatten(&self) -> Vec<u8> {
        let stride = (self.width + 2 * self.margin) as usize;
        let mut out = vec![0; (self.width * self.height) as usize * 4];
        let rows = out.par_chunks_mut(self.width as usize * 4).enumerate();
        rows.for_each(|(y, row)| {
            let start = ((y + self.margin as usize) * stride + self.margin as usize) * 4;
            for layer in &self.layers {
                over(row, &layer.pixels[start..start + row.len()]);
            }
            row.iter_mut()
                .skip(3)
                .step_by(4)
                .for_each(|alpha| *alpha = 255);
        });
        out
    }
}

fn compose(geometry: Geometry, scene: &Scene, palette: &Palette) -> Option<Vec<(Sheet, f32)>> {
    let mut sheet = Sheet::new(geometry)?;
    sky::paint(&mut sheet, scene, palette);
    let mut planes = vec![(sheet, 0.0)];
    planes.extend(places::planes(geometry, scene, palette)?);
    if weather::is_visible(scene) {
        let mut sheet = Sheet::new(geometry)?;
        weather::paint(&mut sheet, scene, palette);
        planes.push((sheet, 0.85));
    }
    let mut air = Sheet::new(geometry)?;
    vignette(&mut air, scene);
    planes.push((air, 0.0));
    Some(planes)
}

/// Darker corners, in front of everything.
fn vignette(sheet: &mut Sheet, scene: &Scene) {
    let aspect = sheet.geometry.aspect();
    let strength = if scene.framing == Framing::Close {
        0.62
    } else {
        0.42
    };
    sheet.shade(|x, y| {
        let (dx, dy) = (x / aspect - 0.5, y - 0.5);
        let corner = ((dx * dx + dy * dy) * 1.9 - 0.25).clamp(0.0, 1.0);
        (Rgb(0.01, 0.01, 0.03), strength * corner)
    });
}

/// Layers of nearly equal depth become one: fewer to move in each frame. A close-up's background is
/// out of focus.
fn flatten_far(planes: Vec<(Sheet, f32)>, scene: &Scene, geometry: Geometry) -> Vec<Layer> {
    const SAME_DEPTH: f32 = 0.07;
    let close = scene.framing == Framing::Close && scene.figure.is_some();
    let (width, height) = geometry.sheet();
    let mut layers: Vec<Layer> = Vec::new();
    for (sheet, depth) in planes {
        let pixels = sheet.pixels.take();
        match layers.last_mut() {
            Some(last)
                if (last.depth - depth).abs() < SAME_DEPTH && !(close && is_portrait(depth)) =>
            {
                let rows = last.pixels.par_chunks_mut(width as usize * 4);
                rows.zip(pixels.par_chunks(width as usize * 4))
                    .for_each(|(to, from)| over(to, from));
            }
            _ => layers.push(Layer {
                pixels,
                depth,
                rows: 0..height,
            }),
        }
    }
    if close {
        let people = layers
            .iter()
            .position(|layer| is_portrait(layer.depth))
            .unwrap_or(layers.len());
        for layer in &mut layers[..people] {
            blur(
                &mut layer.pixels,
                width,
                height,
                (geometry.height / 60).max(1),
            );
        }
    }
    for layer in &mut layers {
        brush(&mut layer.pixels, width, geometry.height, scene.seed);
        layer.rows = painted_rows(&layer.pixels, width);
    }
    layers
}

/// Whether a plane of a close-up is the sitter, who stays sharp.
fn is_portrait(depth: f32) -> bool {
    depth == places::PORTRAIT_DEPTH
}

/// The canvas: a fine, fixed texture in the paint itself.
fn brush(pixels: &mut [u8], width: u32, frame_height: u32, seed: u32) {
    // Of the frame's height, so that it does not depend on the resolution.
    let cell = (frame_height as f32 / 360.0).max(1.0);
    pixels
        .par_chunks_mut(width as usize * 4)
        .enumerate()
        .for_each(|(y, row)| {
            for (x, pixel) in row.chunks_exact_mut(4).enumerate() {
                if pixel[3] == 0 {
                    continue;
                }
                let n = unit(
                    (x as f32 / cell) as i32,
                    (y as f32 / cell) as i32,
                    seed ^ 0xCA,
                );
                let gain = 1.0 + (n - 0.5) * 0.045;
                for value in &mut pixel[..3] {
                    *value = (f32::from(*value) * gain + 0.5) as u8;
                }
                let alpha = pixel[3];
                pixel[..3]
                    .iter_mut()
                    .for_each(|value| *value = (*value).min(alpha));
            }
        });
}

/// A box blur along both axes, twice: nearly Gaussian.
fn blur(pixels: &mut Vec<u8>, width: u32, height: u32, radius: u32) {
    for _ in 0..2 {
        *pixels = transposed_blur(pixels, width as usize, height as usize, radius as usize);
        *pixels = transposed_blur(pixels, height as usize, width as usize, radius as usize);
    }
}

/// Blurs the rows and swaps rows with columns, so that twice does both axes.
fn transposed_blur(pixels: &[u8], width: usize, height: usize, radius: usize) -> Vec<u8> {
    let rows: Vec<Vec<u8>> = pixels
        .par_chunks(width * 4)
        .map(|row| {
            let mut out = vec![0; width * 4];
            let window = (2 * radius + 1) as u32;
            for channel in 0..4 {
                let at = |x: isize| {
                    u32::from(row[x.clamp(0, width as isize - 1) as usize * 4 + channel])
                };
                let r = radius as isize;
                let mut sum: u32 = (-r..=r).map(at).sum();
                for x in 0..width as isize {
                    out[x as usize * 4 + channel] = (sum / window) as u8;
                    sum = sum + at(x + r + 1) - at(x - r);
                }
            }
            out
        })
        .collect();
    let mut out = vec![0; pixels.len()];
    out.par_chunks_mut(height * 4)
        .enumerate()
        .for_each(|(x, column)| {
            for (y, pixel) in column.chunks_exact_mut(4).enumerate() {
                pixel.copy_from_slice(&rows[y][x * 4..x * 4 + 4]);
            }
        });
    out
}

fn painted_rows(pixels: &[u8], width: u32) -> std::ops::Range<u32> {
    let painted = |row: &[u8]| row.iter().skip(3).step_by(4).any(|alpha| *alpha > 0);
    let rows: Vec<&[u8]> = pixels.chunks_exact(width as usize * 4).collect();
    let first = rows.iter().position(|row| painted(row)).unwrap_or(0);
    let last = rows
        .iter()
        .rposition(|row| painted(row))
        .map_or(first, |row| row + 1);
    first as u32..last as u32
}

/// Porter–Duff "over" of premultiplied pixels.
pub(crate) fn over(below: &mut [u8], above: &[u8]) {
    for (to, from) in below.chunks_exact_mut(4).zip(above.chunks_exact(4)) {
        let keep = 255 - u32::from(from[3]);
        for (to, from) in to.iter_mut().zip(from) {
            // x · k / 255, rounded, for x, k ≤ 255.
            let product = u32::from(*to) * keep + 128;
            *to = (u32::from(*from) + ((product + (product >> 8)) >> 8)).min(255) as u8;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn picture(prompt: &str, width: u32, height: u32) -> Painting {
        paint(
            prompt,
            &PaintOptions {
                width,
                height,
                seed: 3,
            },
        )
        .unwrap()
    }

    #[test]
    fn equal_prompts_give_equal_pixels_and_others_do_not() {
        let first = picture("a lighthouse at dusk", 160, 90);
        assert!(first == picture("a lighthouse at dusk", 160, 90));
        assert!(first.flatten() != picture("a lighthouse at dawn", 160, 90).flatten());
        assert!(
            first
                .flatten()
                .iter()
                .skip(3)
                .step_by(4)
                .all(|alpha| *alpha == 255)
        );
    }

    #[test]
    fn every_word_of_the_vocabulary_can_be_painted() {
        let places = [
            "sea",
            "mountains",
            "forest",
            "city street",
            "meadow",
            "desert",
            "snow",
            "space",
            "interior library",
            "corridor",
            "cave with fire",
            "river",
            "",
            "🎬",
            "qwertz",
        ];
        let figures = [
            "woman",
            "man",
            "girl",
            "robot",
            "astronaut",
            "dog",
            "fox",
            "cat",
            "bear",
            "horse",
            "owl",
            "whale",
            "dragon",
        ];
        let light = [
            "dawn",
            "noon, fog",
            "night, storm",
            "golden hour, snowing",
            "dusk, rain",
        ];
        let things = [
            "lighthouse beam, boat",
            "castle, village, house",
            "bridge, train",
            "two moons, planet",
            "lantern, clock",
        ];
        for (n, place) in places.iter().enumerate() {
            for framing in ["wide view", "medium", "close-up"] {
                let prompt = format!(
                    "{framing} of {} in {place}, {}, {}",
                    figures[n % figures.len()],
                    light[n % light.len()],
                    things[n % things.len()],
                );
                assert_eq!(
                    picture(&prompt, 64, 36).flatten().len(),
                    64 * 36 * 4,
                    "{prompt}"
                );
            }
        }
    }

    /// Mean difference in brightness between pixels `apart` rows from each other, over the picture.
    fn contrast(picture: &[u8], width: usize, rows: std::ops::Range<usize>, apart: usize) -> f64 {
        let luma = |x: usize, y: usize| {
            let at = (y * width + x) * 4;
            picture[at..at + 3]
                .iter()
                .map(|v| f64::from(*v))
                .sum::<f64>()
                / 3.0
        };
        let count = (rows.len() * width) as f64;
        let differences = rows.flat_map(|y| (0..width).map(move |x| (x, y)));
        differences
            .map(|(x, y)| (luma(x, y + apart) - luma(x, y)).abs())
            .sum::<f64>()
            / count
    }

    #[test]
    fn mountains_are_seen_through_mist() {
        let misty = picture(
            "wide view of mountains at dawn, mist in the valley",
            320,
            180,
        );
        let open = picture("wide view of a meadow at dawn, mist", 320, 180);
        let around_the_ridges = 70..105;
        let ridges = contrast(&misty.flatten(), 320, around_the_ridges.clone(), 3);
        let none = contrast(&open.flatten(), 320, around_the_ridges, 3);
        assert!(ridges > 1.5 * none, "{ridges} is hardly more than {none}");
    }

    #[test]
    fn the_sitter_of_a_close_up_is_sharp_before_a_soft_background() {
        for place in [
            "in the forest, morning",
            "in a library",
            "by the sea, storm, night",
        ] {
            let portrait = picture(&format!("close-up of a woman {place}"), 320, 180).flatten();
            // The face is in the middle; beside it lies what is out of focus.
            let strip = |columns: std::ops::Range<usize>| {
                let rows = portrait
                    .chunks_exact(320 * 4)
                    .map(|row| &row[columns.start * 4..columns.end * 4]);
                rows.flatten().copied().collect::<Vec<u8>>()
            };
            let face = contrast(&strip(110..210), 100, 60..110, 1);
            let edge = contrast(&strip(0..60), 60, 60..110, 1);
            assert!(face > 1.5 * edge, "{place}: {face} against {edge}");
        }
    }

    #[test]
    fn odd_sizes_are_painted_or_refused() {
        for (width, height) in [(1, 1), (17, 9), (9, 17), (90, 16)] {
            assert_eq!(
                picture("sea", width, height).flatten().len(),
                (width * height * 4) as usize
            );
        }
        for (width, height) in [(0, 9), (9, 0), (10_000, 9_000), (4096, 16)] {
            let refused = paint(
                "sea",
                &PaintOptions {
                    width,
                    height,
                    seed: 0,
                },
            );
            assert_eq!(refused.err(), Some(PaintError::Size { width, height }));
        }
    }

    #[test]
    fn a_small_picture_is_the_large_one_made_small() {
        let (large, small) = (
            picture("mountains at dawn", 640, 360).flatten(),
            picture("mountains at dawn", 320, 180).flatten(),
        );
        let mut difference = 0u64;
        for y in 0..180 {
            for x in 0..320 {
                for c in 0..3 {
                    let at = |dx: usize, dy: usize| {
                        u32::from(large[((2 * y + dy) * 640 + 2 * x + dx) * 4 + c])
                    };
                    let mean = (at(0, 0) + at(1, 0) + at(0, 1) + at(1, 1)) / 4;
                    difference += u64::from(mean.abs_diff(u32::from(small[(y * 320 + x) * 4 + c])));
                }
            }
        }
        let mean = difference as f64 / (320.0 * 180.0 * 3.0);
        assert!(mean < 6.0, "{mean} levels apart");
    }
}
