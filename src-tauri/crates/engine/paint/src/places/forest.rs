//! Trees, row behind row, with light between them.

use super::land::ground;
use super::{Plane, aired};
use crate::colour::{Palette, Rgb};
use crate::layer::{Geometry, Sheet};
use crate::noise::{fbm, smoothstep, unit, value};
use crate::scene::Scene;

pub(crate) fn forest(
    geometry: Geometry,
    scene: &Scene,
    palette: &Palette,
    planes: &mut Vec<Plane>,
) -> Option<()> {
    ground(geometry, scene, palette, planes)?;
    let aspect = geometry.aspect();
    let (sun_x, _) = scene.sun();
    for n in 0..3u32 {
        let near = n as f32 / 2.0;
        let seed = scene.land ^ (0xF0 + n);
        let bark = aired(
            palette.shadow.mix(Rgb::hex(0x3B3326), 0.35),
            palette,
            0.72 * (1.0 - near),
        );
        let leaves = aired(
            palette.shadow.mix(Rgb::hex(0x2F4A2C), 0.45),
            palette,
            0.66 * (1.0 - near),
        );
        let mut sheet = Sheet::new(geometry)?;
        let count = [26, 15, 7][n as usize];
        for k in 0..count {
            let at = |i: i32| unit(k, i, seed);
            let mut x = ((k as f32 + at(1)) / count as f32 * 1.3 - 0.15) * aspect;
            if n == 2 {
                // The nearest trees frame the picture and leave its middle open.
                let side = if k % 2 == 0 {
                    0.22 * at(2) - 0.06
                } else {
                    0.84 + 0.22 * at(2)
                };
                x = side * aspect;
            }
            let foot = 0.70 + 0.1 * near + 0.10 * at(3) * (0.3 + near);
            let width = (0.008 + 0.022 * near) * (0.7 + 0.6 * at(4));
            let lean = 0.05 * (at(5) - 0.5);
            let lit = if (x / aspect) < sun_x { 1.0 } else { -1.0 };
            let top = -0.12;
            let trunk = [
                (x - width, foot),
                (x - width * 0.55 + lean, top),
                (x + width * 0.55 + lean, top),
                (x + width, foot),
            ];
            sheet.polygon(&trunk, bark, 1.0);
            let edge = [
                (x + lit * width, foot),
                (x + lit * width * 0.55 + lean, top),
                (x + lit * width * 0.3 + lean, top),
                (x + lit * width * 0.5, foot),
            ];
            sheet.polygon(&edge, palette.light, 0.22 * palette.day + 0.05);
            for b in 0..5 {
                let by = 0.02 + 0.1 * b as f32 + 0.05 * at(10 + b);
                let side = if at(20 + b) < 0.5 { -1.0 } else { 1.0 };
                let reach = (0.05 + 0.09 * at(30 + b)) * (0.6 + near);
                sheet.line(
                    &[
                        (x + lean * (1.0 - by), by + 0.06),
                        (x + side * reach * 0.5, by + 0.015),
                        (x + side * reach, by),
                    ],
                    width * 0.3,
                    bark,
                    1.0,
                );
            }
        }
        let canopy = seed ^ 0xCAFE;
        let depth = 0.30 - 0.06 * near;
        let mut crown = Sheet::new(geometry)?;
        crown.shade(|x, y| {
            let ragged = fbm(x * (5.0 + 4.0 * near), y * 6.0, 5, canopy);
            let cover = smoothstep(0.02, -0.05, y - depth * (0.35 + 1.1 * ragged));
            let holes = smoothstep(0.60, 0.52, fbm(x * 14.0, y * 14.0, 3, canopy ^ 5));
            let tone = 0.75 + 0.5 * value(x * 40.0, y * 40.0, canopy);
            (leaves.scale(tone), cover * holes)
        });
        planes.push((sheet, 0.35 + 0.28 * near));
        planes.push((crown, 0.37 + 0.28 * near));
    }
    if palette.day > 0.3 {
        let mut rays = Sheet::new(geometry)?;
        let source = (sun_x * aspect, -0.25);
        let seed = scene.land ^ 0x2A75;
        rays.shade(|x, y| {
            let angle = ((x - source.0) / (y - source.1)).atan();
            let beam = smoothstep(0.55, 0.85, value(angle * 16.0, 0.0, seed));
            (
                palette.light,
                0.26 * beam * smoothstep(0.9, 0.1, y) * palette.day,
            )
        });
        planes.push((rays, 0.6));
    }
    Some(())
}
