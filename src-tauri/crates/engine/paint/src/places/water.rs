//! Seas, rivers and their shores.

use super::{Plane, aired};
use crate::colour::{Palette, Rgb};
use crate::layer::{Geometry, Sheet};
use crate::noise::{fbm, smoothstep, value};
use crate::scene::{Place, Scene};

pub(crate) fn sea(
    geometry: Geometry,
    scene: &Scene,
    palette: &Palette,
    planes: &mut Vec<Plane>,
) -> Option<()> {
    let seed = scene.land ^ 0xC0A5;
    let horizon = scene.horizon();
    // A far headland.
    let mut sheet = Sheet::new(geometry)?;
    let land = aired(palette.shadow.mix(Rgb::hex(0x44505A), 0.3), palette, 0.6);
    let left = scene.land & 2 == 0;
    let aspect = geometry.aspect();
    sheet.shade(|x, y| {
        let along = if left { x / aspect } else { 1.0 - x / aspect };
        let top =
            horizon - 0.075 * (1.0 - along * 1.9).max(0.0) * (0.5 + fbm(x * 3.0, 0.5, 4, seed));
        let inside =
            smoothstep(-0.001, 0.001, y - top) * smoothstep(0.002, -0.002, y - horizon - 0.004);
        (land, if along < 0.55 { inside } else { 0.0 })
    });
    planes.push((sheet, 0.15));
    water(geometry, scene, palette, planes)
}

/// Water to the horizon, with the sun's path and waves that grow towards the eye.
pub(crate) fn water(
    geometry: Geometry,
    scene: &Scene,
    palette: &Palette,
    planes: &mut Vec<Plane>,
) -> Option<()> {
    let horizon = scene.horizon();
    let (sun_across, sun_y) = scene.sun();
    let sun_x = sun_across * geometry.aspect();
    let seed = scene.land ^ 0x5EA;
    let rough = match scene.weather {
        crate::scene::Weather::Storm => 1.0,
        crate::scene::Weather::Rain | crate::scene::Weather::Snow => 0.55,
        _ => 0.25,
    };
    let veiled = rough > 0.5;
    let deep = palette
        .zenith
        .mix(Rgb::hex(0x0E3A46), 0.45)
        .scale(0.35 + 0.45 * palette.day);
    let mut sheet = Sheet::new(geometry)?;
    sheet.shade(|x, y| {
        let swell = rough * 0.012 * ((x * 9.0 + 4.0 * fbm(x * 2.0, 0.0, 2, seed)).sin());
        let inside = smoothstep(-0.0008, 0.0008, y - horizon - swell * 0.3);
        if inside <= 0.0 {
            return (deep, 0.0);
        }
        let depth = ((y - horizon) / (1.08 - horizon)).clamp(0.001, 1.0);
        let v = 1.0 / (depth + 0.05);
        let u = (x - sun_x) * (0.4 + v * 0.35);
        let wave = fbm(u * 4.0 + v * 1.3, v * 9.0, 5, seed);
        let steep = fbm(u * 4.0 + v * 1.3 + 0.15, v * 9.0 + 0.4, 4, seed) - wave;
        let mirrored = palette.horizon.mix(palette.zenith, (depth * 1.3).min(1.0));
        let mut colour = mirrored
            .mix(deep, 0.25 + 0.55 * depth)
            .scale(0.82 + 0.36 * wave);
        colour = colour.mix(palette.horizon, (steep * (1.2 + rough)).clamp(0.0, 0.35));
        // Glitter below the light.
        let spread = 0.03 + 0.30 * depth;
        let path = (-((x - sun_x) / spread).powi(2)).exp();
        let sparkle = smoothstep(0.52, 0.75, value(u * 30.0, v * 46.0, seed ^ 9));
        let strength = if veiled { 0.15 } else { 0.85 } * (1.0 - (sun_y - horizon).abs()).max(0.3);
        colour = colour.screen(palette.light, path * (0.18 + 0.8 * sparkle) * strength);
        if rough > 0.3 {
            let foam = smoothstep(0.66, 0.78, wave + 0.1 * rough) * rough;
            colour = colour.mix(
                Rgb::hex(0xDCE6EA).scale(0.4 + 0.6 * palette.day),
                0.7 * foam,
            );
        }
        (
            colour.mix(palette.haze, 0.5 * (1.0 - depth).powi(6)),
            inside,
        )
    });
    planes.push((sheet, 0.4));
    Some(())
}

/// Ground in front of the water, for whoever stands there.
pub(crate) fn shore(sheet: &mut Sheet, scene: &Scene, palette: &Palette) {
    let seed = scene.land ^ 0x5402;
    let aspect = sheet.geometry.aspect();
    let earth = match scene.place {
        Place::River => Rgb::hex(0x4A4A34),
        _ => Rgb::hex(0x6B6152),
    };
    let earth = palette.shadow.mix(earth, 0.25 + 0.45 * palette.day);
    let (sun_across, _) = scene.sun();
    let sun_x = sun_across * aspect;
    let foam = Rgb::hex(0xE6EEF0).scale(0.32 + 0.62 * palette.day);
    sheet.shade(|x, y| {
        let edge = 0.80 + 0.028 * (fbm(x * 1.7, 0.3, 4, seed) - 0.5) + 0.03 * (x / aspect - 0.5);
        let inside = smoothstep(-0.002, 0.002, y - edge);
        let wash = (-((y - edge + 0.006) / 0.006).powi(2)).exp()
            * smoothstep(0.35, 0.6, fbm(x * 12.0, y * 40.0, 3, seed ^ 1));
        if inside <= 0.0 {
            return (foam, 0.75 * wash);
        }
        let depth = ((y - edge) / (1.08 - edge)).clamp(0.0, 1.0);
        let (u, v) = (x / (0.25 + depth), 1.0 / (0.12 + depth));
        let stones = fbm(u * 7.0, v * 7.0, 5, seed ^ 2);
        let facet = stones
            - fbm(
                u * 7.0 + 0.1 * (sun_x - x).signum(),
                v * 7.0 - 0.08,
                5,
                seed ^ 2,
            );
        let wet = smoothstep(0.16, 0.0, depth);
        let glow = (-(x - sun_x).abs() * 2.2).exp();
        let colour = earth
            .scale(0.6 + 0.65 * stones)
            .mix(
                palette.light,
                (smoothstep(0.0, 0.12, facet) * 0.22 + 0.16 * glow * wet) * (0.25 + palette.day),
            )
            .mix(palette.shadow, 0.45 * wet + 0.35 * depth.powi(2));
        (colour.mix(foam, 0.5 * wash), inside)
    });
}
