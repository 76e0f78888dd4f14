//! People, animals and things as silhouettes with a rim of light.

use tiny_skia::{Path, PathBuilder};

use crate::colour::{Palette, Rgb};
use crate::layer::Sheet;
use crate::scene::{Figure, Scene};

/// Where a figure stands: its feet, its height, and on which side the light is (−1 or 1).
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stand {
    pub(crate) x: f32,
    pub(crate) y: f32,
    pub(crate) height: f32,
    pub(crate) light: f32,
}

/// Paints the figure's body in `body`, after a rim towards the light.
pub(crate) fn paint(sheet: &mut Sheet, figure: Figure, stand: Stand, body: Rgb, rim: Rgb) {
    let offset = stand.height * 0.018 * stand.light;
    for path in shape(
        figure,
        Stand {
            x: stand.x + offset,
            y: stand.y - stand.height * 0.006,
            ..stand
        },
    ) {
        sheet.fill(&path, rim, 0.85);
    }
    for path in shape(figure, stand) {
        sheet.fill(&path, body, 1.0);
    }
    details(sheet, figure, stand, rim);
}

/// A head and shoulders that fill the frame, lit from one side.
pub(crate) fn close_up(sheet: &mut Sheet, scene: &Scene, figure: Figure, palette: &Palette) {
    let aspect = sheet.geometry.aspect();
    let light = if scene.sun().0 < 0.5 { -1.0 } else { 1.0 };
    let x = aspect * (0.5 - 0.08 * light);
    let warm = if scene.is_dark() {
        palette.lamp
    } else {
        palette.light
    };
    let skin = match figure {
        Figure::Robot => Rgb::hex(0x7C8894),
        Figure::Astronaut => Rgb::hex(0xC9CED6),
        Figure::Fox => Rgb::hex(0xB8602C),
        Figure::Dog | Figure::Bear | Figure::Horse => Rgb::hex(0x6B4A33),
        Figure::Cat | Figure::Dragon | Figure::Whale => Rgb::hex(0x47505A),
        Figure::Bird => Rgb::hex(0x6A5A45),
        Figure::Woman | Figure::Man | Figure::Child => Rgb::hex(0xC08A66),
    };
    let shade = palette.shadow.mix(skin, 0.22);
    let person = matches!(figure, Figure::Woman | Figure::Man | Figure::Child);
    if !person && !matches!(figure, Figure::Robot | Figure::Astronaut) {
        // Animals look best as themselves, near and large.
        paint(
            sheet,
            figure,
            Stand {
                x,
                y: 1.12,
                height: 0.95,
                light,
            },
            shade,
            warm,
        );
        return;
    }
    let coat = palette.shadow.mix(Rgb::hex(0x30414F), 0.5);
    let shoulders = |dx: f32| {
        curve(&[
            (x - 0.52 + dx, 1.2),
            (x - 0.47 + dx, 0.92),
            (x - 0.22 + dx, 0.80),
            (x - 0.09 + dx, 0.73),
            (x + 0.09 + dx, 0.73),
            (x + 0.22 + dx, 0.80),
            (x + 0.47 + dx, 0.92),
            (x + 0.52 + dx, 1.2),
        ])
    };
    let head = |dx: f32, grow: f32| {
        curve(&[
            (x - 0.145 * grow + dx, 0.40),
            (x - 0.10 * grow + dx, 0.25),
            (x + dx, 0.215 - 0.01 * grow),
            (x + 0.10 * grow + dx, 0.25),
            (x + 0.145 * grow + dx, 0.40),
            (x + 0.125 * grow + dx, 0.55),
            (x + 0.05 * grow + dx, 0.655),
            (x - 0.05 * grow + dx, 0.655),
            (x - 0.125 * grow + dx, 0.55),
        ])
    };
    let neck = [
        (x - 0.065, 0.60),
        (x + 0.065, 0.60),
        (x + 0.085, 0.80),
        (x - 0.085, 0.80),
    ];
    if let Some(path) = shoulders(0.012 * light) {
        sheet.fill(&path, warm, 0.7);
    }
    if let Some(path) = shoulders(0.0) {
        sheet.fill(&path, coat, 1.0);
    }
    if figure == Figure::Astronaut {
        sheet.ellipse(x, 0.43, 0.27, 0.28, skin, 1.0);
        sheet.ellipse(x + 0.01 * light, 0.44, 0.215, 0.215, palette.shadow, 1.0);
        sheet.ellipse(x + 0.09 * light, 0.36, 0.06, 0.045, warm, 0.55);
        sheet.glow(x - 0.06 * light, 0.5, 0.16, palette.horizon, 0.35);
        return;
    }
    sheet.polygon(&neck, shade.scale(0.8), 1.0);
    if figure == Figure::Robot {
        robot_head(sheet, x, light, skin, palette, warm);
        return;
    }
    // Hair behind the head: long, short, or tousled.
    let hair = palette.shadow.mix(Rgb::hex(0x2A1C14), 0.6);
    match figure {
        Figure::Woman => {
            if let Some(path) = curve(&[
                (x - 0.19, 0.45),
                (x - 0.15, 0.21),
                (x, 0.15),
                (x + 0.15, 0.21),
                (x + 0.19, 0.45),
                (x + 0.2, 0.78),
                (x - 0.2, 0.78),
            ]) {
                sheet.fill(&path, hair, 1.0);
            }
        }
        _ => sheet.ellipse(x, 0.36, 0.165, 0.175, hair, 1.0),
    }
    if let Some(path) = head(0.0, 1.0) {
        sheet.fill(&path, shade, 1.0);
    }
    // The lit side of the face.
    let lit = curve(&[
        (x + 0.02 * light, 0.24),
        (x + 0.11 * light, 0.28),
        (x + 0.14 * light, 0.42),
        (x + 0.12 * light, 0.55),
        (x + 0.05 * light, 0.64),
        (x + 0.035 * light, 0.5),
        (x + 0.055 * light, 0.42),
        (x + 0.03 * light, 0.34),
    ]);
    if let Some(path) = lit {
        sheet.fill(&path, skin.mix(warm, 0.45), 0.92);
    }
    // Hair over the brow.
    if let Some(path) = curve(&[
        (x - 0.155, 0.40),
        (x - 0.12, 0.22),
        (x, 0.17),
        (x + 0.12, 0.22),
        (x + 0.155, 0.40),
        (x + 0.09, 0.29),
        (x - 0.02, 0.275),
        (x - 0.1, 0.31),
    ]) {
        sheet.fill(&path, hair, 1.0);
    }
    // Eyes, brow shadow, nose and mouth: a few quiet strokes.
    let stroke = shade.scale(0.42);
    for side in [-1.0, 1.0] {
        let eye = x + 0.055 * side;
        sheet.ellipse(eye, 0.428, 0.017, 0.0085, stroke, 0.9);
        sheet.line(
            &[(eye - 0.026, 0.402), (eye + 0.026, 0.399)],
            0.007,
            stroke,
            0.7,
        );
        sheet.ellipse(eye + 0.005 * light, 0.426, 0.003, 0.003, warm, 0.9);
    }
    sheet.line(
        &[
            (x + 0.005, 0.43),
            (x - 0.012 * light, 0.505),
            (x + 0.01, 0.515),
        ],
        0.006,
        stroke,
        0.5,
    );
    sheet.line(
        &[(x - 0.035, 0.572), (x, 0.577), (x + 0.035, 0.571)],
        0.007,
        stroke,
        0.65,
    );
    // Rim on the far cheek.
    sheet.line(
        &[
            (x - 0.137 * light, 0.36),
            (x - 0.14 * light, 0.44),
            (x - 0.115 * light, 0.56),
        ],
        0.005,
        palette.horizon,
        0.5,
    );
}

