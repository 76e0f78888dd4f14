//! Land, water, streets and rooms: what stands between the sky and the weather, far to near.

use crate::colour::{Palette, Rgb};
use crate::figures::{self, Stand};
use crate::layer::{Geometry, Sheet};
use crate::noise::{fbm, hash, ridged, smoothstep, unit, value};
use crate::scene::{Figure, Framing, Place, Scene, Thing};

/// A sheet of the scene and how near it is: 0 far to 1 near.
pub(crate) type Plane = (Sheet, f32);

/// Paints the planes of the place, far to near. `None` if a sheet cannot be had.
pub(crate) fn planes(geometry: Geometry, scene: &Scene, palette: &Palette) -> Option<Vec<Plane>> {
    let mut planes = Vec::new();
    match scene.place {
        Place::Sea => sea(geometry, scene, palette, &mut planes)?,
        Place::River => {
            ridges(geometry, scene, palette, &mut planes, 2)?;
            water(geometry, scene, palette, &mut planes)?;
        }
        Place::Mountains | Place::Snow => {
            ridges(geometry, scene, palette, &mut planes, 4)?;
            ground(geometry, scene, palette, &mut planes)?;
        }
        Place::Desert => {
            ridges(geometry, scene, palette, &mut planes, 2)?;
            ground(geometry, scene, palette, &mut planes)?;
        }
        Place::Fields => {
            ridges(geometry, scene, palette, &mut planes, 2)?;
            ground(geometry, scene, palette, &mut planes)?;
        }
        Place::Forest => forest(geometry, scene, palette, &mut planes)?,
        Place::City => city(geometry, scene, palette, &mut planes)?,
        Place::Space => space(geometry, scene, palette, &mut planes)?,
        Place::Interior | Place::Corridor => interior(geometry, scene, palette, &mut planes)?,
        Place::Cave => cave(geometry, scene, palette, &mut planes)?,
    }
    things(geometry, scene, palette, &mut planes)?;
    people(geometry, scene, palette, &mut planes)?;
    foreground(geometry, scene, palette, &mut planes)?;
    Some(planes)
}

/// A colour seen through air: the further, the more haze.
fn aired(colour: Rgb, palette: &Palette, distance: f32) -> Rgb {
    colour.mix(palette.haze.mix(palette.horizon, 0.35), distance)
}

fn ridges(
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
            0.25 + 0.62 * far,
        );
        let snowy = alpine || scene.place == Place::Snow;
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
            let towards = if x < sun_x { -slope } else { slope };
            let lit = (0.5 + towards * 26.0).clamp(0.0, 1.0) * palette.day;
            let texture = fbm(x * 22.0, (y - top) * 30.0 + x * 9.0, 4, seed ^ 7);
            let mut colour = rock
                .scale(0.82 + 0.3 * texture)
                .mix(light, 0.35 * lit * (1.0 - far * 0.4));
            if snowy && y - top < height * (0.2 + 0.5 * texture) {
                let snow = Rgb::hex(0xE8EEF6)
                    .mix(palette.haze, 0.2 + 0.4 * far)
                    .scale(0.35 + 0.65 * palette.day);
                colour = colour.mix(snow.mix(light, 0.3 * lit), 0.75);
            }
            let foot = smoothstep(base - height * 0.55, base + 0.02, y);
            (colour.mix(palette.haze, 0.55 * foot * far), inside)
        });
        planes.push((sheet, 0.12 + 0.3 * (1.0 - far)));
    }
    Some(())
}

