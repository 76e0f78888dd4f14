//! Who is in the picture, and what is so near that it frames it.

use super::water::shore;
use super::{PORTRAIT_DEPTH, Plane};
use crate::colour::{Palette, Rgb};
use crate::figures::{self, Stand};
use crate::layer::{Geometry, Sheet};
use crate::noise::{fbm, hash, ridged, smoothstep, unit};
use crate::scene::{Figure, Framing, Place, Scene, Thing};

pub(crate) fn people(
    geometry: Geometry,
    scene: &Scene,
    palette: &Palette,
    planes: &mut Vec<Plane>,
) -> Option<()> {
    let Some(figure) = scene.figure else {
        return Some(());
    };
    let aspect = geometry.aspect();
    let mut sheet = Sheet::new(geometry)?;
    let swims_or_flies = matches!(figure, Figure::Whale | Figure::Bird | Figure::Dragon);
    if matches!(scene.place, Place::Sea | Place::River) && !swims_or_flies {
        shore(&mut sheet, scene, palette);
    }
    if scene.framing == Framing::Close {
        figures::close_up(&mut sheet, scene, figure, palette);
        planes.push((sheet, PORTRAIT_DEPTH));
        return Some(());
    }
    let light = if scene.sun().0 < 0.5 { -1.0 } else { 1.0 };
    let person = matches!(
        figure,
        Figure::Woman | Figure::Man | Figure::Child | Figure::Robot | Figure::Astronaut
    );
    let inside = matches!(scene.place, Place::Interior | Place::Corridor);
    let floating = scene.place == Place::Space;
    let base = match (scene.framing, inside) {
        (Framing::Medium, _) => 0.62,
        (_, true) => 0.42,
        _ => 0.24 + 0.06 * (-scene.angle),
    };
    let height = match figure {
        Figure::Child => base * 0.8,
        Figure::Bear | Figure::Horse | Figure::Dragon => base * 0.8,
        Figure::Whale => base * 0.7,
        _ if person => base,
        _ => base * 0.5,
    };
    let foot = if scene.framing == Framing::Medium {
        1.02
    } else if inside {
        0.9
    } else if floating {
        0.62
    } else {
        0.86
    };
    let body = palette.shadow.mix(Rgb(0.0, 0.0, 0.0), 0.25);
    let rim = if inside || scene.has(Thing::Lantern) {
        palette.lamp
    } else {
        palette.light.mix(palette.horizon, 0.3)
    };
    let third = if light < 0.0 { 0.62 } else { 0.38 };
    for n in 0..scene.count.min(3) {
        let x = aspect * (third + 0.13 * n as f32 * (0.5 + height));
        let height = height * (1.0 - 0.12 * n as f32);
        if !floating && scene.framing != Framing::Medium {
            sheet.ellipse(
                x - light * height * 0.25,
                foot,
                height * 0.42,
                height * 0.03,
                palette.shadow,
                0.4,
            );
        }
        figures::paint(
            &mut sheet,
            figure,
            Stand {
                x,
                y: foot,
                height,
                light,
            },
            body,
            rim,
        );
        if n == 0 && scene.has(Thing::Lantern) && person {
            let (lx, ly) = (x + light * height * 0.24, foot - height * 0.42);
            sheet.line(
                &[
                    (x + light * height * 0.1, foot - height * 0.62),
                    (lx, ly - height * 0.06),
                ],
                height * 0.035,
                body,
                1.0,
            );
            sheet.glow(lx, ly, height * 0.95, palette.lamp, 0.85);
            sheet.polygon(
                &[
                    (lx - height * 0.03, ly - height * 0.05),
                    (lx + height * 0.03, ly - height * 0.05),
                    (lx + height * 0.035, ly + height * 0.05),
                    (lx - height * 0.035, ly + height * 0.05),
                ],
                palette.lamp,
                1.0,
            );
        }
    }
    planes.push((sheet, 0.62));
    Some(())
}

