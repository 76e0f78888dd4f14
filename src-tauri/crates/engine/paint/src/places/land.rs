//! Mountains and the ground to stand on.

use super::{Plane, aired};
use crate::colour::{Palette, Rgb};
use crate::layer::{Geometry, Sheet};
use crate::noise::{fbm, ridged, smoothstep, unit, value};
use crate::scene::{Place, Scene, Thing, Weather};

pub(crate) fn ridges(
    geometry: Geometry,
    scene: &Scene,
    palette: &Palette,
    planes: &mut Vec<Plane>,
    count: u32,
) -> Option<()> {
    let horizon = scene.horizon();
    let (sun_x, _) = scene.sun();
    let sun_x = sun_x * geometry.aspect();
    let alpine = matches!(scene.place, Place::Mountains | Place::Snow);
    for n in 0..count {
        let far = 1.0 - (n as f32 + 0.5) / count as f32;
        let seed = scene.land ^ (0x1111 * (n + 1));
        let height = if alpine {
            0.18 + 0.30 * far
        } else {
            0.05 + 0.10 * far
        };
        let base = horizon + 0.02 + 0.05 * (1.0 - far);
        let rock = aired(
            palette.shadow.mix(Rgb::hex(0x4A5568), 0.3),
            palette,
            // Fog lies in front of the mountains already: they keep their own tones behind it.
            match scene.weather {
                Weather::Fog => 0.05 + 0.55 * far,
                _ => 0.25 + 0.62 * far,
            },
        );
        let snowy = alpine || scene.place == Place::Snow;
        let snow = match scene.place {
            Place::Snow => 0.30,
            // The ranges in front are lower.
            _ => -0.22 * (1.0 - far),
        };
        let light = palette.light;
        let mut sheet = Sheet::new(geometry)?;
        let crest = move |x: f32| {
            let wave = match alpine {
                true => ridged(x * (1.1 + 0.7 * (1.0 - far)) + seed as f32 * 1e-6, 6, seed),
                false => fbm(x * 1.3 + seed as f32 * 1e-6, 3.1, 4, seed),
            };
            base - height * wave.powf(1.4)
        };
        sheet.shade(|x, y| {
            let top = crest(x);
            let inside = smoothstep(-0.0012, 0.0012, y - top);
            if inside <= 0.0 {
                return (rock, 0.0);
            }
            let slope = crest(x + 0.004) - crest(x - 0.004);
            let side = if x < sun_x { 1.0 } else { -1.0 };
            // Gullies: the surface falls away on both sides of spurs that run down from the crest.
            let below = y - top;
            let relief = |x: f32, y: f32| {
                let bend = 0.6 * value(x * 4.0, y * 6.0, seed ^ 9);
                fbm(x * 15.0 + bend * 3.0, y * 9.0 - x * 2.0, 4, seed ^ 7)
            };
            let texture = relief(x, below);
            let facet = texture - relief(x + 0.005 * side, below - 0.004);
            let towards = -slope * side;
            let lit = (0.42 + towards * 16.0 + facet * 5.0).clamp(0.0, 1.0) * palette.day;
            let mut colour = rock
                .scale(0.74 + 0.42 * texture)
                .mix(light, 0.38 * lit * (1.0 - far * 0.4));
            if snowy {
                let altitude = (base - y) / height;
                let lies = smoothstep(0.40, 0.66, altitude * 0.85 + 0.6 * (texture - 0.5) + snow);
                let white = Rgb::hex(0xE8EEF6)
                    .mix(palette.haze, 0.15 + 0.4 * far)
                    .scale(0.35 + 0.65 * palette.day);
                let shaded = white.mix(palette.zenith, 0.35 * (1.0 - lit));
                colour = colour.mix(shaded.mix(light, 0.35 * lit), 0.85 * lies);
            }
            let foot = smoothstep(base - height * 0.55, base + 0.02, y);
            (colour.mix(palette.haze, 0.55 * foot * far), inside)
        });
        planes.push((sheet, 0.12 + 0.3 * (1.0 - far)));
    }
    Some(())
}

