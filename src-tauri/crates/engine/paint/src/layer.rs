//! A sheet of pixels with its geometry: the frame and the margin around it.

use rayon::prelude::*;
use tiny_skia::{Color, FillRule, LineCap, Paint, Path, PathBuilder, Pixmap, Stroke, Transform};

use crate::colour::Rgb;
use crate::stencil::Stencil;

/// Part of the frame's size that each layer extends beyond it on every side.
pub(crate) const MARGIN: f32 = 0.09;

/// Sizes in pixels. Positions in scenes are in heights of the frame: x from 0 to `aspect`, y from 0
/// to 1, and beyond into the margin.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Geometry {
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) margin: u32,
}

impl Geometry {
    pub(crate) fn new(width: u32, height: u32) -> Geometry {
        let margin = (MARGIN * width.max(height) as f32).ceil() as u32;
        Geometry {
            width,
            height,
            margin,
        }
    }

    pub(crate) fn aspect(&self) -> f32 {
        self.width as f32 / self.height as f32
    }

    pub(crate) fn sheet(&self) -> (u32, u32) {
        (self.width + 2 * self.margin, self.height + 2 * self.margin)
    }

    /// Scene position of the middle of a sheet pixel.
    pub(crate) fn scene(&self, px: u32, py: u32) -> (f32, f32) {
        let at = |p: u32| (p as f32 + 0.5 - self.margin as f32) / self.height as f32;
        (at(px), at(py))
    }

    /// From scene positions to sheet pixels.
    pub(crate) fn transform(&self) -> Transform {
        let scale = self.height as f32;
        Transform::from_row(
            scale,
            0.0,
            0.0,
            scale,
            self.margin as f32,
            self.margin as f32,
        )
    }
}

/// A sheet being painted.
pub(crate) struct Sheet {
    pub(crate) geometry: Geometry,
    pub(crate) pixels: Pixmap,
}

impl Sheet {
    /// `None` where the size is more than memory or the library allows.
    pub(crate) fn new(geometry: Geometry) -> Option<Sheet> {
        let (width, height) = geometry.sheet();
        Some(Sheet {
            geometry,
            pixels: Pixmap::new(width, height)?,
        })
    }

    /// Sets every pixel to what `shade` says for its position: colour and alpha.
    pub(crate) fn shade(&mut self, shade: impl Fn(f32, f32) -> (Rgb, f32) + Sync) {
        let geometry = self.geometry;
        let stride = geometry.sheet().0 as usize * 4;
        self.pixels
            .data_mut()
            .par_chunks_mut(stride)
            .enumerate()
            .for_each(|(py, row)| {
                for (px, pixel) in row.chunks_exact_mut(4).enumerate() {
                    let (x, y) = geometry.scene(px as u32, py as u32);
                    let (colour, alpha) = shade(x, y);
                    pixel.copy_from_slice(&colour.with_alpha(alpha));
                }
            });
    }

    /// Adds a glow that is seen also where nothing is painted: lamps.
    pub(crate) fn glow(&mut self, x: f32, y: f32, radius: f32, colour: Rgb, strength: f32) {
        let around = (x - radius, y - radius, x + radius, y + radius);
        self.lighten(around, colour, |sx, sy| {
            let distance = ((sx - x).powi(2) + (sy - y).powi(2)).sqrt() / radius;
            (1.0 - distance).max(0.0).powi(2) * strength
        });
    }

    /// A beam of light from (x, y) towards `side` (−1 or 1) that widens by `spread` per length and
    /// fades within `length`.
    pub(crate) fn beam(
        &mut self,
        (x, y): (f32, f32),
        side: f32,
        spread: f32,
        length: f32,
        colour: Rgb,
        strength: f32,
    ) {
        let wide = 0.01 + spread * length * 2.0;
        let around = (
            x.min(x + side * length),
            y - wide,
            x.max(x + side * length),
            y + wide,
        );
        self.lighten(around, colour, |sx, sy| {
            let along = (sx - x) * side;
            if along <= 0.0 {
                return 0.0;
            }
            let across = (sy - y) / (0.008 + spread * along);
            let core = (-across * across * 1.4).exp();
            strength * core * (1.0 - along / length).max(0.0).powf(0.8) * (along * 60.0).min(1.0)
        });
    }

