//! The sky: gradient, sun or moon with bloom, clouds, stars.

use crate::colour::{Palette, Rgb};
use crate::layer::Sheet;
use crate::noise::{fbm, mix, smoothstep, unit};
use crate::scene::{Place, Scene, Time, Weather};

pub(crate) fn paint(sheet: &mut Sheet, scene: &Scene, palette: &Palette) {
    let (sun_across, sun_y) = scene.sun();
    let sun_x = sun_across * sheet.geometry.aspect();
    let horizon = scene.horizon();
    let seed = scene.land;
    let cover = match scene.weather {
        Weather::Clear => 0.34,
        Weather::Clouds => 0.56,
        Weather::Fog => 0.5,
        Weather::Snow => 0.72,
        Weather::Rain => 0.78,
        Weather::Storm => 0.86,
    };
    let disc = match scene.time {
        Time::Night | Time::Space => 0.028,
        _ => 0.034,
    };
    let veiled = matches!(
        scene.weather,
        Weather::Rain | Weather::Storm | Weather::Snow
    );
    let is_night = matches!(scene.time, Time::Night | Time::Space);
    sheet.shade(|x, y| {
        let down = (y / horizon).clamp(0.0, 1.2);
        let mut colour = palette.zenith.mix(palette.horizon, down.powf(1.7));
        if is_night && !veiled {
            colour = stars(colour, x, y, scene.seed, 1.0 - down * 0.8);
        }
        let distance = ((x - sun_x).powi(2) + (y - sun_y).powi(2)).sqrt();
        let veil = if veiled { 0.25 } else { 1.0 };
        colour = colour.screen(palette.light, 0.55 * veil * (-distance * 3.2).exp());
        colour = colour.screen(palette.light, 0.5 * veil * (-distance * 11.0).exp());
        if !veiled {
            let edge = smoothstep(disc + 0.003, disc - 0.003, distance);
            let face = if is_night {
                0.86 + 0.14 * fbm(x * 60.0, y * 60.0, 3, 77)
            } else {
                1.0
            };
            colour = colour.mix(palette.light.mix(Rgb(1.0, 1.0, 1.0), 0.5).scale(face), edge);
        }
        match scene.place {
            Place::Space => (colour, 1.0),
            _ => clouds(colour, x, y, horizon, cover, distance, palette, seed),
        }
    });
}

#[allow(clippy::too_many_arguments)] // One pixel's facts; a struct would only rename them.
fn clouds(
    sky: Rgb,
    x: f32,
    y: f32,
    horizon: f32,
    cover: f32,
    to_sun: f32,
    palette: &Palette,
    seed: u32,
) -> (Rgb, f32) {
    // Clouds flatten towards the horizon, as a ceiling seen from below.
    let depth = (horizon + 0.08 - y).max(0.02);
    let (u, v) = (x * 1.4 / (depth + 0.25), 1.1 / (depth + 0.12));
    let warp = fbm(u * 0.7, v * 0.7, 3, seed ^ 0x51);
    let body = fbm(u + warp * 1.6, v * 1.8 + warp, 5, seed ^ 0xC1);
    let thickness = smoothstep(1.0 - cover, 1.0 - cover + 0.32, body);
    // The lit rim: less cloud towards the sun.
    let towards = fbm(u + warp * 1.6 + 0.18, v * 1.8 + warp + 0.1, 4, seed ^ 0xC1);
    let rim = (body - towards).max(0.0) * 3.0;
    let base = palette
        .haze
        .mix(palette.shadow, 0.25 + 0.5 * thickness * cover);
    let lit = base.mix(palette.light, (rim + 0.5 * (-to_sun * 2.6).exp()).min(0.9));
    let colour = lit.mix(
        palette.horizon,
        mix(0.0, 0.6, smoothstep(horizon - 0.25, horizon, y)),
    );
    (sky.mix(colour, thickness * 0.92), 1.0)
}

fn stars(sky: Rgb, x: f32, y: f32, seed: u32, strength: f32) -> Rgb {
    const CELLS: f32 = 70.0;
    let (cx, cy) = ((x * CELLS).floor() as i32, (y * CELLS).floor() as i32);
    let mut light = 0.0;
    // A star may lie just across the cell's border.
    for (dx, dy) in [(0, 0), (1, 0), (0, 1), (1, 1)] {
        let (ix, iy) = (cx + dx, cy + dy);
        let chance = unit(ix, iy, seed ^ 0x57A2);
        if chance < 0.72 {
            continue;
        }
        let sx = (ix as f32 + unit(ix, iy, seed ^ 1) - 0.5) / CELLS;
        let sy = (iy as f32 + unit(ix, iy, seed ^ 2) - 0.5) / CELLS;
        let size = 0.0007 + 0.0016 * unit(ix, iy, seed ^ 3).powi(4);
        let distance = ((x - sx).powi(2) + (y - sy).powi(2)).sqrt();
        light += (1.0 - distance / size).clamp(0.0, 1.0) * (chance - 0.6) * 2.4;
    }
    let band = (1.0 - ((y - 0.25 - x * 0.22).abs() * 4.0)).max(0.0);
    let dust = band * fbm(x * 5.0, y * 5.0, 4, seed ^ 9).powi(2) * 0.35;
    sky.screen(
        Rgb(0.75, 0.82, 1.0),
        ((light + dust) * strength.max(0.0)).min(1.0),
    )
}