fn robot_head(sheet: &mut Sheet, x: f32, light: f32, metal: Rgb, palette: &Palette, warm: Rgb) {
    let dark = palette.shadow.mix(metal, 0.35);
    let plate = [
        (x - 0.15, 0.28),
        (x - 0.11, 0.22),
        (x + 0.11, 0.22),
        (x + 0.15, 0.28),
        (x + 0.15, 0.56),
        (x + 0.08, 0.64),
        (x - 0.08, 0.64),
        (x - 0.15, 0.56),
    ];
    sheet.polygon(&plate, dark, 1.0);
    let side = [
        (x + 0.03 * light, 0.22),
        (x + 0.11 * light, 0.22),
        (x + 0.15 * light, 0.28),
        (x + 0.15 * light, 0.56),
        (x + 0.08 * light, 0.64),
        (x + 0.03 * light, 0.64),
    ];
    sheet.polygon(&side, metal.mix(warm, 0.35), 0.9);
    sheet.polygon(
        &[
            (x - 0.12, 0.36),
            (x + 0.12, 0.36),
            (x + 0.12, 0.46),
            (x - 0.12, 0.46),
        ],
        palette.shadow,
        1.0,
    );
    for eye in [x - 0.06, x + 0.06] {
        sheet.ellipse(eye, 0.41, 0.022, 0.022, palette.lamp, 1.0);
        sheet.glow(eye, 0.41, 0.09, palette.lamp, 0.7);
    }
    sheet.line(&[(x, 0.22), (x, 0.15)], 0.007, dark, 1.0);
    sheet.ellipse(x, 0.145, 0.012, 0.012, warm, 1.0);
    for n in 0..4 {
        let y = 0.53 + n as f32 * 0.02;
        sheet.line(&[(x - 0.05, y), (x + 0.05, y)], 0.005, palette.shadow, 0.8);
    }
}

