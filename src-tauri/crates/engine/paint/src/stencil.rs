//! The inside of outlines, to be shaded pixel by pixel: faces, figures, rocks.

use tiny_skia::{FillRule, Mask, Path};

use crate::layer::Geometry;

/// How far each sheet pixel lies inside, 0 to 255, in the rectangle that holds the outlines.
pub(crate) struct Stencil {
    geometry: Geometry,
    left: usize,
    top: usize,
    width: usize,
    height: usize,
    coverage: Vec<u8>,
}

impl Stencil {
    /// The inside of all `paths` together, with `room` around it in heights of the frame. `None` if
    /// nothing of it lies on the sheet.
    pub(crate) fn new(geometry: Geometry, paths: &[Path], room: f32) -> Option<Stencil> {
        let (width, height) = geometry.sheet();
        let mut mask = Mask::new(width, height)?;
        for path in paths {
            mask.fill_path(path, FillRule::Winding, true, geometry.transform());
        }
        let bounds = paths
            .iter()
            .map(Path::bounds)
            .reduce(|a, b| a.join(&b).unwrap_or(a))?;
        let px = |at: f32, room: f32, end: u32| {
            let at = (at + room) * geometry.height as f32 + geometry.margin as f32;
            at.clamp(0.0, end as f32) as usize
        };
        let (left, right) = (
            px(bounds.left(), -room, width),
            px(bounds.right(), room, width - 1) + 1,
        );
        let (top, bottom) = (
            px(bounds.top(), -room, height),
            px(bounds.bottom(), room, height - 1) + 1,
        );
        if left >= right || top >= bottom {
            return None;
        }
        let rows = mask.data().chunks_exact(width as usize);
        let coverage = rows
            .skip(top)
            .take(bottom - top)
            .flat_map(|row| row[left..right].iter().copied())
            .collect();
        Some(Stencil {
            geometry,
            left,
            top,
            width: right - left,
            height: bottom - top,
            coverage,
        })
    }

    /// The same with edges that fade over about `radius` heights of the frame on both sides.
    pub(crate) fn softened(&self, radius: f32) -> Stencil {
        let radius = ((radius * self.geometry.height as f32 / 2.0) as usize).max(1);
        let mut coverage = self.coverage.clone();
        for _ in 0..2 {
            coverage = blurred_and_turned(&coverage, self.width, radius);
            coverage = blurred_and_turned(&coverage, self.height, radius);
        }
        Stencil { coverage, ..*self }
    }

    /// Coverage at a scene position, 0 to 1; 0 outside of the rectangle.
    pub(crate) fn at(&self, x: f32, y: f32) -> f32 {
        let px = |at: f32, start: usize| {
            (at * self.geometry.height as f32 + self.geometry.margin as f32).floor() - start as f32
        };
        let (px, py) = (px(x, self.left), px(y, self.top));
        if px < 0.0 || py < 0.0 || px >= self.width as f32 || py >= self.height as f32 {
            return 0.0;
        }
        f32::from(self.coverage[py as usize * self.width + px as usize]) / 255.0
    }

    /// Rows from the top: number of the sheet's row, first column, coverage.
    pub(crate) fn rows(&self) -> impl Iterator<Item = (usize, usize, &[u8])> {
        let rows = self.coverage.chunks_exact(self.width).enumerate();
        rows.map(|(n, row)| (self.top + n, self.left, row))
    }
}

/// A box blur along the rows; rows become columns, so that twice does both axes.
fn blurred_and_turned(from: &[u8], width: usize, radius: usize) -> Vec<u8> {
    let height = from.len() / width;
    let window = 2 * radius as u32 + 1;
    let mut turned = vec![0; from.len()];
    for (y, row) in from.chunks_exact(width).enumerate() {
        let mut sum: u32 = row.iter().take(radius).map(|x| u32::from(*x)).sum();
        for x in 0..width {
            sum += row.get(x + radius).map_or(0, |x| u32::from(*x));
            turned[x * height + y] = (sum / window) as u8;
            sum -= x.checked_sub(radius).map_or(0, |x| u32::from(row[x]));
        }
    }
    turned
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layer::polygon;

    #[test]
    fn a_softened_edge_is_half_at_the_edge_and_whole_inside() {
        let geometry = Geometry::new(320, 180);
        let square = polygon(&[(0.5, 0.2), (1.2, 0.2), (1.2, 0.8), (0.5, 0.8)]).unwrap();
        let sharp = Stencil::new(geometry, &[square], 0.1).unwrap();
        assert_eq!((sharp.at(0.52, 0.5), sharp.at(0.48, 0.5)), (1.0, 0.0));
        let soft = sharp.softened(0.08);
        assert!(
            (soft.at(0.5, 0.5) - 0.5).abs() < 0.1,
            "{}",
            soft.at(0.5, 0.5)
        );
        assert!(soft.at(0.85, 0.5) > 0.98 && soft.at(0.45, 0.5) > 0.01);
        assert_eq!(soft.at(9.0, 9.0), 0.0);
    }

    #[test]
    fn what_lies_outside_of_the_sheet_has_no_stencil() {
        let geometry = Geometry::new(320, 180);
        let far = polygon(&[(50.0, 0.2), (51.0, 0.2), (51.0, 0.8)]).unwrap();
        assert!(Stencil::new(geometry, &[far], 0.1).is_none());
        assert!(Stencil::new(geometry, &[], 0.1).is_none());
    }
}
