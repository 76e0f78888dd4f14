//! How the camera was held: the display matrix (ISO/IEC 14496-12 §8.2.2).

use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};

use camino::Utf8Path;
use ffmpeg_next as ffmpeg;
use ffmpeg_next::codec::packet::side_data::Type as SideData;

use crate::error::{MediaError, Result};

/// How a picture that is kept becomes the one that is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Orientation {
    /// Left and right are exchanged first.
    pub mirrored: bool,
    pub turn: Turn,
}

/// How far a picture is turned, clockwise.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Turn {
    #[default]
    None,
    Quarter,
    Half,
    ThreeQuarters,
}

impl Turn {
    pub fn degrees(self) -> u32 {
        90 * self as u32
    }
}

impl Orientation {
    pub(crate) fn of(stream: &ffmpeg::format::stream::Stream<'_>) -> Orientation {
        DisplayMatrix::of(stream).map_or(Orientation::default(), DisplayMatrix::orientation)
    }

    /// Width and height as shown of a picture that is kept in `size`.
    pub(crate) fn applied(self, (width, height): (u32, u32)) -> (u32, u32) {
        match self.turn {
            Turn::None | Turn::Half => (width, height),
            Turn::Quarter | Turn::ThreeQuarters => (height, width),
        }
    }

    /// The filters that do it, each with a comma behind.
    pub(crate) fn filters(self) -> &'static str {
        match (self.mirrored, self.turn) {
            (false, Turn::None) => "",
            (false, Turn::Quarter) => "transpose=clock,",
            (false, Turn::Half) => "hflip,vflip,",
            (false, Turn::ThreeQuarters) => "transpose=cclock,",
            (true, Turn::None) => "hflip,",
            (true, Turn::Quarter) => "transpose=clock_flip,",
            (true, Turn::Half) => "vflip,",
            (true, Turn::ThreeQuarters) => "transpose=cclock_flip,",
        }
    }
}

/// Nine numbers, row by row; the upper left four as 16.16.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct DisplayMatrix([i32; 9]);

impl DisplayMatrix {
    pub(crate) fn of(stream: &ffmpeg::format::stream::Stream<'_>) -> Option<DisplayMatrix> {
        let data = stream
            .side_data()
            .find(|data| data.kind() == SideData::DisplayMatrix)?;
        DisplayMatrix::from_bytes(data.data())
    }

    fn from_bytes(data: &[u8]) -> Option<DisplayMatrix> {
        let (numbers, _) = data.as_chunks::<4>();
        let numbers: Vec<i32> = numbers.iter().map(|n| i32::from_ne_bytes(*n)).collect();
        numbers.get(..9)?.try_into().ok().map(DisplayMatrix)
    }

    pub(crate) fn orientation(self) -> Orientation {
        // (x, y) is shown at (ax + cy, bx + dy); mirroring changes the signs of a and b only.
        let [a, b, _, c, d, ..] = self.0.map(f64::from);
        let turn = match ((-c).atan2(d).to_degrees() / 90.0).round() as i32 {
            1 => Turn::Quarter,
            2 | -2 => Turn::Half,
            -1 => Turn::ThreeQuarters,
            _ => Turn::None,
        };
        Orientation {
            mirrored: a * d < b * c,
            turn,
        }
    }

    /// Writes it into the header of the first track of an MP4 or MOV file: FFmpeg's muxers take it from
    /// another place in each version, and none through the safe wrapper.
    pub(crate) fn write_into(self, path: &Utf8Path) -> Result<()> {
        let io = |error| MediaError::io(path, error);
        let mut file = File::options()
            .read(true)
            .write(true)
            .open(path)
            .map_err(io)?;
        let end = file.metadata().map_err(io)?.len();
        let found = [*b"moov", *b"trak", *b"tkhd"]
            .iter()
            .try_fold(Some((0, end)), |within, name| match within {
                Some((from, to)) => find_box(&mut file, *name, from, to),
                None => Ok(None),
            })
            .map_err(io)?;
        let Some((at, _)) = found else {
            return Err(MediaError::Corrupt {
                path: path.into(),
                detail: "its track has no header".to_owned(),
            });
        };
        let mut version = [0];
        file.seek(SeekFrom::Start(at)).map_err(io)?;
        file.read_exact(&mut version).map_err(io)?;
        // Times and the duration have 64 bits in version 1.
        let place = at + if version == [1] { 52 } else { 40 };
        let bytes: Vec<u8> = self.0.iter().flat_map(|n| n.to_be_bytes()).collect();
        file.seek(SeekFrom::Start(place)).map_err(io)?;
        file.write_all(&bytes).map_err(io)
    }
}

