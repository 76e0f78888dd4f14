//! A lighthouse on its rock.

use super::town::house;
use crate::colour::{Palette, Rgb};
use crate::layer::{Sheet, polygon};
use crate::noise::{fbm, smoothstep, unit};
use crate::scene::{Scene, Thing, Weather};
use crate::stencil::Stencil;

pub(crate) fn lighthouse(sheet: &mut Sheet, scene: &Scene, palette: &Palette) {
    let aspect = sheet.geometry.aspect();
    let horizon = scene.horizon();
    let right = scene.land & 2 == 0;
    let x = aspect * if right { 0.73 } else { 0.27 };
    let seed = scene.land ^ 0x11;
    let lit = if scene.sun().0 * aspect < x {
        -1.0
    } else {
        1.0
    };
    rock(sheet, palette, (x, horizon), lit, seed);
    let (base, top) = (horizon - 0.03, horizon - 0.36);
    let (wide, narrow) = (0.042, 0.027);
    let white = Rgb::hex(0xE9E4DA)
        .scale(0.24 + 0.66 * palette.day)
        .mix(palette.haze, 0.15);
    sheet.polygon(
        &[
            (x - wide, base),
            (x - narrow, top),
            (x + narrow, top),
            (x + wide, base),
        ],
        white,
        1.0,
    );
    for band in 0..2 {
        let (from, to) = (0.26 + 0.38 * band as f32, 0.42 + 0.38 * band as f32);
        let half = |t: f32| wide + (narrow - wide) * t;
        let y = |t: f32| base + (top - base) * t;
        let red = Rgb::hex(0xA83A30).scale(0.35 + 0.6 * palette.day);
        sheet.polygon(
            &[
                (x - half(from), y(from)),
                (x - half(to), y(to)),
                (x + half(to), y(to)),
                (x + half(from), y(from)),
            ],
            red,
            1.0,
        );
    }
    // The side away from the light.
    sheet.polygon(
        &[
            (x - lit * wide, base),
            (x - lit * narrow, top),
            (x - lit * 0.004, top),
            (x - lit * 0.006, base),
        ],
        palette.shadow,
        0.42,
    );
    sheet.polygon(
        &[
            (x - 0.04, top),
            (x - 0.04, top - 0.01),
            (x + 0.04, top - 0.01),
            (x + 0.04, top),
        ],
        palette.shadow,
        1.0,
    );
    let lamp_y = top - 0.032;
    let dark = scene.is_dark() || scene.has(Thing::Beam);
    let glass = if dark { palette.lamp } else { palette.horizon };
    sheet.polygon(
        &[
            (x - 0.021, top - 0.01),
            (x - 0.021, top - 0.055),
            (x + 0.021, top - 0.055),
            (x + 0.021, top - 0.01),
        ],
        glass,
        1.0,
    );
    for side in [-0.021, 0.0, 0.021] {
        sheet.line(
            &[(x + side, top - 0.01), (x + side, top - 0.055)],
            0.003,
            palette.shadow,
            1.0,
        );
    }
    sheet.polygon(
        &[
            (x - 0.03, top - 0.055),
            (x, top - 0.095),
            (x + 0.03, top - 0.055),
        ],
        palette.shadow,
        1.0,
    );
    if scene.has(Thing::Beam) || scene.time == crate::scene::Time::Night {
        let far = if right { -1.0 } else { 1.0 };
        let haze = if scene.weather == Weather::Clear {
            0.45
        } else {
            0.7
        };
        sheet.beam((x, lamp_y), far, 0.085, 2.2, palette.lamp, haze);
        sheet.beam((x, lamp_y), -far, 0.05, 0.5, palette.lamp, 0.35 * haze);
    }
    if dark {
        sheet.glow(x, lamp_y, 0.22, palette.lamp, 0.95);
    }
    house(
        sheet,
        scene,
        palette,
        x + lit * 0.12,
        horizon + 0.012,
        0.055,
    );
}

/// The rock in the sea that the tower stands on: facets in light and shadow, wet and foaming below.
fn rock(sheet: &mut Sheet, palette: &Palette, (x, horizon): (f32, f32), lit: f32, seed: u32) {
    let water = horizon + 0.215;
    let rise = |t: f32| (1.0 - (2.0 * t - 1.0).abs().powf(1.5)).max(0.0);
    let mut outline: Vec<(f32, f32)> = (0..=40)
        .map(|n| {
            let t = n as f32 / 40.0;
            // Ledges: the slope goes down in steps.
            let ledge = 0.016 * ((rise(t) * 7.0 + unit(n / 4, 3, seed)).sin());
            let rough = 0.018 * (unit(n, 1, seed) - 0.5);
            let y = water - 0.25 * rise(t).powf(0.8) + ledge + rough;
            (x - 0.44 + 0.88 * t, y.min(water))
        })
        .collect();
    outline.extend((0..=20).map(|n| {
        let t = n as f32 / 20.0;
        let sag = 0.022 * (std::f32::consts::PI * t).sin() + 0.008 * (unit(n, 2, seed) - 0.5);
        (x + 0.44 - 0.88 * t, water + sag)
    }));
    let stone = palette
        .shadow
        .mix(Rgb::hex(0x6A6258), 0.25 + 0.35 * palette.day)
        .mix(palette.haze, 0.10);
    let Some(stencil) =
        polygon(&outline).and_then(|path| Stencil::new(sheet.geometry, &[path], 0.08))
    else {
        return;
    };
    let soft = stencil.softened(0.05);
    let height = |x: f32, y: f32| fbm(x * 13.0 + y * 4.0, y * 21.0 - x * 3.0, 5, seed ^ 0x22);
    sheet.paint_inside(&stencil, |px, py| {
        let facet = height(px, py) - height(px + 0.012 * lit, py - 0.010);
        let towards = ((px - x) * lit / 0.44).clamp(-1.0, 1.0);
        let light = (smoothstep(-0.10, 0.16, facet) * (0.5 + 0.5 * towards)
            + 0.5 * smoothstep(0.5, 0.95, 1.0 - soft.at(px + lit * 0.03, py - 0.03)))
        .min(1.0);
        let wet = smoothstep(water - 0.05, water + 0.01, py);
        let crack = smoothstep(
            0.50,
            0.47,
            fbm(px * 9.0 - py * 14.0, py * 9.0, 4, seed ^ 0x33),
        );
        stone
            .scale(0.62 + 0.5 * height(px, py) - 0.16 * crack)
            .mix(palette.light, light * (0.10 + 0.42 * palette.day))
            .mix(palette.shadow, 0.6 * wet)
    });
    // Foam along the waterline.
    let foam = Rgb::hex(0xE6EEF0).scale(0.32 + 0.62 * palette.day);
    for n in 0..70 {
        let at = |k: i32| unit(n, k, seed ^ 0x44);
        let t = at(1);
        let fx = x - 0.46 + 0.92 * t;
        let fy = water + 0.022 * (std::f32::consts::PI * t).sin() + 0.010 * (at(2) - 0.35);
        let length = 0.008 + 0.03 * at(3);
        sheet.line(
            &[(fx, fy), (fx + length, fy + 0.002 * (at(4) - 0.5))],
            0.0022 + 0.0026 * at(5),
            foam,
            0.35 + 0.4 * at(6),
        );
    }
}