fn details(sheet: &mut Sheet, figure: Figure, stand: Stand, rim: Rgb) {
    let Stand {
        x, y, height: h, ..
    } = stand;
    match figure {
        Figure::Robot => {
            for side in [-1.0, 1.0] {
                sheet.ellipse(
                    x + 0.045 * h * side,
                    y - 0.88 * h,
                    0.014 * h,
                    0.014 * h,
                    rim,
                    1.0,
                );
            }
        }
        Figure::Astronaut => {
            sheet.ellipse(x + 0.03 * h, y - 0.87 * h, 0.07 * h, 0.06 * h, rim, 0.55)
        }
        _ => {}
    }
}

/// The figure's outline; y points down, feet at (x, y).
fn shape(figure: Figure, stand: Stand) -> Vec<Path> {
    let Stand {
        x,
        y,
        height: h,
        light,
    } = stand;
    // Points in heights of the figure: right of the feet, above the feet. Animals face the light.
    let at = |points: &[(f32, f32)]| -> Vec<(f32, f32)> {
        points
            .iter()
            .map(|(px, py)| (x + px * h, y - py * h))
            .collect()
    };
    let facing = |points: &[(f32, f32)]| -> Vec<(f32, f32)> {
        points
            .iter()
            .map(|(px, py)| (x + px * h * light, y - py * h))
            .collect()
    };
    let circle = |px: f32, py: f32, rx: f32, ry: f32| {
        let (cx, cy) = (x + px * h, y - py * h);
        tiny_skia::Rect::from_ltrb(cx - rx * h, cy - ry * h, cx + rx * h, cy + ry * h)
            .and_then(PathBuilder::from_oval)
    };
    let mut paths: Vec<Path> = Vec::new();
    match figure {
        Figure::Woman => {
            paths.extend(curve(&at(&[
                (-0.15, 0.17),
                (-0.07, 0.55),
                (-0.115, 0.78),
                (-0.03, 0.835),
                (0.03, 0.835),
                (0.115, 0.78),
                (0.07, 0.55),
                (0.16, 0.17),
                (0.0, 0.14),
            ])));
            paths.extend(crate::layer::polygon(&at(&[
                (-0.06, 0.2),
                (-0.045, 0.0),
                (-0.005, 0.0),
                (0.0, 0.2),
            ])));
            paths.extend(crate::layer::polygon(&at(&[
                (0.01, 0.2),
                (0.02, 0.0),
                (0.06, 0.0),
                (0.07, 0.2),
            ])));
            paths.extend(circle(0.0, 0.915, 0.058, 0.075));
            paths.extend(curve(&at(&[
                (-0.075, 0.93),
                (0.0, 1.0),
                (0.075, 0.93),
                (0.085, 0.78),
                (0.03, 0.83),
                (-0.03, 0.83),
                (-0.085, 0.78),
            ])));
        }
        Figure::Man => {
            paths.extend(curve(&at(&[
                (-0.13, 0.36),
                (-0.125, 0.7),
                (-0.145, 0.8),
                (-0.035, 0.845),
                (0.035, 0.845),
                (0.145, 0.8),
                (0.125, 0.7),
                (0.13, 0.36),
                (0.0, 0.33),
            ])));
            paths.extend(crate::layer::polygon(&at(&[
                (-0.105, 0.4),
                (-0.085, 0.0),
                (-0.02, 0.0),
                (-0.005, 0.38),
            ])));
            paths.extend(crate::layer::polygon(&at(&[
                (0.005, 0.38),
                (0.03, 0.0),
                (0.1, 0.0),
                (0.105, 0.4),
            ])));
            paths.extend(circle(0.0, 0.92, 0.06, 0.078));
            paths.extend(crate::layer::polygon(&at(&[
                (-0.03, 0.86),
                (0.03, 0.86),
                (0.04, 0.8),
                (-0.04, 0.8),
            ])));
        }
        Figure::Child => {
            paths.extend(curve(&at(&[
                (-0.17, 0.26),
                (-0.13, 0.6),
                (-0.14, 0.7),
                (-0.04, 0.74),
                (0.04, 0.74),
                (0.14, 0.7),
                (0.13, 0.6),
                (0.18, 0.26),
                (0.0, 0.22),
            ])));
            paths.extend(crate::layer::polygon(&at(&[
                (-0.09, 0.3),
                (-0.08, 0.0),
                (-0.015, 0.0),
                (-0.005, 0.3),
            ])));
            paths.extend(crate::layer::polygon(&at(&[
                (0.01, 0.3),
                (0.02, 0.0),
                (0.085, 0.0),
                (0.1, 0.3),
            ])));
            paths.extend(circle(0.0, 0.865, 0.098, 0.115));
        }
        Figure::Robot => {
            paths.extend(crate::layer::polygon(&at(&[
                (-0.15, 0.4),
                (-0.17, 0.76),
                (0.17, 0.76),
                (0.15, 0.4),
            ])));
            paths.extend(crate::layer::polygon(&at(&[
                (-0.1, 0.8),
                (-0.1, 0.97),
                (0.1, 0.97),
                (0.1, 0.8),
            ])));
            paths.extend(crate::layer::polygon(&at(&[
                (-0.03, 0.74),
                (-0.03, 0.82),
                (0.03, 0.82),
                (0.03, 0.74),
            ])));
            for side in [-1.0, 1.0] {
                paths.extend(crate::layer::polygon(&at(&[
                    (0.19 * side, 0.74),
                    (0.25 * side, 0.7),
                    (0.24 * side, 0.36),
                    (0.18 * side, 0.36),
                ])));
                paths.extend(crate::layer::polygon(&at(&[
                    (0.03 * side, 0.42),
                    (0.04 * side, 0.0),
                    (0.14 * side, 0.0),
                    (0.12 * side, 0.42),
                ])));
            }
            paths.extend(crate::layer::polygon(&at(&[
                (-0.006, 0.96),
                (0.006, 0.96),
                (0.006, 1.06),
                (-0.006, 1.06),
            ])));
        }
        Figure::Astronaut => {
            paths.extend(curve(&at(&[
                (-0.2, 0.36),
                (-0.19, 0.72),
                (-0.06, 0.8),
                (0.06, 0.8),
                (0.19, 0.72),
                (0.2, 0.36),
                (0.0, 0.32),
            ])));
            paths.extend(circle(0.0, 0.87, 0.125, 0.125));
            for side in [-1.0, 1.0] {
                paths.extend(curve(&at(&[
                    (0.15 * side, 0.74),
                    (0.27 * side, 0.62),
                    (0.26 * side, 0.38),
                    (0.18 * side, 0.4),
                ])));
                paths.extend(crate::layer::polygon(&at(&[
                    (0.015 * side, 0.42),
                    (0.03 * side, 0.0),
                    (0.16 * side, 0.0),
                    (0.16 * side, 0.42),
                ])));
            }
            paths.extend(crate::layer::polygon(&at(&[
                (-0.25, 0.5),
                (-0.25, 0.78),
                (-0.16, 0.78),
                (-0.16, 0.5),
            ])));
        }
        Figure::Dog | Figure::Fox | Figure::Cat | Figure::Bear | Figure::Horse => {
            paths.extend(
                animal(figure)
                    .iter()
                    .filter_map(|part| curve(&facing(part)).into_iter().next()),
            );
        }
        Figure::Bird => {
            paths.extend(curve(&facing(&[
                (-0.5, 0.35),
                (-0.2, 0.6),
                (0.1, 0.75),
                (0.3, 0.98),
                (0.52, 0.92),
                (0.66, 0.82),
                (0.5, 0.8),
                (0.42, 0.5),
                (0.2, 0.25),
                (-0.1, 0.22),
            ])));
            for leg in [0.08, 0.2] {
                paths.extend(crate::layer::polygon(&facing(&[
                    (leg, 0.26),
                    (leg + 0.03, 0.26),
                    (leg + 0.02, 0.0),
                    (leg, 0.0),
                ])));
            }
        }
        Figure::Whale => {
            paths.extend(curve(&facing(&[
                (-1.6, 0.55),
                (-1.3, 0.42),
                (-0.9, 0.3),
                (-0.2, 0.08),
                (0.6, 0.05),
                (1.1, 0.25),
                (1.2, 0.5),
                (0.8, 0.72),
                (0.0, 0.74),
                (-0.8, 0.48),
                (-1.3, 0.5),
            ])));
            paths.extend(curve(&facing(&[
                (-1.3, 0.48),
                (-1.9, 0.85),
                (-1.65, 0.5),
                (-1.95, 0.3),
            ])));
            paths.extend(curve(&facing(&[
                (0.3, 0.2),
                (0.05, -0.2),
                (-0.15, -0.25),
                (-0.02, 0.15),
            ])));
        }
        Figure::Dragon => {
            paths.extend(curve(&facing(&[
                (-1.2, 0.1),
                (-0.7, 0.22),
                (-0.2, 0.3),
                (0.2, 0.55),
                (0.35, 0.85),
                (0.6, 0.95),
                (0.8, 0.82),
                (0.55, 0.78),
                (0.5, 0.5),
                (0.3, 0.2),
                (-0.2, 0.1),
                (-0.7, 0.1),
            ])));
            paths.extend(crate::layer::polygon(&facing(&[
                (-0.1, 0.35),
                (-0.5, 1.15),
                (-0.9, 0.85),
                (-0.75, 0.72),
                (-0.95, 0.6),
                (-0.55, 0.5),
            ])));
            for leg in [-0.3, 0.25] {
                paths.extend(crate::layer::polygon(&facing(&[
                    (leg, 0.25),
                    (leg + 0.12, 0.25),
                    (leg + 0.1, 0.0),
                    (leg, 0.0),
                ])));
            }
        }
    }
    paths
}

