//! Rooms, corridors and caves.

use super::Plane;
use crate::colour::{Palette, Rgb};
use crate::layer::{Geometry, Sheet};
use crate::noise::{fbm, smoothstep, unit};
use crate::scene::{Place, Scene, Thing};

pub(crate) fn interior(
    geometry: Geometry,
    scene: &Scene,
    palette: &Palette,
    planes: &mut Vec<Plane>,
) -> Option<()> {
    let aspect = geometry.aspect();
    let seed = scene.land ^ 0x100F;
    let corridor = scene.place == Place::Corridor;
    let warm = if scene.has(Thing::Lamp) || scene.has(Thing::Lantern) {
        palette.lamp
    } else {
        palette.light
    };
    let wall = if corridor {
        Rgb::hex(0x3A4653)
    } else {
        Rgb::hex(0x6A4E3A)
    };
    // One lamp, or the window, lights the room.
    let (lx, ly) = (aspect * 0.66, 0.38);
    let mut room = Sheet::new(geometry)?;
    room.shade(|x, y| {
        let floor = 0.74;
        let distance = ((x - lx).powi(2) + ((y - ly) * 1.2).powi(2)).sqrt();
        let pool = (-distance * 2.1).exp();
        let grain = if y > floor {
            let depth = (y - floor) / 0.3;
            let plank = ((x - aspect / 2.0) / (0.25 + depth) * 9.0).fract().abs();
            0.75 + 0.25 * smoothstep(0.02, 0.06, plank.min(1.0 - plank))
                + 0.15 * fbm(x * 4.0, y * 30.0, 3, seed)
        } else {
            0.82 + 0.3 * fbm(x * 6.0, y * 6.0, 4, seed)
        };
        let base = if y > floor { wall.scale(0.62) } else { wall };
        let corner = smoothstep(0.0, 0.02, (y - floor).abs());
        let colour = base.scale(0.16 * grain + 0.9 * pool * grain).mix(
            palette.shadow,
            0.35 * (1.0 - pool) * (1.0 - 0.4 * palette.day),
        );
        (
            colour.screen(warm, 0.22 * pool).scale(0.75 + 0.25 * corner),
            1.0,
        )
    });
    planes.push((room, 0.2));
    let mut things = Sheet::new(geometry)?;
    if corridor {
        let alert = if scene.is_dark() {
            Rgb::hex(0xE0453A)
        } else {
            Rgb::hex(0x9FD8FF)
        };
        for n in (1..7).rev() {
            let k = 1.0 / n as f32;
            let (w, h) = (aspect * 0.62 * k, 0.62 * k);
            let (cx, cy) = (aspect * 0.5, 0.46);
            let frame = [
                (cx - w, cy - h),
                (cx + w, cy - h),
                (cx + w, cy + h),
                (cx - w, cy + h),
                (cx - w, cy - h),
            ];
            things.line(&frame, 0.02 * k, palette.shadow, 1.0);
            things.line(
                &[(cx - w * 0.5, cy - h), (cx + w * 0.5, cy - h)],
                0.012 * k,
                alert,
                0.9,
            );
            things.glow(cx, cy - h, 0.3 * k, alert, 0.5);
        }
    } else {
        window(&mut things, scene, palette, aspect * 0.24, 0.36);
        if scene.has(Thing::Shelves) || seed.is_multiple_of(2) {
            shelves(&mut things, palette, seed, aspect);
        }
        let wood = Rgb::hex(0x3A281C);
        things.polygon(
            &[
                (aspect * 0.46, 0.72),
                (aspect * 0.98, 0.72),
                (aspect * 1.02, 0.77),
                (aspect * 0.42, 0.77),
            ],
            wood.mix(warm, 0.25),
            1.0,
        );
        for leg in [0.47, 0.95] {
            things.polygon(
                &[
                    (aspect * leg, 0.77),
                    (aspect * leg + 0.03, 0.77),
                    (aspect * leg + 0.03, 1.1),
                    (aspect * leg, 1.1),
                ],
                wood.scale(0.6),
                1.0,
            );
        }
        things.glow(lx, ly + 0.2, 0.42, palette.lamp, 0.62);
        things.line(&[(lx, 0.72), (lx, 0.6)], 0.006, wood.scale(0.5), 1.0);
        things.polygon(
            &[
                (lx - 0.06, 0.6),
                (lx - 0.035, 0.53),
                (lx + 0.035, 0.53),
                (lx + 0.06, 0.6),
            ],
            palette.lamp,
            1.0,
        );
        if scene.has(Thing::Clock) {
            things.ellipse(aspect * 0.8, 0.63, 0.075, 0.075, wood, 1.0);
            things.ellipse(
                aspect * 0.8,
                0.63,
                0.062,
                0.062,
                Rgb::hex(0xE9DDC4).scale(0.8),
                1.0,
            );
            things.line(
                &[(aspect * 0.8, 0.63), (aspect * 0.8, 0.585)],
                0.005,
                wood,
                1.0,
            );
            things.line(
                &[(aspect * 0.8, 0.63), (aspect * 0.8 + 0.03, 0.645)],
                0.005,
                wood,
                1.0,
            );
        }
    }
    planes.push((things, 0.4));
    Some(())
}

