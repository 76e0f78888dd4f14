//! The camera: each frame of a shot between two paintings.
//!
//! A shot begins with its start painting at rest and ends with its end painting at rest, so that the
//! next shot joins without a jump. Layers move by their depth (parallax); the paintings dissolve into
//! each other towards the end.

use std::str::FromStr;

use crate::noise::smoothstep;
use crate::painting::{Layer, Painting};

/// How the camera moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CameraMove {
    Hold,
    PushIn,
    PullOut,
    PanLeft,
    PanRight,
    TiltUp,
    TiltDown,
    Rise,
}

impl CameraMove {
    pub const ALL: [CameraMove; 8] = [
        CameraMove::Hold,
        CameraMove::PushIn,
        CameraMove::PullOut,
        CameraMove::PanLeft,
        CameraMove::PanRight,
        CameraMove::TiltUp,
        CameraMove::TiltDown,
        CameraMove::Rise,
    ];

    pub fn name(self) -> &'static str {
        match self {
            CameraMove::Hold => "hold",
            CameraMove::PushIn => "push_in",
            CameraMove::PullOut => "pull_out",
            CameraMove::PanLeft => "pan_left",
            CameraMove::PanRight => "pan_right",
            CameraMove::TiltUp => "tilt_up",
            CameraMove::TiltDown => "tilt_down",
            CameraMove::Rise => "rise",
        }
    }

    /// Zoom, and travel across and down in frame heights, after all of the move.
    fn reach(self) -> (f32, f32, f32) {
        match self {
            CameraMove::Hold => (0.012, 0.0, 0.0),
            CameraMove::PushIn => (0.10, 0.0, 0.004),
            CameraMove::PullOut => (-0.035, 0.0, 0.0),
            CameraMove::PanLeft => (0.03, -0.085, 0.0),
            CameraMove::PanRight => (0.03, 0.085, 0.0),
            CameraMove::TiltUp => (0.03, 0.0, -0.075),
            CameraMove::TiltDown => (0.03, 0.0, 0.075),
            CameraMove::Rise => (0.045, 0.02, -0.055),
        }
    }
}

impl FromStr for CameraMove {
    type Err = ();

    fn from_str(name: &str) -> Result<CameraMove, ()> {
        CameraMove::ALL
            .into_iter()
            .find(|known| known.name() == name)
            .ok_or(())
    }
}

/// Zoom at rest: a little inside the frame, so that the camera can also pull out.
const REST_ZOOM: f32 = 1.045;
/// Share of the shot in which the paintings dissolve.
const DISSOLVE: f32 = 0.34;

/// Renders the frames of one shot. Frames do not depend on each other.
pub struct ShotFrames<'a> {
    start: &'a Painting,
    end: &'a Painting,
    camera: CameraMove,
    frames: u32,
}

/// Where the camera stands.
#[derive(Clone, Copy, Debug)]
struct Pose {
    zoom: f32,
    across: f32,
    down: f32,
}

impl<'a> ShotFrames<'a> {
    /// `None` unless both paintings have the same size.
    pub fn new(
        start: &'a Painting,
        end: &'a Painting,
        camera: CameraMove,
        frames: u32,
    ) -> Option<ShotFrames<'a>> {
        let same = (start.width, start.height, start.margin) == (end.width, end.height, end.margin);
        same.then_some(ShotFrames {
            start,
            end,
            camera,
            frames,
        })
    }

    /// Bytes of one frame: RGBA8.
    pub fn frame_bytes(&self) -> usize {
        (self.start.width * self.start.height) as usize * 4
    }

    /// Frame `n` as opaque RGBA8 into `out`, which holds [`ShotFrames::frame_bytes`].
    pub fn frame(&self, n: u32, out: &mut [u8]) {
        let t = n as f32 / self.frames.max(1) as f32;
        let eased = t * t * (3.0 - 2.0 * t);
        let blend = smoothstep(1.0 - DISSOLVE, 1.0, t);
        draw(self.start, self.pose(eased), out);
        if blend > 0.0 {
            let mut arriving = vec![0; out.len()];
            draw(self.end, self.pose(eased - 1.0), &mut arriving);
            let weight = (blend * 256.0) as u32;
            for (to, from) in out.iter_mut().zip(&arriving) {
                *to = ((u32::from(*to) * (256 - weight) + u32::from(*from) * weight + 128) >> 8)
                    as u8;
            }
        }
        grain(out, self.start.width, n);
    }

    /// The pose after the share `t` of the move; negative before it.
    fn pose(&self, t: f32) -> Pose {
        let (zoom, across, down) = self.camera.reach();
        Pose {
            zoom: REST_ZOOM * (1.0 + zoom * t),
            across: across * t,
            down: down * t,
        }
    }
}

