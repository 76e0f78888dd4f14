//! A contact sheet: pictures of one size in rows, with gaps between and around them.

use studio_core::Error;
use studio_media::Picture;

/// The ground between the pictures: dark, opaque.
const GROUND: [u8; 4] = [24, 24, 27, 255];
/// The largest sheet, in pixels: 256 MiB of RGBA.
const MOST_PIXELS: u64 = 1 << 26;
/// The longest side, in pixels: what JPEG holds.
const MOST_SIDE: u64 = 65_500;

pub(crate) struct Sheet {
    rgba: Vec<u8>,
    size: (u32, u32),
    cell: (u32, u32),
    columns: u32,
    gap: u32,
    next: u32,
}

impl Sheet {
    /// Room for `count` pictures of `cell` pixels, with gaps of `gap` pixels.
    pub(crate) fn new(
        cell: (u32, u32),
        count: u32,
        columns: Option<u32>,
        gap: u32,
    ) -> Result<Sheet, Error> {
        let square = f64::from(count).sqrt().ceil() as u32;
        let columns = columns.unwrap_or(square).clamp(1, count.max(1));
        let rows = count.div_ceil(columns).max(1);
        let side = |cells: u32, length: u32| {
            u64::from(cells) * (u64::from(length) + u64::from(gap)) + u64::from(gap)
        };
        let (width, height) = (side(columns, cell.0), side(rows, cell.1));
        if width * height > MOST_PIXELS || width.max(height) > MOST_SIDE {
            return Err(Error::bad_input(format!(
                "the sheet would have {width} × {height} pixels, more than we make"
            ))
            .field("/width")
            .hint("take fewer or smaller pictures"));
        }
        Ok(Sheet {
            rgba: GROUND.repeat((width * height) as usize),
            size: (width as u32, height as u32),
            cell,
            columns,
            gap,
            next: 0,
        })
    }

    /// Puts a picture at the next place, row by row.
    pub(crate) fn put(&mut self, picture: &Picture) {
        let (column, row) = (self.next % self.columns, self.next / self.columns);
        self.next += 1;
        let left = (self.gap + column * (self.cell.0 + self.gap)) as usize * 4;
        let top = (self.gap + row * (self.cell.1 + self.gap)) as usize;
        let stride = self.size.0 as usize * 4;
        let length = picture.width.min(self.cell.0) as usize * 4;
        let lines = picture
            .rgba
            .chunks_exact((picture.width as usize * 4).max(1));
        for (n, line) in lines.take(self.cell.1 as usize).enumerate() {
            let at = (top + n) * stride + left;
            if let Some(to) = self.rgba.get_mut(at..at + length) {
                to.copy_from_slice(&line[..length]);
            }
        }
    }

    pub(crate) fn size(&self) -> (u32, u32) {
        self.size
    }

    pub(crate) fn rgba(&self) -> &[u8] {
        &self.rgba
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flat(value: u8) -> Picture {
        Picture {
            width: 4,
            height: 2,
            index: 0,
            time_secs: 0.0,
            rgba: [value, value, value, 255].repeat(8),
        }
    }

    #[test]
    fn pictures_lie_row_by_row_between_gaps() {
        let mut sheet = Sheet::new((4, 2), 3, Some(2), 1).unwrap();
        assert_eq!(sheet.size(), (1 + 5 + 5, 1 + 3 + 3));
        for value in [50, 100, 150] {
            sheet.put(&flat(value));
        }
        let pixel = |x: usize, y: usize| sheet.rgba()[(y * 11 + x) * 4];
        assert_eq!(
            [pixel(1, 1), pixel(4, 2), pixel(6, 1), pixel(1, 4)],
            [50, 50, 100, 150]
        );
        let ground = GROUND[0];
        assert_eq!(
            [pixel(0, 0), pixel(5, 1), pixel(6, 4), pixel(10, 6)],
            [ground; 4]
        );
    }

    #[test]
    fn a_sheet_is_about_square_and_not_too_large() {
        assert_eq!(Sheet::new((10, 10), 16, None, 0).unwrap().size(), (40, 40));
        assert_eq!(Sheet::new((10, 10), 5, None, 0).unwrap().size(), (30, 20));
        let error = Sheet::new((4096, 4096), 100, None, 0).err().unwrap();
        assert_eq!(error.field.as_deref(), Some("/width"));
    }
}