    /// Adds light within (left, top, right, bottom), as much as `strength` says for each position.
    fn lighten(
        &mut self,
        (left, top, right, bottom): (f32, f32, f32, f32),
        colour: Rgb,
        strength: impl Fn(f32, f32) -> f32,
    ) {
        let geometry = self.geometry;
        let (width, height) = geometry.sheet();
        let to_px = |at: f32, end: u32| {
            let at = at * geometry.height as f32 + geometry.margin as f32;
            at.clamp(0.0, end as f32) as u32
        };
        let data = self.pixels.data_mut();
        for py in to_px(top, height)..to_px(bottom, height) {
            for px in to_px(left, width)..to_px(right, width) {
                let (sx, sy) = geometry.scene(px, py);
                let light = strength(sx, sy);
                if light <= 0.0 {
                    continue;
                }
                let at = (py * width + px) as usize * 4;
                let over = colour.with_alpha(light);
                for (value, light) in data[at..at + 4].iter_mut().zip(over) {
                    let (was, light) = (u32::from(*value), u32::from(light));
                    *value = (was + light - was * light / 255) as u8;
                }
            }
        }
    }

    /// Paints the inside of a stencil, each position in the colour that `shade` says.
    pub(crate) fn paint_inside(&mut self, stencil: &Stencil, shade: impl Fn(f32, f32) -> Rgb) {
        let geometry = self.geometry;
        let stride = geometry.sheet().0 as usize * 4;
        let data = self.pixels.data_mut();
        for (py, left, coverage) in stencil.rows() {
            for (n, covered) in coverage
                .iter()
                .enumerate()
                .filter(|(_, covered)| **covered > 0)
            {
                let (x, y) = geometry.scene((left + n) as u32, py as u32);
                let colour = shade(x, y).with_alpha(f32::from(*covered) / 255.0);
                let at = py * stride + (left + n) * 4;
                crate::painting::over(&mut data[at..at + 4], &colour);
            }
        }
    }

    pub(crate) fn fill(&mut self, path: &Path, colour: Rgb, alpha: f32) {
        let transform = self.geometry.transform();
        self.pixels.fill_path(
            path,
            &paint(colour, alpha),
            FillRule::Winding,
            transform,
            None,
        );
    }

    pub(crate) fn line(&mut self, points: &[(f32, f32)], width: f32, colour: Rgb, alpha: f32) {
        let Some(path) = polyline(points).finish() else {
            return;
        };
        let stroke = Stroke {
            width,
            line_cap: LineCap::Round,
            ..Stroke::default()
        };
        let transform = self.geometry.transform();
        self.pixels
            .stroke_path(&path, &paint(colour, alpha), &stroke, transform, None);
    }

    pub(crate) fn polygon(&mut self, points: &[(f32, f32)], colour: Rgb, alpha: f32) {
        if let Some(path) = polygon(points) {
            self.fill(&path, colour, alpha);
        }
    }

    pub(crate) fn ellipse(&mut self, x: f32, y: f32, rx: f32, ry: f32, colour: Rgb, alpha: f32) {
        let rect = tiny_skia::Rect::from_ltrb(x - rx, y - ry, x + rx, y + ry);
        if let Some(path) = rect.and_then(PathBuilder::from_oval) {
            self.fill(&path, colour, alpha);
        }
    }
}

pub(crate) fn polygon(points: &[(f32, f32)]) -> Option<Path> {
    let mut builder = polyline(points);
    builder.close();
    builder.finish()
}

/// The beginning of a path: straight lines through all points.
pub(crate) fn polyline(points: &[(f32, f32)]) -> PathBuilder {
    let mut builder = PathBuilder::new();
    for (n, (x, y)) in points.iter().enumerate() {
        if n == 0 {
            builder.move_to(*x, *y)
        } else {
            builder.line_to(*x, *y)
        }
    }
    builder
}

fn paint(colour: Rgb, alpha: f32) -> Paint<'static> {
    let mut paint = Paint {
        anti_alias: true,
        ..Paint::default()
    };
    let part = |x: f32| x.clamp(0.0, 1.0);
    let colour = Color::from_rgba(part(colour.0), part(colour.1), part(colour.2), part(alpha));
    paint.set_color(colour.unwrap_or(Color::BLACK));
    paint
}