fn draw(painting: &Painting, pose: Pose, out: &mut [u8]) {
    out.chunks_exact_mut(4)
        .for_each(|pixel| pixel.copy_from_slice(&[0, 0, 0, 255]));
    for layer in &painting.layers {
        draw_layer(painting, layer, pose, out);
    }
}

/// Bits of the fraction between two pixels.
const FRACTION: u32 = 8;

fn draw_layer(painting: &Painting, layer: &Layer, pose: Pose, out: &mut [u8]) {
    let (width, height) = (painting.width as usize, painting.height as usize);
    let sheet_width = width + 2 * painting.margin as usize;
    let sheet_height = height + 2 * painting.margin as usize;
    // Near layers travel more, and grow more when the camera comes closer.
    let parallax = 0.35 + 0.65 * layer.depth;
    let zoom = REST_ZOOM + (pose.zoom - REST_ZOOM) * (0.6 + 0.6 * layer.depth);
    let step = 1.0 / zoom;
    let centre_x = sheet_width as f32 / 2.0 + pose.across * parallax * height as f32;
    let centre_y = sheet_height as f32 / 2.0 + pose.down * parallax * height as f32;
    let first = |centre: f32, size: usize, limit: usize| {
        let start = centre - size as f32 / 2.0 * step;
        start.clamp(0.0, (limit as f32 - 2.0 - size as f32 * step).max(0.0))
    };
    let left = first(centre_x, width, sheet_width);
    let top = first(centre_y, height, sheet_height);
    let fixed = |x: f32| (x * (1u32 << 16) as f32) as u64;
    let (left, step_fixed) = (fixed(left), fixed(step));
    let mut blended = vec![0u32; sheet_width + 1];
    for (y, row) in out.chunks_exact_mut(width * 4).enumerate() {
        let source_y = top + y as f32 * step;
        let sy = (source_y as usize).min(sheet_height.saturating_sub(1));
        if (sy as u32 + 1) < layer.rows.start || sy as u32 >= layer.rows.end {
            continue;
        }
        let fy = ((source_y - sy as f32) * (1 << FRACTION) as f32) as u32;
        let upper = &layer.pixels[sy * sheet_width * 4..][..sheet_width * 4];
        let lower_row = (sy + 1).min(sheet_height - 1);
        let lower = &layer.pixels[lower_row * sheet_width * 4..][..sheet_width * 4];
        let (from, to) = (
            (left >> 16) as usize,
            ((left + step_fixed * width as u64) >> 16) as usize + 2,
        );
        let (from, to) = (from.min(sheet_width), to.min(sheet_width));
        // Down first, once per source pixel; two channels at a time in one word.
        let words = upper[from * 4..to * 4]
            .chunks_exact(4)
            .zip(lower[from * 4..to * 4].chunks_exact(4));
        for (blend, (a, b)) in blended[from..to].iter_mut().zip(words) {
            *blend = lerp(word(a), word(b), fy);
        }
        blended[to] = blended[to.saturating_sub(1)];
        let mut at = left;
        for pixel in row.chunks_exact_mut(4) {
            let x = (at >> 16) as usize;
            let fx = (at as u32 >> (16 - FRACTION)) & ((1 << FRACTION) - 1);
            let x = x.min(sheet_width - 1);
            let colour = lerp(blended[x], blended[x + 1], fx);
            at += step_fixed;
            match colour >> 24 {
                0 => {}
                255 => pixel.copy_from_slice(&colour.to_le_bytes()),
                alpha => {
                    let keep = 255 - alpha;
                    let below = word(pixel);
                    let (even, odd) = (below & 0x00FF_00FF, (below >> 8) & 0x00FF_00FF);
                    let scaled = |part: u32| {
                        let product = part * keep + 0x0080_0080;
                        ((product + ((product >> 8) & 0x00FF_00FF)) >> 8) & 0x00FF_00FF
                    };
                    let kept = scaled(even) | (scaled(odd) << 8);
                    pixel.copy_from_slice(&colour.wrapping_add(kept).to_le_bytes());
                }
            }
        }
    }
}