fn window(sheet: &mut Sheet, scene: &Scene, palette: &Palette, x: f32, y: f32) {
    let (w, h) = (0.15, 0.21);
    let quad = |gx: f32, gy: f32| {
        [
            (x - w - gx, y - h - gy),
            (x + w + gx, y - h - gy),
            (x + w + gx, y + h + gy),
            (x - w - gx, y + h + gy),
        ]
    };
    sheet.polygon(&quad(0.02, 0.02), Rgb::hex(0x2A1C14), 1.0);
    sheet.polygon(
        &quad(0.0, 0.0),
        palette.zenith.mix(palette.horizon, 0.3),
        1.0,
    );
    let low = [(x - w, y), (x + w, y), (x + w, y + h), (x - w, y + h)];
    sheet.polygon(&low, palette.horizon, 0.8);
    if scene.is_dark() {
        sheet.ellipse(x + 0.05, y - 0.1, 0.026, 0.026, palette.light, 0.95);
    }
    sheet.glow(x, y, 0.4, palette.horizon, 0.3 + 0.25 * palette.day);
    for (a, b) in [((x, y - h), (x, y + h)), ((x - w, y), (x + w, y))] {
        sheet.line(&[a, b], 0.01, Rgb::hex(0x2A1C14), 1.0);
    }
}

fn shelves(sheet: &mut Sheet, palette: &Palette, seed: u32, aspect: f32) {
    let wood = Rgb::hex(0x2C1D14);
    let (left, right) = (aspect * 0.52, aspect * 1.08);
    for row in 0..4 {
        let y = 0.13 + 0.135 * row as f32;
        let mut x = left;
        let mut n = 0;
        while x < right {
            n += 1;
            let at = |k: i32| unit(n, row * 10 + k, seed);
            let (w, h) = (0.008 + 0.014 * at(1), 0.06 + 0.05 * at(2));
            let hue = [0x6B3226, 0x2F4A52, 0x6A5A2E, 0x43304F, 0x355038][(at(3) * 4.99) as usize];
            let colour = Rgb::hex(hue)
                .scale(0.55 + 0.35 * at(4))
                .mix(palette.lamp, 0.12);
            sheet.polygon(
                &[(x, y), (x, y - h), (x + w, y - h), (x + w, y)],
                colour,
                1.0,
            );
            x += w + 0.001 + if at(5) > 0.93 { 0.03 } else { 0.0 };
        }
        sheet.polygon(
            &[
                (left - 0.01, y),
                (right, y),
                (right, y + 0.012),
                (left - 0.01, y + 0.012),
            ],
            wood,
            1.0,
        );
    }
}

pub(crate) fn cave(
    geometry: Geometry,
    scene: &Scene,
    palette: &Palette,
    planes: &mut Vec<Plane>,
) -> Option<()> {
    let aspect = geometry.aspect();
    let seed = scene.land ^ 0xCA7E;
    let fire = (aspect * 0.5, 0.8);
    let lit = if scene.has(Thing::Fire) || scene.is_dark() {
        Rgb::hex(0xFF9B4A)
    } else {
        palette.horizon
    };
    for n in 0..2u32 {
        let near = n as f32;
        let mut sheet = Sheet::new(geometry)?;
        let stone = Rgb::hex(0x4A3F38).scale(0.75 - 0.4 * near);
        let open = 0.46 - 0.02 * near + 0.12 * near;
        sheet.shade(|x, y| {
            let (dx, dy) = ((x / aspect - 0.5) * 1.35, (y - 0.52) * 1.05);
            let ragged = fbm(x * 3.0, y * 3.0, 5, seed ^ n) - 0.5;
            let distance = (dx * dx + dy * dy).sqrt() + ragged * 0.28;
            let wall = smoothstep(open - 0.01, open + 0.01, distance);
            let texture = fbm(x * 9.0, y * 9.0, 5, seed ^ 9);
            let to_fire = ((x - fire.0).powi(2) + (y - fire.1).powi(2)).sqrt();
            let colour = stone
                .scale(0.5 + 0.8 * texture)
                .screen(lit, 0.55 * (-to_fire * 2.4).exp() * (0.5 + texture));
            (colour, wall)
        });
        planes.push((sheet, 0.3 + 0.35 * near));
    }
    let mut floor = Sheet::new(geometry)?;
    floor.shade(|x, y| {
        let edge = 0.80 + 0.03 * fbm(x * 4.0, 0.0, 3, seed);
        let to_fire = ((x - fire.0).powi(2) + ((y - fire.1) * 2.0).powi(2)).sqrt();
        let colour = Rgb::hex(0x2A231F)
            .scale(0.6 + 0.7 * fbm(x * 12.0, y * 22.0, 4, seed))
            .screen(lit, 0.6 * (-to_fire * 3.0).exp());
        (colour, smoothstep(-0.002, 0.002, y - edge))
    });
    if scene.has(Thing::Fire) || scene.is_dark() {
        floor.glow(fire.0, fire.1, 0.36, lit, 0.85);
        for k in 0..5 {
            let x = fire.0 + (k as f32 - 2.0) * 0.012;
            let h = 0.05 + 0.03 * unit(k, 1, seed);
            floor.polygon(
                &[
                    (x - 0.012, fire.1 + 0.02),
                    (x, fire.1 + 0.02 - h),
                    (x + 0.012, fire.1 + 0.02),
                ],
                palette.lamp,
                0.9,
            );
        }
    }
    planes.push((floor, 0.5));
    Some(())
}
