//! A head and shoulders that fill the frame, lit from one side.

use tiny_skia::Path;

use super::shapes::curve;
use super::{Stand, paint};
use crate::colour::{Palette, Rgb};
use crate::layer::Sheet;
use crate::noise::{fbm, mix, smoothstep};
use crate::scene::{Figure, Scene};
use crate::stencil::Stencil;

/// Everything of a portrait that its parts share.
struct Sitter<'a> {
    figure: Figure,
    /// Middle of the face.
    x: f32,
    /// The side that the light is on, −1 or 1.
    light: f32,
    palette: &'a Palette,
    /// The light on the face.
    warm: Rgb,
    skin: Rgb,
    hair: Rgb,
}

pub(crate) fn close_up(sheet: &mut Sheet, scene: &Scene, figure: Figure, palette: &Palette) {
    let light = if scene.sun().0 < 0.5 { -1.0 } else { 1.0 };
    let warm = match scene.is_dark() {
        true => palette.lamp,
        false => palette.light,
    };
    let skin = match figure {
        Figure::Robot => Rgb::hex(0x7C8894),
        Figure::Astronaut => Rgb::hex(0xC9CED6),
        Figure::Fox => Rgb::hex(0xB8602C),
        Figure::Dog | Figure::Bear | Figure::Horse => Rgb::hex(0x6B4A33),
        Figure::Cat | Figure::Dragon | Figure::Whale => Rgb::hex(0x47505A),
        Figure::Bird => Rgb::hex(0x6A5A45),
        Figure::Woman | Figure::Man | Figure::Child => Rgb::hex(0xC9906C),
    };
    let hair = match scene.seed % 3 {
        0 => Rgb::hex(0x2A1C14),
        1 => Rgb::hex(0x17161C),
        _ => Rgb::hex(0x4A2E1C),
    };
    let sitter = Sitter {
        figure,
        x: sheet.geometry.aspect() * (0.5 - 0.08 * light),
        light,
        palette,
        warm,
        skin,
        hair: palette.shadow.mix(hair, 0.75),
    };
    match figure {
        Figure::Woman | Figure::Man | Figure::Child => sitter.person(sheet),
        Figure::Robot => {
            sitter.shoulders(sheet);
            sitter.robot(sheet);
        }
        Figure::Astronaut => {
            sitter.shoulders(sheet);
            sitter.helmet(sheet);
        }
        // Animals look best as themselves, near and large.
        _ => {
            let stand = Stand {
                x: sitter.x,
                y: 1.12,
                height: 0.95,
                light,
            };
            let coat = palette.shadow.mix(skin, 0.35);
            paint(sheet, figure, stand, coat, warm.mix(skin, 0.25));
        }
    }
}

