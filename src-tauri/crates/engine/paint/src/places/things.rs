//! What stands, floats or flies in a place.

use super::lighthouse::lighthouse;
use super::space::ship;
use super::town::house;
use super::{Plane, aired};
use crate::colour::{Palette, Rgb};
use crate::layer::{Geometry, Sheet};
use crate::noise::unit;
use crate::scene::{Framing, Place, Scene, Thing};

pub(crate) fn things(
    geometry: Geometry,
    scene: &Scene,
    palette: &Palette,
    planes: &mut Vec<Plane>,
) -> Option<()> {
    let aspect = geometry.aspect();
    let horizon = scene.horizon();
    let mut sheet = Sheet::new(geometry)?;
    let mut used = false;
    if scene.has(Thing::Lighthouse) && scene.place == Place::Sea {
        lighthouse(&mut sheet, scene, palette);
        used = true;
    }
    if scene.has(Thing::Boat) && matches!(scene.place, Place::Sea | Place::River) {
        let small = scene.framing == Framing::Wide;
        let size = if small { 0.045 } else { 0.12 };
        boat(
            &mut sheet,
            palette,
            aspect * if scene.land & 1 == 0 { 0.62 } else { 0.36 },
            horizon + 0.07 + size * 0.3,
            size,
            scene.is_dark(),
        );
        used = true;
    }
    if scene.has(Thing::House) && scene.place == Place::Fields {
        house(
            &mut sheet,
            scene,
            palette,
            aspect * 0.64,
            horizon + 0.1,
            0.13,
        );
        used = true;
    }
    if scene.has(Thing::Castle) {
        let stone = aired(palette.shadow.mix(Rgb::hex(0x4F4A52), 0.4), palette, 0.35);
        let wall = (aspect * 0.52, aspect * 0.84, horizon - 0.06);
        sheet.polygon(
            &[
                (wall.0, horizon + 0.04),
                (wall.0, wall.2),
                (wall.1, wall.2),
                (wall.1, horizon + 0.04),
            ],
            stone.scale(0.92),
            1.0,
        );
        for n in 0..24 {
            let x = wall.0 + (wall.1 - wall.0) * (n as f32 + 0.25) / 24.0;
            let y = wall.2;
            let merlon = [
                (x, y),
                (x, y - 0.012),
                (x + 0.012, y - 0.012),
                (x + 0.012, y),
            ];
            sheet.polygon(&merlon, stone.scale(0.92), 1.0);
        }
        for n in 0..5 {
            let x = aspect * (0.56 + 0.06 * n as f32);
            let h = [0.2, 0.13, 0.28, 0.12, 0.18][n];
            sheet.polygon(
                &[
                    (x - 0.03, horizon + 0.04),
                    (x - 0.03, horizon - h),
                    (x, horizon - h - 0.05),
                    (x + 0.03, horizon - h),
                    (x + 0.03, horizon + 0.04),
                ],
                stone,
                1.0,
            );
            sheet.ellipse(x, horizon - h * 0.6, 0.004, 0.008, palette.lamp, 0.9);
        }
        used = true;
    }
    if scene.has(Thing::Ship) && scene.place == Place::Space {
        ship(&mut sheet, palette, aspect * 0.4, 0.4, 0.16);
        used = true;
    }
    if scene.has(Thing::Planet) && scene.place == Place::Desert {
        for (x, y, r) in [(0.24, 0.18, 0.075), (0.36, 0.28, 0.03)] {
            sheet.ellipse(
                aspect * x,
                y,
                r,
                r,
                palette.horizon.mix(Rgb(1.0, 1.0, 1.0), 0.25),
                0.9,
            );
            sheet.ellipse(
                aspect * x + r * 0.35,
                y + r * 0.15,
                r * 0.95,
                r * 0.95,
                palette.zenith.mix(palette.horizon, 0.35),
                0.75,
            );
        }
        used = true;
    }
    if scene.has(Thing::Bridge) || scene.has(Thing::Train) && scene.place == Place::City {
        let steel = palette.shadow;
        let y = horizon - 0.02;
        sheet.polygon(
            &[
                (-0.3, y),
                (aspect + 0.3, y - 0.05),
                (aspect + 0.3, y - 0.025),
                (-0.3, y + 0.025),
            ],
            steel,
            1.0,
        );
        for n in 0..14 {
            let x = (n as f32 / 13.0 * 1.3 - 0.15) * aspect;
            sheet.line(&[(x, y), (x, y + 0.3)], 0.008, steel, 1.0);
        }
        if scene.has(Thing::Train) {
            let top = y - 0.115;
            sheet.polygon(
                &[
                    (aspect * 0.2, y - 0.008),
                    (aspect * 0.2, top),
                    (aspect * 0.92, top - 0.025),
                    (aspect * 0.95, y - 0.04),
                ],
                steel.mix(Rgb::hex(0x53616F), 0.5),
                1.0,
            );
            for n in 0..16 {
                let x = aspect * (0.23 + 0.043 * n as f32);
                sheet.polygon(
                    &[
                        (x, top + 0.02),
                        (x + 0.045, top + 0.018),
                        (x + 0.045, top + 0.055),
                        (x, top + 0.057),
                    ],
                    palette.lamp,
                    0.9,
                );
            }
        }
        used = true;
    }
    if scene.has(Thing::Birds) {
        for n in 0..9 {
            let at = |k: i32| unit(n, k, scene.seed ^ 0xB12D);
            let (x, y, s) = (
                aspect * (0.15 + 0.7 * at(1)),
                0.12 + 0.28 * at(2),
                0.008 + 0.012 * at(3),
            );
            sheet.line(
                &[
                    (x - s, y - s * 0.5),
                    (x - s * 0.4, y - s * 0.15),
                    (x, y),
                    (x + s * 0.4, y - s * 0.2),
                    (x + s, y - s * 0.55),
                ],
                0.0022,
                palette.shadow,
                0.85,
            );
        }
        used = true;
    }
    if used {
        planes.push((sheet, 0.48));
    }
    Some(())
}

