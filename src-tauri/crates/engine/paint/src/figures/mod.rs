//! People, animals and machines: silhouettes with light at their edges, and faces near the eye.

mod portrait;
mod shapes;

use crate::colour::Rgb;
use crate::layer::Sheet;
use crate::noise::{fbm, smoothstep};
use crate::scene::Figure;
use crate::stencil::Stencil;

pub(crate) use portrait::close_up;
pub(crate) use shapes::curve;

/// Where a figure stands: its feet, its height, and on which side the light is (−1 or 1).
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stand {
    pub(crate) x: f32,
    pub(crate) y: f32,
    pub(crate) height: f32,
    pub(crate) light: f32,
}

/// Paints the figure in `body`. Light of the colour `rim` wraps around the edges that face it, and a
/// little of it returns from the other side.
pub(crate) fn paint(sheet: &mut Sheet, figure: Figure, stand: Stand, body: Rgb, rim: Rgb) {
    let Stand {
        x: _,
        y: foot,
        height,
        light,
    } = stand;
    let reach = 0.05 * height;
    let paths = shapes::shape(figure, stand);
    let Some(stencil) = Stencil::new(sheet.geometry, &paths, 2.0 * reach) else {
        return;
    };
    let soft = stencil.softened(reach);
    let grain = 26.0 / height;
    sheet.paint_inside(&stencil, |x, y| {
        // Where the softened figure is thin towards the light, its surface turns to the light.
        let facing = 1.0 - soft.at(x + light * reach * 0.7, y - reach * 0.45);
        let lit = smoothstep(0.42, 0.95, facing);
        let returned = smoothstep(0.5, 1.0, 1.0 - soft.at(x - light * reach * 0.5, y));
        let up = ((foot - y) / height).clamp(0.0, 1.0);
        let cloth = 0.86 + 0.28 * fbm(x * grain, y * grain * 0.5, 3, 0xC107);
        body.scale(cloth * (0.8 + 0.35 * up))
            .mix(rim, 0.82 * lit * (0.55 + 0.45 * up))
            .mix(rim, 0.10 * returned)
    });
    details(sheet, figure, stand, rim);
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
        _ => face(sheet, figure, stand),
    }
}

/// Eye and nose of an animal that is near enough to have some.
fn face(sheet: &mut Sheet, figure: Figure, stand: Stand) {
    const NEAR: f32 = 0.3;
    let (eye, nose) = match figure {
        Figure::Fox => ((0.665, 0.745), Some((0.962, 0.667))),
        Figure::Dog => ((0.63, 0.855), Some((0.905, 0.775))),
        Figure::Cat => ((0.60, 0.755), Some((0.752, 0.72))),
        Figure::Bear => ((0.68, 0.845), Some((0.925, 0.735))),
        Figure::Horse => ((0.575, 0.925), Some((0.755, 0.785))),
        Figure::Bird => ((0.43, 0.905), None),
        Figure::Dragon => ((0.63, 0.885), None),
        _ => return,
    };
    let Stand {
        x,
        y,
        height: h,
        light,
    } = stand;
    if h < NEAR {
        return;
    }
    let place = |(px, py): (f32, f32)| (x + px * h * light, y - py * h);
    let dark = Rgb(0.04, 0.03, 0.04);
    let (ex, ey) = place(eye);
    sheet.ellipse(ex, ey, 0.026 * h, 0.018 * h, Rgb::hex(0xB98A3C), 1.0);
    sheet.ellipse(ex, ey, 0.012 * h, 0.017 * h, dark, 1.0);
    sheet.ellipse(
        ex + 0.006 * h * light,
        ey - 0.006 * h,
        0.0045 * h,
        0.0045 * h,
        Rgb(1.0, 1.0, 1.0),
        0.9,
    );
    if let Some(nose) = nose {
        let (nx, ny) = place(nose);
        sheet.ellipse(nx, ny, 0.022 * h, 0.016 * h, dark, 0.9);
    }
}