/// The plane that one stands on: grass, sand, snow or earth.
fn ground(
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

fn sea(
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
fn water(
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

fn forest(
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

fn city(
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

fn space(
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

fn ship(sheet: &mut Sheet, palette: &Palette, x: f32, y: f32, size: f32) {
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

fn interior(
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

fn cave(
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

fn things(
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

fn lighthouse(sheet: &mut Sheet, scene: &Scene, palette: &Palette) {
    let aspect = sheet.geometry.aspect();
    let horizon = scene.horizon();
    let right = scene.land & 2 == 0;
    let x = aspect * if right { 0.73 } else { 0.27 };
    let seed = scene.land ^ 0x11;
    let rock = palette
        .shadow
        .mix(Rgb::hex(0x4A4640), 0.35)
        .mix(palette.haze, 0.12);
    // The rock that it stands on, falling into the sea.
    let mut cliff = vec![(x - 0.42, 1.2)];
    for n in 0..=16 {
        let t = n as f32 / 16.0;
        let rise = (1.0 - (2.0 * t - 1.0).abs()).powf(0.6);
        let y = horizon + 0.20 - 0.235 * rise + 0.03 * (unit(n, 1, seed) - 0.5);
        cliff.push((x - 0.42 + 0.84 * t, y));
    }
    cliff.push((x + 0.42, 1.2));
    sheet.polygon(&cliff, rock, 1.0);
    let lit = if scene.sun().0 * aspect < x {
        -1.0
    } else {
        1.0
    };
    let strokes = 90;
    for n in 0..strokes {
        let at = |k: i32| unit(n, k, seed ^ 0x22);
        let (sx, sy) = (x - 0.38 + 0.76 * at(1), horizon + 0.01 + 0.34 * at(2));
        if (sx - x).abs() > 0.40 * (sy - horizon + 0.05) / 0.24 {
            continue;
        }
        let light = if at(3) > 0.5 {
            palette.light
        } else {
            palette.shadow
        };
        sheet.line(
            &[(sx, sy), (sx + 0.02 * (at(4) - 0.5), sy + 0.03 * at(5))],
            0.004,
            light,
            0.10 + 0.10 * palette.day,
        );
    }
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
        for (spread, alpha) in [(0.20, 0.10), (0.12, 0.14), (0.06, 0.2)] {
            sheet.polygon(
                &[
                    (x, lamp_y - 0.008),
                    (x + far * 1.9, lamp_y - spread - 0.05),
                    (x + far * 1.9, lamp_y + spread * 0.7),
                    (x, lamp_y + 0.008),
                ],
                palette.lamp,
                alpha,
            );
        }
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

fn house(sheet: &mut Sheet, scene: &Scene, palette: &Palette, x: f32, y: f32, s: f32) {
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

fn people(
    geometry: Geometry,
    scene: &Scene,
    palette: &Palette,
    planes: &mut Vec<Plane>,
) -> Option<()> {
    let Some(figure) = scene.figure else {
        return Some(());
    };
    let aspect = geometry.aspect();
    let mut sheet = Sheet::new(geometry)?;
    if scene.framing == Framing::Close {
        figures::close_up(&mut sheet, scene, figure, palette);
        planes.push((sheet, 0.7));
        return Some(());
    }
    let light = if scene.sun().0 < 0.5 { -1.0 } else { 1.0 };
    let person = matches!(
        figure,
        Figure::Woman | Figure::Man | Figure::Child | Figure::Robot | Figure::Astronaut
    );
    let inside = matches!(scene.place, Place::Interior | Place::Corridor);
    let floating = scene.place == Place::Space;
    let base = match (scene.framing, inside) {
        (Framing::Medium, _) => 0.62,
        (_, true) => 0.42,
        _ => 0.24 + 0.06 * (-scene.angle),
    };
    let height = match figure {
        Figure::Child => base * 0.8,
        Figure::Bear | Figure::Horse | Figure::Dragon => base * 0.8,
        Figure::Whale => base * 0.7,
        _ if person => base,
        _ => base * 0.5,
    };
    let foot = if scene.framing == Framing::Medium {
        1.02
    } else if inside {
        0.9
    } else if floating {
        0.62
    } else {
        0.86
    };
    let body = palette.shadow.mix(Rgb(0.0, 0.0, 0.0), 0.25);
    let rim = if inside || scene.has(Thing::Lantern) {
        palette.lamp
    } else {
        palette.light.mix(palette.horizon, 0.3)
    };
    let third = if light < 0.0 { 0.62 } else { 0.38 };
    for n in 0..scene.count.min(3) {
        let x = aspect * (third + 0.13 * n as f32 * (0.5 + height));
        let height = height * (1.0 - 0.12 * n as f32);
        if !floating && scene.framing != Framing::Medium {
            sheet.ellipse(
                x - light * height * 0.25,
                foot,
                height * 0.42,
                height * 0.03,
                palette.shadow,
                0.4,
            );
        }
        figures::paint(
            &mut sheet,
            figure,
            Stand {
                x,
                y: foot,
                height,
                light,
            },
            body,
            rim,
        );
        if n == 0 && scene.has(Thing::Lantern) && person {
            let (lx, ly) = (x + light * height * 0.24, foot - height * 0.42);
            sheet.line(
                &[
                    (x + light * height * 0.1, foot - height * 0.62),
                    (lx, ly - height * 0.06),
                ],
                height * 0.035,
                body,
                1.0,
            );
            sheet.glow(lx, ly, height * 0.95, palette.lamp, 0.85);
            sheet.polygon(
                &[
                    (lx - height * 0.03, ly - height * 0.05),
                    (lx + height * 0.03, ly - height * 0.05),
                    (lx + height * 0.035, ly + height * 0.05),
                    (lx - height * 0.035, ly + height * 0.05),
                ],
                palette.lamp,
                1.0,
            );
        }
    }
    planes.push((sheet, 0.62));
    Some(())
}

/// Something dark and near at the edges gives the picture depth.
fn foreground(
    geometry: Geometry,
    scene: &Scene,
    palette: &Palette,
    planes: &mut Vec<Plane>,
) -> Option<()> {
    if scene.framing == Framing::Close
        || matches!(
            scene.place,
            Place::Space | Place::Corridor | Place::Cave | Place::Interior
        )
    {
        return Some(());
    }
    let aspect = geometry.aspect();
    let seed = scene.land ^ 0xF06E;
    let dark = palette.shadow.mix(Rgb(0.0, 0.0, 0.0), 0.35);
    let mut sheet = Sheet::new(geometry)?;
    match scene.place {
        Place::Fields | Place::Forest | Place::River => {
            for n in 0..420 {
                let at = |k: i32| unit(n, k, seed);
                let x = (at(1) * 1.3 - 0.15) * aspect;
                let edge = ((x / aspect - 0.5).abs() * 2.0).powi(2);
                let h = (0.03 + 0.13 * at(2)) * (0.25 + 0.9 * edge);
                let bend = (at(3) - 0.5) * h;
                sheet.line(
                    &[
                        (x, 1.12),
                        (x + bend * 0.3, 1.06 - h * 0.6),
                        (x + bend, 1.04 - h),
                    ],
                    0.0025 + 0.002 * at(4),
                    dark,
                    1.0,
                );
            }
        }
        Place::City => {
            sheet.polygon(
                &[(-0.3, 1.3), (-0.3, -0.3), (0.02, -0.3), (0.06, 1.3)],
                dark,
                1.0,
            );
        }
        _ => {
            let crest = |x: f32| {
                let edge = ((x / aspect - 0.5).abs() * 2.0).powf(1.6);
                1.05 - 0.13 * edge - 0.07 * ridged(x * 2.3, 4, seed)
            };
            sheet.shade(|x, y| {
                let texture = fbm(x * 20.0, y * 20.0, 3, seed);
                (
                    dark.scale(0.7 + 0.6 * texture),
                    smoothstep(-0.002, 0.002, y - crest(x)),
                )
            });
        }
    }
    let side = if hash(1, 2, seed) & 1 == 0 {
        0.0
    } else {
        aspect
    };
    if matches!(scene.place, Place::Fields | Place::River) {
        branch(&mut sheet, side, dark, seed);
    }
    planes.push((sheet, 1.0));
    Some(())
}

/// A twig with leaves that hangs into the picture from a corner.
fn branch(sheet: &mut Sheet, side: f32, dark: Rgb, seed: u32) {
    let inwards = if side > 0.0 { -1.0 } else { 1.0 };
    for twig in 0..4 {
        let at = |k: i32| unit(twig, k, seed ^ 0xB2A);
        let start = (side - inwards * 0.12, -0.02 + 0.06 * twig as f32);
        let end = (
            side + inwards * (0.18 + 0.22 * at(1)),
            0.02 + 0.1 * twig as f32 * at(2),
        );
        sheet.line(&[start, end], 0.006 - 0.001 * twig as f32, dark, 1.0);
        for leaf in 0..14 {
            let t = leaf as f32 / 14.0;
            let jitter = |k: i32| unit(leaf, k + twig * 31, seed ^ 0x1EAF) - 0.5;
            let x = start.0 + (end.0 - start.0) * t + 0.02 * jitter(1);
            let y = start.1 + (end.1 - start.1) * t + 0.045 * jitter(2).abs();
            sheet.ellipse(
                x,
                y,
                0.010 + 0.006 * jitter(3),
                0.005 + 0.003 * jitter(4),
                dark,
                1.0,
            );
        }
    }
}