fn boat(sheet: &mut Sheet, palette: &Palette, x: f32, y: f32, s: f32, dark: bool) {
    let hull = palette.shadow.mix(Rgb::hex(0x50382A), 0.35);
    let tilt = 0.08;
    sheet.polygon(
        &[
            (x - s, y - s * (0.28 + tilt)),
            (x + s * 1.05, y - s * (0.34 - tilt)),
            (x + s * 0.7, y + s * 0.1),
            (x - s * 0.75, y + s * 0.1),
        ],
        hull,
        1.0,
    );
    sheet.line(
        &[(x, y - s * 0.3), (x + s * 0.05, y - s * 1.7)],
        s * 0.05,
        hull,
        1.0,
    );
    let sail = Rgb::hex(0xD9D0BF).scale(0.3 + 0.6 * palette.day);
    sheet.polygon(
        &[
            (x + s * 0.08, y - s * 1.6),
            (x + s * 0.12, y - s * 0.42),
            (x + s * 0.85, y - s * 0.5),
        ],
        sail,
        0.95,
    );
    if dark {
        sheet.ellipse(
            x - s * 0.45,
            y - s * 0.5,
            s * 0.07,
            s * 0.07,
            palette.lamp,
            1.0,
        );
        sheet.glow(x - s * 0.45, y - s * 0.5, s * 1.1, palette.lamp, 0.8);
    }
    sheet.polygon(
        &[
            (x - s * 0.7, y + s * 0.1),
            (x + s * 0.65, y + s * 0.1),
            (x + s * 0.4, y + s * 0.42),
            (x - s * 0.4, y + s * 0.42),
        ],
        palette.shadow,
        0.35,
    );
}