fn word(pixel: &[u8]) -> u32 {
    u32::from_le_bytes([pixel[0], pixel[1], pixel[2], pixel[3]])
}

/// a + (b − a) · t / 256 in all four bytes.
#[inline(always)]
fn lerp(a: u32, b: u32, t: u32) -> u32 {
    let part = |a: u32, b: u32| ((a * (256 - t) + b * t) >> 8) & 0x00FF_00FF;
    part(a & 0x00FF_00FF, b & 0x00FF_00FF)
        | (part((a >> 8) & 0x00FF_00FF, (b >> 8) & 0x00FF_00FF) << 8)
}

/// A fine grain that changes in every frame: flat skies would band in eight bits.
fn grain(out: &mut [u8], width: u32, frame: u32) {
    let mut state = crate::noise::hash(frame as i32, width as i32, 0x62A1) | 1;
    for pixels in out.chunks_exact_mut(16) {
        // xorshift32 (Marsaglia 2003): one draw for four pixels.
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        for (n, pixel) in pixels.chunks_exact_mut(4).enumerate() {
            let step = ((state >> (n * 8)) & 3) as i16 - 1;
            for value in &mut pixel[..3] {
                *value = (i16::from(*value) + step.min(1)).clamp(0, 255) as u8;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::painting::{PaintOptions, paint};

    fn painting(prompt: &str) -> Painting {
        paint(
            prompt,
            &PaintOptions {
                width: 320,
                height: 180,
                seed: 5,
            },
        )
        .unwrap()
    }

    fn difference(a: &[u8], b: &[u8]) -> f64 {
        let sum: u64 = a
            .iter()
            .zip(b)
            .map(|(a, b)| u64::from(a.abs_diff(*b)))
            .sum();
        sum as f64 / a.len() as f64
    }

    #[test]
    fn a_shot_ends_where_the_next_begins() {
        let pictures = [
            "a lighthouse at dusk",
            "a forest at dawn",
            "a city at night",
        ]
        .map(painting);
        for camera in CameraMove::ALL {
            let first = ShotFrames::new(&pictures[0], &pictures[1], camera, 96).unwrap();
            let second =
                ShotFrames::new(&pictures[1], &pictures[2], CameraMove::PanLeft, 96).unwrap();
            let (mut last, mut next) = (vec![0; first.frame_bytes()], vec![0; first.frame_bytes()]);
            first.frame(95, &mut last);
            second.frame(0, &mut next);
            let step = difference(&last, &next);
            assert!(step < 4.0, "{}: {step} levels between shots", camera.name());
        }
    }

    #[test]
    fn frames_are_opaque_repeatable_and_moving() {
        let (start, end) = (
            painting("mountains at noon"),
            painting("mountains at night"),
        );
        for camera in CameraMove::ALL {
            let shot = ShotFrames::new(&start, &end, camera, 48).unwrap();
            let frame = |n| {
                let mut out = vec![0; shot.frame_bytes()];
                shot.frame(n, &mut out);
                out
            };
            assert!(frame(10) == frame(10));
            assert!(
                difference(&frame(0), &frame(24)) > 0.5,
                "{} moves",
                camera.name()
            );
            assert!(
                frame(47)
                    .iter()
                    .skip(3)
                    .step_by(4)
                    .all(|alpha| *alpha == 255)
            );
        }
        assert!(
            ShotFrames::new(
                &start,
                &paint(
                    "x",
                    &PaintOptions {
                        width: 64,
                        height: 36,
                        seed: 0
                    }
                )
                .unwrap(),
                CameraMove::Hold,
                1
            )
            .is_none()
        );
    }
}