/// The plane that one stands on: grass, sand, snow or earth.
pub(crate) fn ground(
    geometry: Geometry,
    scene: &Scene,
    palette: &Palette,
    planes: &mut Vec<Plane>,
) -> Option<()> {
    let horizon = scene.horizon() + 0.035;
    let seed = scene.land ^ 0x6A0D;
    let (near, far) = match scene.place {
        Place::Desert => (Rgb::hex(0x9A5B36), Rgb::hex(0xC98B5A)),
        Place::Snow => (Rgb::hex(0xAFC0D4), Rgb::hex(0xDDE6F0)),
        Place::Mountains => (Rgb::hex(0x3A4038), Rgb::hex(0x66705C)),
        _ => (Rgb::hex(0x33452A), Rgb::hex(0x7E8B4F)),
    };
    let bright = 0.22 + 0.78 * palette.day;
    let (sun_x, _) = scene.sun();
    let sun_x = sun_x * geometry.aspect();
    let dunes = matches!(scene.place, Place::Desert | Place::Snow);
    let mut sheet = Sheet::new(geometry)?;
    sheet.shade(|x, y| {
        let edge = horizon + 0.03 * (fbm(x * 2.2, 1.0, 3, seed) - 0.5);
        let inside = smoothstep(-0.001, 0.001, y - edge);
        if inside <= 0.0 {
            return (near, 0.0);
        }
        let depth = ((y - edge) / (1.05 - edge)).clamp(0.0, 1.0);
        // Perspective: detail grows towards the eye.
        let (u, v) = ((x - sun_x) / (0.12 + depth), 1.0 / (0.08 + depth));
        let rough = fbm(u * 3.0, v * 3.0, 5, seed ^ 3);
        let fine = value(u * 60.0, v * 26.0, seed ^ 5);
        let mut colour = far
            .mix(near, depth.powf(0.7))
            .scale(bright * (0.72 + 0.42 * rough + 0.1 * (fine - 0.5)));
        if dunes {
            let wave = (v * 5.0 + 3.0 * fbm(u * 0.6, v * 0.8, 3, seed ^ 11)).sin() * 0.5 + 0.5;
            colour = colour
                .mix(palette.light, 0.22 * wave * palette.day)
                .scale(0.88 + 0.12 * wave);
        }
        let glow = (-(x - sun_x).abs() * 2.0).exp() * (1.0 - depth);
        colour = colour.mix(palette.light, 0.32 * glow * (0.3 + 0.7 * palette.day));
        (
            aired(colour, palette, 0.55 * (1.0 - depth).powi(2))
                .mix(palette.shadow, 0.5 * depth.powi(3)),
            inside,
        )
    });
    if scene.has(Thing::Village) {
        village(&mut sheet, scene, palette, horizon);
    }
    planes.push((sheet, 0.5));
    Some(())
}

fn village(sheet: &mut Sheet, scene: &Scene, palette: &Palette, horizon: f32) {
    let aspect = sheet.geometry.aspect();
    let wall = aired(palette.shadow.mix(Rgb::hex(0x5A4A40), 0.4), palette, 0.45);
    for n in 0..9 {
        let at = |k: i32| unit(n, k, scene.land ^ 0x7111);
        let (x, y) = (
            aspect * (0.52 + 0.34 * at(1)),
            horizon + 0.015 + 0.03 * at(2),
        );
        let (w, h) = (0.02 + 0.016 * at(3), 0.018 + 0.014 * at(4));
        sheet.polygon(
            &[
                (x - w, y),
                (x - w, y - h),
                (x, y - h * 2.1),
                (x + w, y - h),
                (x + w, y),
            ],
            wall.scale(0.8 + 0.4 * at(5)),
            1.0,
        );
        sheet.ellipse(
            x,
            y - h * 0.55,
            0.0028,
            0.0036,
            palette.lamp,
            if scene.is_dark() { 1.0 } else { 0.55 },
        );
        if scene.is_dark() {
            sheet.glow(x, y - h * 0.55, 0.028, palette.lamp, 0.6);
        }
    }
}
