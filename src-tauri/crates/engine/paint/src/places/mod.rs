//! Land, water, streets and rooms: what stands between the sky and the weather, far to near.

mod forest;
mod indoors;
mod land;
mod lighthouse;
mod people;
mod space;
mod things;
mod town;
mod water;

use crate::colour::{Palette, Rgb};
use crate::layer::{Geometry, Sheet};
use crate::scene::{Place, Scene};

/// A sheet of the scene and how near it is: 0 far to 1 near.
pub(crate) type Plane = (Sheet, f32);

/// How near the sitter of a close-up is.
pub(crate) const PORTRAIT_DEPTH: f32 = 0.7;

/// Paints the planes of the place, far to near. `None` if a sheet cannot be had.
pub(crate) fn planes(geometry: Geometry, scene: &Scene, palette: &Palette) -> Option<Vec<Plane>> {
    let mut planes = Vec::new();
    match scene.place {
        Place::Sea => water::sea(geometry, scene, palette, &mut planes)?,
        Place::River => {
            land::ridges(geometry, scene, palette, &mut planes, 2)?;
            water::water(geometry, scene, palette, &mut planes)?;
        }
        Place::Mountains | Place::Snow => {
            land::ridges(geometry, scene, palette, &mut planes, 4)?;
            land::ground(geometry, scene, palette, &mut planes)?;
        }
        Place::Desert => {
            land::ridges(geometry, scene, palette, &mut planes, 2)?;
            land::ground(geometry, scene, palette, &mut planes)?;
        }
        Place::Fields => {
            land::ridges(geometry, scene, palette, &mut planes, 2)?;
            land::ground(geometry, scene, palette, &mut planes)?;
        }
        Place::Forest => forest::forest(geometry, scene, palette, &mut planes)?,
        Place::City => town::city(geometry, scene, palette, &mut planes)?,
        Place::Space => space::space(geometry, scene, palette, &mut planes)?,
        Place::Interior | Place::Corridor => {
            indoors::interior(geometry, scene, palette, &mut planes)?
        }
        Place::Cave => indoors::cave(geometry, scene, palette, &mut planes)?,
    }
    things::things(geometry, scene, palette, &mut planes)?;
    people::people(geometry, scene, palette, &mut planes)?;
    people::foreground(geometry, scene, palette, &mut planes)?;
    Some(planes)
}

/// A colour seen through air: the further, the more haze.
fn aired(colour: Rgb, palette: &Palette, distance: f32) -> Rgb {
    colour.mix(palette.haze.mix(palette.horizon, 0.35), distance)
}
