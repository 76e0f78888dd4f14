//! Streets, and the houses that stand alone.

use super::{Plane, aired};
use crate::colour::{Palette, Rgb};
use crate::layer::{Geometry, Sheet};
use crate::noise::{fbm, smoothstep, unit, value};
use crate::scene::Scene;

pub(crate) fn city(
    geometry: Geometry,
    scene: &Scene,
    palette: &Palette,
    planes: &mut Vec<Plane>,
) -> Option<()> {
    let aspect = geometry.aspect();
    let horizon = scene.horizon();
    for n in 0..3u32 {
        let near = n as f32 / 2.0;
        let seed = scene.land ^ (0xB1D0 + n);
        let wall = aired(
            palette.shadow.mix(Rgb::hex(0x2C3444), 0.4),
            palette,
            0.62 * (1.0 - near),
        );
        let mut sheet = Sheet::new(geometry)?;
        let mut x = -0.2 * aspect;
        let mut k = 0;
        while x < 1.2 * aspect {
            k += 1;
            let at = |i: i32| unit(k, i, seed);
            let width = 0.05 + 0.09 * at(1) * (0.7 + near);
            // A street opens in the middle of the nearest row.
            let middle = 1.0 - ((x + width / 2.0) / aspect - 0.5).abs() * 2.0;
            let open = if n == 2 {
                1.0 - 0.75 * smoothstep(0.35, 0.9, middle)
            } else {
                1.0
            };
            let height = (0.16 + 0.34 * at(2).powi(2) + 0.12 * near) * open + 0.03;
            let top = horizon + 0.03 - height;
            sheet.polygon(
                &[(x, 1.2), (x, top), (x + width, top), (x + width, 1.2)],
                wall.scale(0.85 + 0.3 * at(3)),
                1.0,
            );
            if at(4) > 0.7 {
                sheet.line(
                    &[(x + width * 0.5, top), (x + width * 0.5, top - 0.05)],
                    0.002,
                    wall,
                    1.0,
                );
            }
            windows(
                &mut sheet,
                (x, top, width, horizon + 0.2),
                k,
                seed,
                palette,
                scene.is_dark(),
                near,
            );
            x += width + 0.004 * at(5);
        }
        planes.push((sheet, 0.2 + 0.3 * near));
    }
    let mut street = Sheet::new(geometry)?;
    let seed = scene.land ^ 0x57EE;
    let wet = matches!(
        scene.weather,
        crate::scene::Weather::Rain | crate::scene::Weather::Storm
    ) || scene.is_dark();
    street.shade(|x, y| {
        let edge = horizon + 0.13;
        let inside = smoothstep(-0.001, 0.001, y - edge);
        let depth = ((y - edge) / (1.05 - edge)).clamp(0.0, 1.0);
        let (u, v) = ((x / aspect - 0.5) / (0.1 + depth), 1.0 / (0.1 + depth));
        let tone = fbm(u * 9.0, v * 6.0, 4, seed);
        let mut colour = palette
            .shadow
            .mix(Rgb::hex(0x39404C), 0.35)
            .scale(0.7 + 0.6 * tone);
        if wet {
            let streak = value(x * 26.0, 2.0, seed).powi(2) * value(x * 60.0, y * 5.0, seed ^ 3);
            colour = colour.screen(
                palette
                    .lamp
                    .mix(Rgb::hex(0xE0567A), value(x * 7.0, 9.0, seed)),
                0.75 * streak,
            );
        }
        (
            colour.mix(palette.haze, 0.35 * (1.0 - depth).powi(3)),
            inside,
        )
    });
    if scene.is_dark() {
        for side in [0.2, 0.8] {
            let x = side * aspect;
            street.line(&[(x, 0.98), (x, 0.56)], 0.006, palette.shadow, 1.0);
            street.line(
                &[(x, 0.56), (x + (0.5 - side) * 0.12, 0.545)],
                0.005,
                palette.shadow,
                1.0,
            );
            let head = x + (0.5 - side) * 0.12;
            street.glow(head, 0.55, 0.2, palette.lamp, 0.75);
            street.ellipse(head, 0.55, 0.012, 0.007, palette.lamp, 1.0);
        }
    }
    planes.push((street, 0.55));
    Some(())
}

#[allow(clippy::too_many_arguments)] // One building's facts.
fn windows(
    sheet: &mut Sheet,
    (x, top, width, bottom): (f32, f32, f32, f32),
    building: i32,
    seed: u32,
    palette: &Palette,
    dark: bool,
    near: f32,
) {
    let (step_x, step_y) = (0.011 + 0.008 * near, 0.017 + 0.012 * near);
    let (columns, rows) = ((width / step_x) as i32, ((bottom - top) / step_y) as i32);
    for row in 1..rows {
        for column in 1..columns {
            let chance = unit(row * 131 + column, building, seed ^ 0x11);
            let lit = if dark { chance > 0.62 } else { chance > 0.93 };
            if !lit {
                continue;
            }
            let (wx, wy) = (x + column as f32 * step_x, top + row as f32 * step_y);
            let warm = palette
                .lamp
                .mix(Rgb::hex(0xBFE0FF), if chance > 0.92 { 0.8 } else { 0.0 });
            let strength = (if dark { 0.45 + 0.5 * chance } else { 0.4 }) * (0.45 + 0.55 * near);
            let (w, h) = (step_x * 0.3, step_y * 0.3);
            sheet.polygon(
                &[
                    (wx - w, wy - h),
                    (wx + w, wy - h),
                    (wx + w, wy + h),
                    (wx - w, wy + h),
                ],
                warm,
                strength,
            );
        }
    }
}

pub(crate) fn house(sheet: &mut Sheet, scene: &Scene, palette: &Palette, x: f32, y: f32, s: f32) {
    let wall = Rgb::hex(0x8A7A68)
        .scale(0.22 + 0.55 * palette.day)
        .mix(palette.haze, 0.12);
    sheet.polygon(
        &[
            (x - s, y),
            (x - s, y - s * 0.75),
            (x + s, y - s * 0.75),
            (x + s, y),
        ],
        wall,
        1.0,
    );
    sheet.polygon(
        &[
            (x - s * 1.15, y - s * 0.72),
            (x - s * 0.7, y - s * 1.4),
            (x + s * 0.7, y - s * 1.4),
            (x + s * 1.15, y - s * 0.72),
        ],
        palette.shadow.mix(Rgb::hex(0x5A3A30), 0.35),
        1.0,
    );
    sheet.polygon(
        &[
            (x + s * 0.35, y - s * 1.35),
            (x + s * 0.35, y - s * 1.75),
            (x + s * 0.52, y - s * 1.75),
            (x + s * 0.52, y - s * 1.35),
        ],
        palette.shadow,
        1.0,
    );
    let glow = if scene.is_dark() || palette.day < 0.7 {
        1.0
    } else {
        0.35
    };
    for wx in [-0.55, 0.0, 0.55] {
        let at = x + wx * s;
        sheet.polygon(
            &[
                (at - s * 0.13, y - s * 0.2),
                (at - s * 0.13, y - s * 0.5),
                (at + s * 0.13, y - s * 0.5),
                (at + s * 0.13, y - s * 0.2),
            ],
            palette.lamp,
            glow,
        );
        if glow > 0.5 {
            sheet.glow(at, y - s * 0.35, s * 0.9, palette.lamp, 0.5);
        }
    }
}