/// Parts of a four-legged animal, in its height; it looks to the right.
fn animal(figure: Figure) -> Vec<Vec<(f32, f32)>> {
    let legs = |xs: [f32; 4], top: f32, width: f32| -> Vec<Vec<(f32, f32)>> {
        xs.iter()
            .map(|x| {
                vec![
                    (*x, top),
                    (x + width, top),
                    (x + width * 0.75, top * 0.5),
                    (x + width * 0.7, 0.0),
                    (*x, 0.0),
                    (x + width * 0.1, top * 0.5),
                ]
            })
            .collect()
    };
    let mut parts: Vec<Vec<(f32, f32)>> = Vec::new();
    match figure {
        Figure::Fox => {
            parts.push(vec![
                (-0.55, 0.5),
                (-0.2, 0.62),
                (0.25, 0.62),
                (0.5, 0.7),
                (0.62, 0.62),
                (0.45, 0.42),
                (0.0, 0.36),
                (-0.45, 0.36),
            ]);
            parts.push(vec![
                (0.4, 0.6),
                (0.48, 0.86),
                (0.56, 0.86),
                (0.74, 0.84),
                (0.98, 0.66),
                (0.72, 0.6),
                (0.55, 0.52),
            ]);
            parts.push(vec![(0.5, 0.8), (0.5, 1.04), (0.62, 0.84)]);
            parts.push(vec![(0.62, 0.82), (0.68, 1.03), (0.74, 0.82)]);
            parts.push(vec![
                (-0.5, 0.5),
                (-0.8, 0.44),
                (-1.15, 0.24),
                (-1.35, 0.2),
                (-1.1, 0.14),
                (-0.75, 0.26),
                (-0.5, 0.38),
            ]);
            parts.extend(legs([-0.48, -0.34, 0.28, 0.42], 0.44, 0.12));
        }
        Figure::Cat => {
            parts.push(vec![
                (-0.5, 0.5),
                (-0.1, 0.62),
                (0.3, 0.6),
                (0.5, 0.6),
                (0.45, 0.4),
                (0.0, 0.34),
                (-0.45, 0.36),
            ]);
            parts.push(vec![
                (0.36, 0.66),
                (0.42, 0.84),
                (0.58, 0.9),
                (0.74, 0.82),
                (0.76, 0.66),
                (0.58, 0.54),
            ]);
            parts.push(vec![(0.44, 0.8), (0.44, 1.0), (0.55, 0.86)]);
            parts.push(vec![(0.62, 0.86), (0.74, 1.0), (0.74, 0.8)]);
            parts.push(vec![
                (-0.45, 0.52),
                (-0.7, 0.62),
                (-0.78, 0.95),
                (-0.68, 1.12),
                (-0.66, 0.9),
                (-0.6, 0.6),
                (-0.42, 0.44),
            ]);
            parts.extend(legs([-0.45, -0.3, 0.26, 0.38], 0.42, 0.1));
        }
        Figure::Bear => {
            parts.push(vec![
                (-0.75, 0.45),
                (-0.6, 0.78),
                (0.0, 0.86),
                (0.4, 0.9),
                (0.6, 0.7),
                (0.55, 0.4),
                (0.0, 0.3),
                (-0.65, 0.32),
            ]);
            parts.push(vec![
                (0.4, 0.7),
                (0.5, 0.92),
                (0.7, 0.96),
                (0.95, 0.74),
                (0.8, 0.62),
                (0.55, 0.56),
            ]);
            parts.push(vec![(0.5, 0.9), (0.5, 1.02), (0.6, 0.94)]);
            parts.extend(legs([-0.7, -0.46, 0.22, 0.42], 0.46, 0.22));
        }
        Figure::Horse => {
            parts.push(vec![
                (-0.5, 0.52),
                (-0.45, 0.68),
                (0.0, 0.66),
                (0.35, 0.7),
                (0.45, 0.55),
                (0.2, 0.44),
                (-0.4, 0.42),
            ]);
            parts.push(vec![
                (0.2, 0.64),
                (0.42, 0.94),
                (0.5, 1.02),
                (0.62, 0.96),
                (0.78, 0.8),
                (0.72, 0.74),
                (0.56, 0.82),
                (0.45, 0.56),
            ]);
            parts.push(vec![
                (-0.48, 0.66),
                (-0.66, 0.5),
                (-0.64, 0.25),
                (-0.56, 0.45),
            ]);
            parts.extend(legs([-0.46, -0.36, 0.25, 0.36], 0.5, 0.08));
        }
        _ => {
            parts.push(vec![
                (-0.55, 0.52),
                (-0.2, 0.66),
                (0.3, 0.68),
                (0.55, 0.66),
                (0.5, 0.42),
                (0.0, 0.38),
                (-0.5, 0.38),
            ]);
            parts.push(vec![
                (0.36, 0.62),
                (0.46, 0.9),
                (0.62, 0.96),
                (0.92, 0.82),
                (0.9, 0.72),
                (0.66, 0.68),
                (0.56, 0.52),
            ]);
            parts.push(vec![(0.46, 0.92), (0.38, 0.72), (0.52, 0.8)]);
            parts.push(vec![
                (-0.5, 0.56),
                (-0.78, 0.82),
                (-0.84, 0.98),
                (-0.7, 0.8),
                (-0.45, 0.46),
            ]);
            parts.extend(legs([-0.5, -0.35, 0.28, 0.42], 0.46, 0.12));
        }
    }
    parts
}

/// A closed smooth curve through `points` (Catmull–Rom as cubic Béziers). At most one path.
pub(crate) fn curve(points: &[(f32, f32)]) -> Option<Path> {
    let n = points.len();
    if n < 3 {
        return None;
    }
    let mut builder = PathBuilder::new();
    builder.move_to(points[0].0, points[0].1);
    for i in 0..n {
        let (before, from) = (points[(i + n - 1) % n], points[i]);
        let (to, after) = (points[(i + 1) % n], points[(i + 2) % n]);
        let control = |a: (f32, f32), b: (f32, f32), c: (f32, f32)| {
            (a.0 + (c.0 - b.0) / 6.0, a.1 + (c.1 - b.1) / 6.0)
        };
        let (c1, c2) = (control(from, before, to), control(to, after, from));
        builder.cubic_to(c1.0, c1.1, c2.0, c2.1, to.0, to.1);
    }
    builder.close();
    builder.finish()
}
