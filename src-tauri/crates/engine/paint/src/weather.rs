//! What falls and drifts in front of everything: rain, snow, fog, motes of light.

use crate::colour::{Palette, Rgb};
use crate::layer::Sheet;
use crate::noise::{fbm, smoothstep, unit};
use crate::scene::{Place, Scene, Thing, Weather};

/// Whether there is anything to see.
pub(crate) fn is_visible(scene: &Scene) -> bool {
    let inside = matches!(
        scene.place,
        Place::Interior | Place::Corridor | Place::Space
    );
    !inside
        && matches!(
            scene.weather,
            Weather::Rain | Weather::Storm | Weather::Snow | Weather::Fog
        )
        || scene.things.contains(&Thing::Lantern) && scene.place == Place::Forest
}

pub(crate) fn paint(sheet: &mut Sheet, scene: &Scene, palette: &Palette) {
    let seed = scene.seed ^ 0xFA11;
    match scene.weather {
        Weather::Rain | Weather::Storm => {
            rain(sheet, scene.weather == Weather::Storm, palette, seed)
        }
        Weather::Snow => snow(sheet, seed),
        Weather::Fog => fog(
            sheet,
            palette.haze.mix(palette.horizon, 0.3),
            scene.horizon(),
            0.5,
            seed,
        ),
        Weather::Clear | Weather::Clouds => {}
    }
    if scene.has(Thing::Lantern) && scene.place == Place::Forest {
        let aspect = sheet.geometry.aspect();
        for n in 0..46 {
            let (x, y) = (unit(n, 1, seed) * aspect, 0.35 + 0.55 * unit(n, 2, seed));
            let size = 0.006 + 0.012 * unit(n, 3, seed);
            sheet.glow(x, y, size * 2.2, palette.lamp, 0.8);
        }
    }
}

fn rain(sheet: &mut Sheet, heavy: bool, palette: &Palette, seed: u32) {
    let aspect = sheet.geometry.aspect();
    let (count, slant) = if heavy { (900, 0.35) } else { (520, 0.12) };
    let colour = palette.haze.mix(Rgb(1.0, 1.0, 1.0), 0.35);
    for n in 0..count {
        let x = (unit(n, 1, seed) * 1.4 - 0.2) * aspect;
        let y = unit(n, 2, seed) * 1.2 - 0.1;
        let length = 0.02 + 0.05 * unit(n, 3, seed);
        let near = unit(n, 4, seed);
        let points = [(x, y), (x - length * slant, y + length)];
        sheet.line(&points, 0.0008 + 0.0012 * near, colour, 0.10 + 0.16 * near);
    }
}

fn snow(sheet: &mut Sheet, seed: u32) {
    let aspect = sheet.geometry.aspect();
    for n in 0..700 {
        let (x, y) = (
            (unit(n, 1, seed) * 1.2 - 0.1) * aspect,
            unit(n, 2, seed) * 1.2 - 0.1,
        );
        let near = unit(n, 3, seed).powi(3);
        let size = 0.0012 + 0.006 * near;
        sheet.ellipse(x, y, size, size, Rgb(0.96, 0.97, 1.0), 0.75 - 0.35 * near);
    }
}

/// Banks of fog that thicken towards the ground.
fn fog(sheet: &mut Sheet, colour: Rgb, horizon: f32, strength: f32, seed: u32) {
    sheet.shade(|x, y| {
        let bank = fbm(x * 1.7, y * 5.0, 4, seed);
        let low = smoothstep(horizon - 0.3, horizon + 0.1, y) * smoothstep(1.15, 0.75, y);
        (colour, strength * low * smoothstep(0.25, 0.75, bank))
    });
}
