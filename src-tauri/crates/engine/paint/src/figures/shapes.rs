//! Outlines of people and animals.

use tiny_skia::{Path, PathBuilder};

use super::Stand;
use crate::layer::{polygon, polyline};
use crate::scene::Figure;

/// The figure's outline; y points down, feet at (x, y).
pub(crate) fn shape(figure: Figure, stand: Stand) -> Vec<Path> {
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
            // A coat that widens to the knee.
            paths.extend(curve(&at(&[
                (-0.135, 0.20),
                (-0.085, 0.50),
                (-0.070, 0.62),
                (-0.100, 0.77),
                (-0.075, 0.815),
                (-0.025, 0.842),
                (0.025, 0.842),
                (0.075, 0.815),
                (0.100, 0.77),
                (0.070, 0.62),
                (0.085, 0.50),
                (0.150, 0.20),
                (0.0, 0.178),
            ])));
            paths.extend(limb(
                &at(&[(-0.092, 0.785), (-0.130, 0.61), (-0.108, 0.465)]),
                0.026 * h,
            ));
            paths.extend(limb(
                &at(&[(0.092, 0.785), (0.138, 0.62), (0.128, 0.47)]),
                0.026 * h,
            ));
            paths.extend(limb(&at(&[(-0.045, 0.22), (-0.040, 0.03)]), 0.024 * h));
            paths.extend(limb(&at(&[(0.045, 0.22), (0.052, 0.03)]), 0.024 * h));
            paths.extend(foot(&at(&[(-0.066, 0.0), (-0.02, 0.028)])));
            paths.extend(foot(&at(&[(0.03, 0.0), (0.082, 0.028)])));
            paths.extend(circle(0.0, 0.915, 0.049, 0.064));
            // Hair to the shoulders, a little to one side as in wind.
            paths.extend(curve(&facing(&[
                (-0.060, 0.92),
                (-0.045, 0.975),
                (0.005, 0.995),
                (0.050, 0.965),
                (0.056, 0.90),
                (0.030, 0.85),
                (-0.030, 0.815),
                (-0.090, 0.80),
                (-0.078, 0.86),
            ])));
        }
        Figure::Man => {
            paths.extend(curve(&at(&[
                (-0.118, 0.40),
                (-0.112, 0.66),
                (-0.132, 0.785),
                (-0.085, 0.822),
                (-0.030, 0.850),
                (0.030, 0.850),
                (0.085, 0.822),
                (0.132, 0.785),
                (0.112, 0.66),
                (0.118, 0.40),
                (0.0, 0.375),
            ])));
            paths.extend(limb(
                &at(&[(-0.120, 0.785), (-0.155, 0.60), (-0.132, 0.43)]),
                0.031 * h,
            ));
            paths.extend(limb(
                &at(&[(0.120, 0.785), (0.158, 0.61), (0.150, 0.44)]),
                0.031 * h,
            ));
            paths.extend(limb(
                &at(&[(-0.058, 0.42), (-0.066, 0.22), (-0.062, 0.03)]),
                0.040 * h,
            ));
            paths.extend(limb(
                &at(&[(0.058, 0.42), (0.070, 0.22), (0.076, 0.03)]),
                0.040 * h,
            ));
            paths.extend(foot(&at(&[(-0.110, 0.0), (-0.03, 0.036)])));
            paths.extend(foot(&at(&[(0.035, 0.0), (0.125, 0.036)])));
            paths.extend(circle(0.0, 0.925, 0.052, 0.068));
            paths.extend(limb(&at(&[(0.0, 0.87), (0.0, 0.83)]), 0.032 * h));
            paths.extend(curve(&facing(&[
                (-0.056, 0.93),
                (-0.044, 0.985),
                (0.010, 1.0),
                (0.050, 0.975),
                (0.052, 0.945),
                (0.0, 0.95),
            ])));
        }
        Figure::Child => {
            paths.extend(curve(&at(&[
                (-0.150, 0.26),
                (-0.115, 0.52),
                (-0.125, 0.68),
                (-0.045, 0.745),
                (0.045, 0.745),
                (0.125, 0.68),
                (0.115, 0.52),
                (0.160, 0.26),
                (0.0, 0.235),
            ])));
            paths.extend(limb(
                &at(&[(-0.110, 0.68), (-0.165, 0.55), (-0.160, 0.42)]),
                0.034 * h,
            ));
            paths.extend(limb(
                &at(&[(0.110, 0.68), (0.165, 0.55), (0.170, 0.43)]),
                0.034 * h,
            ));
            paths.extend(limb(&at(&[(-0.056, 0.28), (-0.054, 0.03)]), 0.036 * h));
            paths.extend(limb(&at(&[(0.056, 0.28), (0.062, 0.03)]), 0.036 * h));
            paths.extend(foot(&at(&[(-0.100, 0.0), (-0.02, 0.044)])));
            paths.extend(foot(&at(&[(0.025, 0.0), (0.115, 0.044)])));
            paths.extend(circle(0.0, 0.855, 0.092, 0.108));
            paths.extend(curve(&facing(&[
                (-0.100, 0.86),
                (-0.088, 0.95),
                (-0.02, 1.0),
                (0.07, 0.975),
                (0.102, 0.89),
                (0.060, 0.90),
                (0.0, 0.91),
                (-0.06, 0.87),
            ])));
        }
        Figure::Robot => {
            paths.extend(polygon(&at(&[
                (-0.15, 0.4),
                (-0.17, 0.76),
                (0.17, 0.76),
                (0.15, 0.4),
            ])));
            paths.extend(polygon(&at(&[
                (-0.1, 0.8),
                (-0.1, 0.97),
                (0.1, 0.97),
                (0.1, 0.8),
            ])));
            paths.extend(polygon(&at(&[
                (-0.03, 0.74),
                (-0.03, 0.82),
                (0.03, 0.82),
                (0.03, 0.74),
            ])));
            for side in [-1.0, 1.0] {
                paths.extend(polygon(&at(&[
                    (0.19 * side, 0.74),
                    (0.25 * side, 0.7),
                    (0.24 * side, 0.36),
                    (0.18 * side, 0.36),
                ])));
                paths.extend(polygon(&at(&[
                    (0.03 * side, 0.42),
                    (0.04 * side, 0.0),
                    (0.14 * side, 0.0),
                    (0.12 * side, 0.42),
                ])));
            }
            paths.extend(polygon(&at(&[
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
                paths.extend(polygon(&at(&[
                    (0.015 * side, 0.42),
                    (0.03 * side, 0.0),
                    (0.16 * side, 0.0),
                    (0.16 * side, 0.42),
                ])));
            }
            paths.extend(polygon(&at(&[
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
                paths.extend(polygon(&facing(&[
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
            paths.extend(polygon(&facing(&[
                (-0.1, 0.35),
                (-0.5, 1.15),
                (-0.9, 0.85),
                (-0.75, 0.72),
                (-0.95, 0.6),
                (-0.55, 0.5),
            ])));
            for leg in [-0.3, 0.25] {
                paths.extend(polygon(&facing(&[
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

/// A rounded limb of one thickness along `points`; `radius` in heights of the frame.
fn limb(points: &[(f32, f32)], radius: f32) -> Option<Path> {
    let stroke = tiny_skia::Stroke {
        width: 2.0 * radius,
        line_cap: tiny_skia::LineCap::Round,
        line_join: tiny_skia::LineJoin::Round,
        ..tiny_skia::Stroke::default()
    };
    // Fine enough for a figure that fills a frame of 4000 pixels.
    polyline(points).finish()?.stroke(&stroke, 4000.0)
}

/// A shoe between two corners.
fn foot(corners: &[(f32, f32)]) -> Option<Path> {
    let [(left, floor), (right, top)] = *corners else {
        return None;
    };
    tiny_skia::Rect::from_ltrb(left, top, right, floor).and_then(PathBuilder::from_oval)
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