/// Something dark and near at the edges gives the picture depth.
pub(crate) fn foreground(
    geometry: Geometry,
    scene: &Scene,
    palette: &Palette,
    planes: &mut Vec<Plane>,
) -> Option<()> {
    if scene.framing == Framing::Close
        || matches!(
            scene.place,
            Place::Space | Place::Corridor | Place::Cave | Place::Interior
        )
    {
        return Some(());
    }
    let aspect = geometry.aspect();
    let seed = scene.land ^ 0xF06E;
    let dark = palette.shadow.mix(Rgb(0.0, 0.0, 0.0), 0.35);
    let mut sheet = Sheet::new(geometry)?;
    match scene.place {
        Place::Fields | Place::Forest | Place::River => {
            for n in 0..420 {
                let at = |k: i32| unit(n, k, seed);
                let x = (at(1) * 1.3 - 0.15) * aspect;
                let edge = ((x / aspect - 0.5).abs() * 2.0).powi(2);
                let h = (0.03 + 0.13 * at(2)) * (0.25 + 0.9 * edge);
                let bend = (at(3) - 0.5) * h;
                sheet.line(
                    &[
                        (x, 1.12),
                        (x + bend * 0.3, 1.06 - h * 0.6),
                        (x + bend, 1.04 - h),
                    ],
                    0.0025 + 0.002 * at(4),
                    dark,
                    1.0,
                );
            }
        }
        Place::City => {
            sheet.polygon(
                &[(-0.3, 1.3), (-0.3, -0.3), (0.02, -0.3), (0.06, 1.3)],
                dark,
                1.0,
            );
        }
        _ => {
            let crest = |x: f32| {
                let edge = ((x / aspect - 0.5).abs() * 2.0).powf(1.6);
                1.05 - 0.13 * edge - 0.07 * ridged(x * 2.3, 4, seed)
            };
            sheet.shade(|x, y| {
                let texture = fbm(x * 20.0, y * 20.0, 3, seed);
                (
                    dark.scale(0.7 + 0.6 * texture),
                    smoothstep(-0.002, 0.002, y - crest(x)),
                )
            });
        }
    }
    let side = if hash(1, 2, seed) & 1 == 0 {
        0.0
    } else {
        aspect
    };
    if matches!(scene.place, Place::Fields | Place::River) {
        branch(&mut sheet, side, dark, seed);
    }
    planes.push((sheet, 1.0));
    Some(())
}

/// Twigs with leaves that hang into the picture from a corner.
fn branch(sheet: &mut Sheet, side: f32, dark: Rgb, seed: u32) {
    let inwards = if side > 0.0 { -1.0 } else { 1.0 };
    for twig in 0..5 {
        let at = |k: i32| unit(twig, k, seed ^ 0xB2A);
        let from = (side - inwards * 0.14, -0.10 + 0.05 * twig as f32);
        let reach = 0.20 + 0.24 * at(1);
        let droop = 0.05 + 0.10 * at(2);
        // A parabola: out of the corner, then down by its own weight.
        let along = |t: f32| {
            (
                from.0 + inwards * (0.14 + reach) * t,
                from.1 + droop * t * t + 0.03 * t,
            )
        };
        let stem: Vec<(f32, f32)> = (0..=12).map(|n| along(n as f32 / 12.0)).collect();
        sheet.line(&stem, 0.0055 - 0.0006 * twig as f32, dark, 1.0);
        for leaf in 0..26 {
            let jitter = |k: i32| unit(leaf, k + twig * 31, seed ^ 0x1EAF);
            let (x, y) = along(0.25 + 0.75 * (leaf as f32 + jitter(1)) / 26.0);
            let angle = 1.2 * inwards.signum() * (jitter(2) - 0.5)
                + if jitter(3) > 0.5 { 0.9 } else { -0.5 };
            let (length, half) = (0.022 + 0.020 * jitter(4), 0.005 + 0.003 * jitter(5));
            let (dx, dy) = (inwards * angle.cos(), angle.sin());
            let blade =
                |t: f32, w: f32| (x + dx * length * t - dy * w, y + dy * length * t + dx * w);
            let tone = dark.scale(0.7 + 0.9 * jitter(6));
            let lens = [
                blade(0.0, 0.0),
                blade(0.4, half),
                blade(1.0, 0.0),
                blade(0.4, -half),
            ];
            if let Some(path) = figures::curve(&lens) {
                sheet.fill(&path, tone, 1.0);
            }
        }
    }
}