/// Where the content of the first box of that name lies, among the boxes from `at` to `end`.
fn find_box(
    file: &mut File,
    name: [u8; 4],
    mut at: u64,
    end: u64,
) -> std::io::Result<Option<(u64, u64)>> {
    const HEADER: u64 = 8;
    while at + HEADER <= end {
        file.seek(SeekFrom::Start(at))?;
        let (mut size, mut kind) = ([0; 4], [0; 4]);
        file.read_exact(&mut size)?;
        file.read_exact(&mut kind)?;
        let (header, size) = match u32::from_be_bytes(size) {
            0 => (HEADER, end - at),
            1 => {
                let mut large = [0; 8];
                file.read_exact(&mut large)?;
                (2 * HEADER, u64::from_be_bytes(large))
            }
            size => (HEADER, size.into()),
        };
        let next = at.saturating_add(size).min(end);
        if kind == name {
            return Ok(Some((at + header, next)));
        }
        if size < header {
            break;
        }
        at = next;
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: i32 = 1 << 16;

    fn matrix([a, b, c, d]: [i32; 4]) -> DisplayMatrix {
        DisplayMatrix([a, b, 0, c, d, 0, 0, 0, 1 << 30])
    }

    #[test]
    fn a_display_matrix_tells_how_the_camera_was_held() {
        let check = |upper, mirrored, turn| {
            assert_eq!(matrix(upper).orientation(), Orientation { mirrored, turn });
        };
        check([ONE, 0, 0, ONE], false, Turn::None);
        check([0, ONE, -ONE, 0], false, Turn::Quarter);
        check([-ONE, 0, 0, -ONE], false, Turn::Half);
        check([0, -ONE, ONE, 0], false, Turn::ThreeQuarters);
        check([-ONE, 0, 0, ONE], true, Turn::None);
        check([0, -ONE, -ONE, 0], true, Turn::Quarter);
        check([ONE, 0, 0, -ONE], true, Turn::Half);
        check([0, ONE, ONE, 0], true, Turn::ThreeQuarters);
        check([0; 4], false, Turn::None);
        assert_eq!(DisplayMatrix::from_bytes(&[0; 35]), None);
    }

    #[test]
    fn a_matrix_is_written_into_the_header_of_the_first_track() {
        let boxed = |name: &[u8; 4], content: &[u8]| -> Vec<u8> {
            let size = (content.len() as u32 + 8).to_be_bytes();
            [&size[..], name, content].concat()
        };
        let folder = tempfile::tempdir().unwrap();
        let path = camino::Utf8PathBuf::from_path_buf(folder.path().join("a.mp4")).unwrap();
        for (version, header, place) in [(0, 84, 40), (1, 96, 52)] {
            let mut tkhd = vec![7; header];
            tkhd[0] = version;
            let tracks = [
                boxed(b"trak", &boxed(b"tkhd", &tkhd)),
                boxed(b"trak", &boxed(b"tkhd", &tkhd)),
            ];
            let file = [
                boxed(b"ftyp", b"isom"),
                boxed(
                    b"moov",
                    &[boxed(b"mvhd", &[1; 20]), tracks.concat()].concat(),
                ),
            ];
            let before = file.concat();
            std::fs::write(&path, &before).unwrap();
            matrix([0, ONE, -ONE, 0]).write_into(&path).unwrap();
            let after = std::fs::read(&path).unwrap();
            // ftyp; the heads of moov, mvhd with its content, trak and tkhd.
            let at = 12 + 8 + 28 + 8 + 8 + place;
            assert_eq!(after[at..at + 8], [0, 0, 0, 0, 0, 1, 0, 0]);
            assert_eq!(after[at + 32..at + 36], [64, 0, 0, 0]);
            assert_eq!(
                (&after[..at], &after[at + 36..]),
                (&before[..at], &before[at + 36..])
            );
        }
        std::fs::write(&path, b"no boxes at all").unwrap();
        matrix([0, ONE, -ONE, 0]).write_into(&path).unwrap_err();
    }
}
