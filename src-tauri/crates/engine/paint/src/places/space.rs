//! Planets and ships among the stars.

use super::Plane;
use crate::colour::{Palette, Rgb};
use crate::layer::{Geometry, Sheet};
use crate::noise::{fbm, smoothstep};
use crate::scene::{Scene, Thing};

pub(crate) fn space(
    geometry: Geometry,
    scene: &Scene,
    palette: &Palette,
    planes: &mut Vec<Plane>,
) -> Option<()> {
    let aspect = geometry.aspect();
    let seed = scene.land ^ 0x9A1E;
    let mut sheet = Sheet::new(geometry)?;
    // The limb of a planet, below.
    let (cx, cy, radius) = (aspect * 0.46, 2.35, 1.72);
    let (sun_x, sun_y) = (aspect * 0.74, cy - radius + 0.02);
    let surface = [
        Rgb::hex(0x2C5C86),
        Rgb::hex(0x8A4F36),
        Rgb::hex(0x4C6B58),
        Rgb::hex(0x6B5A86),
    ][(seed % 4) as usize];
    sheet.shade(|x, y| {
        let distance = ((x - cx).powi(2) + (y - cy).powi(2)).sqrt();
        let depth = radius - distance;
        let air = (depth * 9.0).exp().min(1.0) * smoothstep(-0.25, 0.0, depth);
        let sunward = (1.0 - ((x - sun_x).abs() * 0.85)).clamp(0.0, 1.0);
        if depth < 0.0 {
            let glow = palette.light.mix(Rgb::hex(0x5FB2FF), 0.6);
            return (glow, air.powi(3) * (0.25 + 0.75 * sunward));
        }
        let (u, v) = ((x - cx) * 2.2, depth * 6.0);
        let ground = fbm(u, v, 6, seed);
        let cloud = smoothstep(0.52, 0.75, fbm(u * 1.7 + 3.0, v * 1.9, 5, seed ^ 2));
        let day = (sunward * 1.2 - depth * 0.9).clamp(0.03, 1.0);
        let mut colour = surface
            .scale(0.4 + 1.0 * ground)
            .mix(Rgb::hex(0xE9F1F8), 0.75 * cloud)
            .scale(day);
        let rim = (-depth * 26.0).exp();
        colour = colour.screen(Rgb::hex(0x7CC4FF), rim * (0.25 + 0.75 * sunward));
        (colour, smoothstep(0.0, 0.002, depth).max(air.powi(3)))
    });
    sheet.glow(sun_x, sun_y, 0.5, palette.light, 0.9);
    planes.push((sheet, 0.25));
    if !scene.has(Thing::Ship) && scene.figure.is_none() {
        let mut station = Sheet::new(geometry)?;
        ship(&mut station, palette, aspect * 0.3, 0.42, 0.09);
        planes.push((station, 0.55));
    }
    Some(())
}

pub(crate) fn ship(sheet: &mut Sheet, palette: &Palette, x: f32, y: f32, size: f32) {
    let hull = Rgb::hex(0x8D99A8).scale(0.75);
    let dark = palette.shadow.mix(hull, 0.3);
    let at = |points: &[(f32, f32)]| -> Vec<(f32, f32)> {
        points
            .iter()
            .map(|(px, py)| (x + px * size, y + py * size))
            .collect()
    };
    sheet.glow(x - size * 1.5, y, size * 1.1, Rgb::hex(0x8FD0FF), 0.9);
    sheet.polygon(
        &at(&[
            (-1.3, -0.16),
            (0.6, -0.22),
            (1.5, 0.02),
            (0.6, 0.2),
            (-1.3, 0.16),
        ]),
        hull,
        1.0,
    );
    sheet.polygon(
        &at(&[(-1.3, 0.02), (1.5, 0.02), (0.6, 0.2), (-1.3, 0.16)]),
        dark,
        1.0,
    );
    sheet.polygon(
        &at(&[(-0.9, -0.16), (-0.5, -0.75), (-0.2, -0.75), (0.0, -0.18)]),
        dark,
        1.0,
    );
    sheet.polygon(
        &at(&[(-0.9, 0.14), (-0.5, 0.65), (-0.2, 0.65), (0.0, 0.16)]),
        hull.scale(0.7),
        1.0,
    );
    for n in 0..6 {
        sheet.ellipse(
            x + size * (0.75 - 0.25 * n as f32),
            y - size * 0.06,
            size * 0.045,
            size * 0.035,
            palette.lamp,
            0.95,
        );
    }
}