impl Sitter<'_> {
    fn person(&self, sheet: &mut Sheet) {
        let child = self.figure == Figure::Child;
        if self.figure == Figure::Woman {
            self.hair_behind(sheet);
        }
        self.neck(sheet);
        self.shoulders(sheet);
        self.face(sheet);
        self.eyes(sheet, if child { 1.25 } else { 1.0 });
        self.mouth(sheet);
        self.hair_in_front(sheet);
    }

    /// A closed curve given in heights of the frame right of the middle of the face; `spread` widens it.
    fn outline(&self, spread: f32, points: &[(f32, f32)]) -> Option<Path> {
        let placed: Vec<(f32, f32)> = points
            .iter()
            .map(|(x, y)| (self.x + x * spread, *y))
            .collect();
        curve(&placed)
    }

    fn shaded(
        &self,
        sheet: &mut Sheet,
        path: Option<Path>,
        reach: f32,
        shade: impl Fn(f32, f32, &Stencil) -> Rgb,
    ) {
        let Some(stencil) =
            path.and_then(|path| Stencil::new(sheet.geometry, &[path], 2.0 * reach))
        else {
            return;
        };
        let soft = stencil.softened(reach);
        sheet.paint_inside(&stencil, |x, y| shade(x, y, &soft));
    }

    /// How much light falls on a rounded edge at (x, y), 0 to 1.
    fn edge_light(&self, soft: &Stencil, x: f32, y: f32, reach: f32) -> f32 {
        let facing = 1.0 - soft.at(x + self.light * reach * 0.7, y - reach * 0.5);
        smoothstep(0.4, 1.0, facing)
    }

    fn shoulders(&self, sheet: &mut Sheet) {
        let narrow = if self.figure == Figure::Child {
            0.8
        } else {
            1.0
        };
        let path = self.outline(
            narrow,
            &[
                (-0.56, 1.25),
                (-0.47, 0.93),
                (-0.24, 0.815),
                (-0.10, 0.745),
                (0.0, 0.775),
                (0.10, 0.745),
                (0.24, 0.815),
                (0.47, 0.93),
                (0.56, 1.25),
            ],
        );
        let coat = self.palette.shadow.mix(Rgb::hex(0x35485A), 0.55);
        self.shaded(sheet, path, 0.09, |x, y, soft| {
            let side = (x - self.x) * self.light;
            let fold = fbm(x * 9.0 + y * 3.0, y * 4.0 - x, 4, 0xF01D);
            let lit = self.edge_light(soft, x, y, 0.09);
            coat.scale(0.62 + 0.5 * fold + 0.35 * smoothstep(-0.3, 0.4, side))
                .mix(self.warm, 0.55 * lit)
        });
    }

    fn neck(&self, sheet: &mut Sheet) {
        let path = self.outline(
            1.0,
            &[
                (-0.07, 0.58),
                (0.07, 0.58),
                (0.075, 0.72),
                (0.12, 0.80),
                (0.0, 0.86),
                (-0.12, 0.80),
                (-0.075, 0.72),
            ],
        );
        let dark = self.palette.shadow.mix(self.skin, 0.28);
        self.shaded(sheet, path, 0.03, |x, y, _| {
            let side = (x - self.x) * self.light / 0.075;
            // The chin keeps the light off the upper part.
            let lit = smoothstep(-0.1, 1.0, side) * smoothstep(0.64, 0.76, y);
            dark.scale(0.8)
                .mix(self.skin.mix(self.warm, 0.3), 0.65 * lit)
        });
    }

    /// Height of the face's surface above the plane of its outline, in heights of the frame.
    fn relief(&self, x: f32, y: f32) -> f32 {
        let (u, v) = ((x - self.x) / 0.155, (y - 0.43) / 0.25);
        let skull = 0.15 * (1.0 - (u * u + v * v).min(1.0)).sqrt();
        let bump = |cx: f32, cy: f32, sx: f32, sy: f32| {
            let (dx, dy) = ((x - self.x - cx) / sx, (y - cy) / sy);
            (-(dx * dx + dy * dy)).exp()
        };
        let both =
            |cx: f32, cy: f32, sx: f32, sy: f32| bump(cx, cy, sx, sy) + bump(-cx, cy, sx, sy);
        // The bridge of the nose rises to its tip and ends there.
        let along = ((y - 0.40) / 0.105).clamp(0.0, 1.0);
        let nose = (0.004 + 0.024 * along * along)
            * (-((x - self.x) / (0.013 + 0.010 * along)).powi(2)).exp()
            * smoothstep(0.385, 0.42, y)
            * smoothstep(0.524, 0.505, y);
        skull + nose + 0.010 * bump(0.0, 0.392, 0.10, 0.016)
            - 0.013 * both(0.056, 0.428, 0.032, 0.019)
            + 0.010 * both(0.082, 0.485, 0.036, 0.030)
            + 0.005 * bump(0.0, 0.560, 0.034, 0.008)
            + 0.007 * bump(0.0, 0.581, 0.028, 0.009)
            - 0.005 * bump(0.0, 0.602, 0.026, 0.010)
            + 0.010 * bump(0.0, 0.635, 0.032, 0.022)
    }

    /// Light on the face at a position, 0 to 1: Lambert's law on the relief.
    fn lit(&self, x: f32, y: f32) -> f32 {
        const STEP: f32 = 0.003;
        let slope_x = (self.relief(x + STEP, y) - self.relief(x - STEP, y)) / (2.0 * STEP);
        let slope_y = (self.relief(x, y + STEP) - self.relief(x, y - STEP)) / (2.0 * STEP);
        let normal = 1.0 / (slope_x * slope_x + slope_y * slope_y + 1.0).sqrt();
        // From the side, above and a little in front; of length 1.
        let (lx, ly, lz) = (0.74 * self.light, -0.38, 0.55);
        (-slope_x * lx - slope_y * ly + lz) * normal
    }

    fn face(&self, sheet: &mut Sheet) {
        let (jaw, cheek) = match self.figure {
            Figure::Man => (1.14, 1.03),
            Figure::Child => (1.05, 1.08),
            _ => (0.94, 0.98),
        };
        let path = self.outline(
            1.0,
            &[
                (-0.146 * cheek, 0.40),
                (-0.115, 0.27),
                (0.0, 0.20),
                (0.115, 0.27),
                (0.146 * cheek, 0.40),
                (0.132 * cheek, 0.53),
                (0.085 * jaw, 0.625),
                (0.0, 0.668),
                (-0.085 * jaw, 0.625),
                (-0.132 * cheek, 0.53),
            ],
        );
        // Behind the curls of a short cut, ears.
        for side in [-1.0, 1.0] {
            let ear = self.x + 0.143 * cheek * side;
            let tone = self
                .palette
                .shadow
                .mix(self.skin, if side == self.light { 0.6 } else { 0.25 });
            sheet.ellipse(ear, 0.455, 0.018, 0.042, tone, 1.0);
        }
        let deep = self.palette.shadow.mix(self.skin, 0.20);
        let half = self
            .palette
            .shadow
            .mix(self.skin, 0.62)
            .mix(Rgb::hex(0x9A4630), 0.16);
        let bright = self.skin.mix(self.warm, 0.46);
        self.shaded(sheet, path, 0.03, |x, y, soft| {
            let light = self.lit(x, y);
            let pores = 0.97 + 0.06 * fbm(x * 90.0, y * 90.0, 3, 0x5C1);
            // Hair keeps the light off the brow.
            let brow = smoothstep(0.25, 0.34, y);
            let light = light * mix(0.45, 1.0, brow);
            let tone = deep
                .mix(half, smoothstep(0.02, 0.42, light))
                .mix(bright, smoothstep(0.38, 0.95, light));
            // Light of the sky comes around the far cheek.
            let far = smoothstep(0.5, 1.0, 1.0 - soft.at(x - self.light * 0.018, y));
            tone.scale(pores).mix(self.palette.horizon, 0.34 * far)
        });
    }

    fn eyes(&self, sheet: &mut Sheet, large: f32) {
        let lash = self.palette.shadow.scale(0.5);
        for side in [-1.0, 1.0] {
            let x = self.x + 0.056 * side;
            let near = self.lit(x, 0.43).clamp(0.25, 1.0);
            let (w, h) = (0.0225, 0.0105 * large);
            let almond = curve(&[
                (x - w, 0.431),
                (x - w * 0.3, 0.431 - h),
                (x + w * 0.45, 0.430 - h * 0.85),
                (x + w, 0.430),
                (x + w * 0.3, 0.431 + h * 0.72),
                (x - w * 0.5, 0.431 + h * 0.66),
            ]);
            let white = Rgb::hex(0xE6DED2).scale(0.25 + 0.55 * near);
            let iris = self.palette.shadow.mix(Rgb::hex(0x4A3322), 0.6);
            if let Some(path) = &almond {
                sheet.fill(path, white, 1.0);
            }
            let gaze = x + 0.004 * self.light;
            sheet.ellipse(gaze, 0.4295, 0.0098 * large, 0.0102 * large, iris, 1.0);
            sheet.ellipse(gaze, 0.4295, 0.0048 * large, 0.005 * large, lash, 1.0);
            let glint = (gaze + 0.0038 * self.light, 0.4255);
            sheet.ellipse(glint.0, glint.1, 0.0026, 0.0026, Rgb(1.0, 1.0, 1.0), 0.9);
            // The upper lid, its crease, and a hint of the lower one.
            sheet.line(
                &[
                    (x - w, 0.4315),
                    (x - w * 0.3, 0.431 - h),
                    (x + w * 0.45, 0.430 - h * 0.85),
                    (x + w, 0.430),
                ],
                0.0052,
                lash,
                0.95,
            );
            sheet.line(
                &[
                    (x - w * 0.9, 0.422 - h * 0.6),
                    (x, 0.4155 - h),
                    (x + w * 0.9, 0.421 - h * 0.6),
                ],
                0.003,
                lash,
                0.4,
            );
            sheet.line(
                &[
                    (x - w * 0.7, 0.437 + h * 0.4),
                    (x + w * 0.6, 0.436 + h * 0.5),
                ],
                0.002,
                lash,
                0.3,
            );
            let (inner, outer) = (self.x + 0.026 * side, self.x + 0.090 * side);
            let lift = if self.figure == Figure::Man {
                0.004
            } else {
                0.0
            };
            let brow = curve(&[
                (inner, 0.391 + lift),
                (mix(inner, outer, 0.5), 0.384 + lift),
                (outer, 0.398),
                (mix(inner, outer, 0.5), 0.391 + lift),
                (inner, 0.400 + lift),
            ]);
            if let Some(path) = brow {
                sheet.fill(&path, self.hair, 0.85);
            }
        }
    }

    fn mouth(&self, sheet: &mut Sheet) {
        let x = self.x;
        let lips = Rgb::hex(0x9A4A44).mix(self.palette.shadow, 0.35);
        let tint = if self.figure == Figure::Woman {
            0.5
        } else {
            0.28
        };
        let full = curve(&[
            (x - 0.038, 0.5705),
            (x - 0.012, 0.5585),
            (x, 0.561),
            (x + 0.012, 0.5585),
            (x + 0.038, 0.570),
            (x + 0.016, 0.587),
            (x - 0.016, 0.587),
        ]);
        if let Some(path) = full {
            sheet.fill(&path, lips, tint);
        }
        let dark = self.palette.shadow.scale(0.6);
        sheet.line(
            &[
                (x - 0.04, 0.570),
                (x - 0.012, 0.5725),
                (x, 0.571),
                (x + 0.012, 0.5725),
                (x + 0.04, 0.5695),
            ],
            0.0042,
            dark,
            0.75,
        );
        for side in [-1.0, 1.0] {
            sheet.ellipse(x + 0.012 * side, 0.5165, 0.0062, 0.0034, dark, 0.55);
        }
    }

    fn strands(&self, sheet: &mut Sheet, path: Option<Path>) {
        self.shaded(sheet, path, 0.05, |x, y, soft| {
            // Strands follow the head: across it they change quickly, along it slowly.
            let around = ((x - self.x) / (y - 0.05).max(0.05)).atan();
            let strand = fbm(around * 52.0, y * 3.0, 4, 0x4A12);
            let side = (x - self.x) * self.light;
            let shine = (-((y - 0.25 - 0.6 * (x - self.x).powi(2)) / 0.045).powi(2)).exp()
                * smoothstep(-0.16, 0.16, side);
            let lit = self.edge_light(soft, x, y, 0.05);
            self.hair.scale(0.55 + 0.8 * strand).mix(
                self.warm,
                (0.30 * shine + 0.55 * lit) * (0.4 + 0.9 * strand),
            )
        });
    }

    fn hair_behind(&self, sheet: &mut Sheet) {
        let path = self.outline(
            1.0,
            &[
                (-0.195, 0.45),
                (-0.16, 0.21),
                (0.0, 0.135),
                (0.16, 0.21),
                (0.195, 0.45),
                (0.205, 0.68),
                (0.17, 0.83),
                (0.06, 0.80),
                (-0.06, 0.80),
                (-0.17, 0.83),
                (-0.205, 0.68),
            ],
        );
        self.strands(sheet, path);
    }

    fn hair_in_front(&self, sheet: &mut Sheet) {
        let parting = 0.03 * self.light;
        match self.figure {
            Figure::Woman => {
                for side in [-1.0_f32, 1.0] {
                    let path = self.outline(
                        side,
                        &[
                            (parting * side, 0.175),
                            (0.10, 0.175),
                            (0.185, 0.30),
                            (0.19, 0.50),
                            (0.165, 0.66),
                            (0.142, 0.55),
                            (0.143, 0.41),
                            (0.105, 0.30),
                            (parting * side, 0.235),
                        ],
                    );
                    self.strands(sheet, path);
                }
            }
            Figure::Child => {
                let path = self.outline(
                    1.0,
                    &[
                        (-0.165, 0.44),
                        (-0.175, 0.27),
                        (-0.09, 0.155),
                        (0.05, 0.145),
                        (0.165, 0.24),
                        (0.168, 0.44),
                        (0.146, 0.36),
                        (0.11, 0.315),
                        (0.055, 0.345),
                        (0.0, 0.305),
                        (-0.06, 0.345),
                        (-0.115, 0.31),
                        (-0.146, 0.37),
                    ],
                );
                self.strands(sheet, path);
            }
            _ => {
                let path = self.outline(
                    1.0,
                    &[
                        (-0.152, 0.43),
                        (-0.160, 0.29),
                        (-0.10, 0.175),
                        (0.03, 0.150),
                        (0.13, 0.20),
                        (0.160, 0.31),
                        (0.152, 0.43),
                        (0.138, 0.34),
                        (0.10, 0.275),
                        (0.02, 0.255),
                        (-0.08, 0.285),
                        (-0.136, 0.35),
                    ],
                );
                self.strands(sheet, path);
            }
        }
    }

    fn helmet(&self, sheet: &mut Sheet) {
        let collar = self.outline(
            1.0,
            &[
                (-0.19, 0.62),
                (0.19, 0.62),
                (0.235, 0.76),
                (0.20, 0.83),
                (-0.20, 0.83),
                (-0.235, 0.76),
            ],
        );
        self.shaded(sheet, collar, 0.05, |x, y, soft| {
            let ring = 0.75 + 0.25 * ((y - 0.62) * 95.0).sin().abs();
            let lit = self.edge_light(soft, x, y, 0.05);
            self.skin.scale(0.42 * ring).mix(self.warm, 0.5 * lit)
        });
        let shell = circle(self.x, 0.43, 0.275);
        self.shaded(sheet, shell, 0.09, |x, y, soft| {
            let lit = self.edge_light(soft, x, y, 0.09);
            let down = smoothstep(0.2, 0.7, y);
            self.skin
                .scale(0.62 - 0.35 * down)
                .mix(self.warm, 0.6 * lit)
        });
        let visor = circle(self.x + 0.01 * self.light, 0.44, 0.212);
        self.shaded(sheet, visor, 0.05, |x, y, soft| {
            let inside = soft.at(x, y);
            let sky = smoothstep(0.62, 0.25, y);
            let streak =
                (-(((x - self.x) * self.light - 0.085 + 0.4 * (y - 0.36)) / 0.028).powi(2)).exp();
            self.palette
                .shadow
                .mix(self.palette.zenith, 0.5 * sky * inside)
                .mix(
                    self.palette.horizon,
                    0.5 * smoothstep(0.5, 0.66, y) * inside,
                )
                .mix(self.warm, 0.55 * streak * smoothstep(0.6, 0.3, y))
        });
    }

    fn robot(&self, sheet: &mut Sheet) {
        let x = self.x;
        let neck = self.outline(1.0, &[(-0.05, 0.6), (0.05, 0.6), (0.06, 0.8), (-0.06, 0.8)]);
        let dark = self.palette.shadow.mix(self.skin, 0.3);
        self.shaded(sheet, neck, 0.03, |_, y, _| {
            // Rings of a hose.
            dark.scale(0.6 + 0.5 * (y * 190.0).sin().abs())
        });
        let plate = self.outline(
            1.0,
            &[
                (-0.155, 0.32),
                (-0.12, 0.225),
                (0.0, 0.205),
                (0.12, 0.225),
                (0.155, 0.32),
                (0.155, 0.54),
                (0.09, 0.635),
                (0.0, 0.65),
                (-0.09, 0.635),
                (-0.155, 0.54),
            ],
        );
        self.shaded(sheet, plate, 0.05, |px, py, soft| {
            let side = smoothstep(-0.12, 0.16, (px - x) * self.light);
            let worn = fbm(px * 34.0, py * 34.0, 4, 0xBAD);
            let lit = self.edge_light(soft, px, py, 0.05);
            dark.mix(self.skin.mix(self.warm, 0.25), 0.75 * side)
                .scale(0.82 + 0.3 * worn)
                .mix(self.warm, 0.6 * lit)
        });
        let visor = self.outline(
            1.0,
            &[
                (-0.125, 0.41),
                (-0.11, 0.355),
                (0.0, 0.345),
                (0.11, 0.355),
                (0.125, 0.41),
                (0.11, 0.465),
                (0.0, 0.475),
                (-0.11, 0.465),
            ],
        );
        self.shaded(sheet, visor, 0.02, |_, y, _| {
            self.palette
                .shadow
                .mix(self.palette.zenith, 0.35 * smoothstep(0.42, 0.34, y))
        });
        for eye in [x - 0.058, x + 0.058] {
            sheet.ellipse(eye, 0.41, 0.021, 0.021, self.palette.lamp, 1.0);
            sheet.ellipse(
                eye + 0.005 * self.light,
                0.405,
                0.007,
                0.007,
                Rgb(1.0, 1.0, 1.0),
                0.7,
            );
            sheet.glow(eye, 0.41, 0.10, self.palette.lamp, 0.7);
        }
        sheet.line(&[(x, 0.21), (x, 0.15)], 0.007, dark, 1.0);
        sheet.ellipse(x, 0.145, 0.012, 0.012, self.warm, 1.0);
        for n in 0..4 {
            let y = 0.53 + n as f32 * 0.021;
            sheet.line(
                &[(x - 0.05, y), (x + 0.05, y)],
                0.006,
                self.palette.shadow,
                0.8,
            );
            sheet.line(
                &[(x - 0.05, y + 0.005), (x + 0.05, y + 0.005)],
                0.002,
                self.warm,
                0.25,
            );
        }
    }
}

fn circle(x: f32, y: f32, radius: f32) -> Option<Path> {
    tiny_skia::Rect::from_ltrb(x - radius, y - radius, x + radius, y + radius)
        .and_then(tiny_skia::PathBuilder::from_oval)
}
