//! What is done to each picture, as filters in FFmpeg's notation.

use super::film::Film;
use super::recode::Recode;

/// Brightness and colour. The default changes nothing.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Look {
    /// Added to the luma, −1 to 1.
    pub brightness: f64,
    /// Factor of the luma around its middle, 0 to 4.
    pub contrast: f64,
    /// Factor of the colours' strength, 0 to 3.
    pub saturation: f64,
    /// Exponent's inverse of the luma, 0.1 to 10.
    pub gamma: f64,
}

impl Default for Look {
    fn default() -> Look {
        Look {
            brightness: 0.0,
            contrast: 1.0,
            saturation: 1.0,
            gamma: 1.0,
        }
    }
}

impl Look {
    /// The filters that give it, each with a comma behind.
    pub(crate) fn filters(self) -> String {
        if self == Look::default() {
            return String::new();
        }
        let Look {
            brightness,
            contrast,
            saturation,
            gamma,
        } = self;
        format!(
            "eq=brightness={brightness}:contrast={contrast}:saturation={saturation}:gamma={gamma},"
        )
    }
}

/// How far a picture may move between two frames and still be brought back, in pixels: half of what
/// `deshake` searches at most, for its time grows with the square.
const SHAKE_PX: u32 = 32;

/// Width and height to write: even, since the colours of 4:2:0 have half the resolution.
pub(crate) fn size(work: &Recode, (own_width, own_height): (u32, u32)) -> (u32, u32) {
    let even = |n: u64| (u32::try_from(n).unwrap_or(u32::MAX) & !1).max(2);
    let (w, h) = (u64::from(own_width.max(1)), u64::from(own_height.max(1)));
    // To the nearest even number.
    let share = |side: u32, of: u64, by: u64| even((u64::from(side) * of + by / 2) / by + 1);
    match (work.width, work.height) {
        (None, None) => (even(w), even(h)),
        (Some(width), None) => (even(width.into()), share(width, h, w)),
        (None, Some(height)) => (share(height, w, h), even(height.into())),
        (Some(width), Some(height)) => (even(width.into()), even(height.into())),
    }
}

/// The chain of filters of all that `work` does to a picture.
pub(crate) fn filters(film: &Film, work: &Recode, (width, height): (u32, u32)) -> String {
    let mut chain = film.orientation().filters().to_owned() + &work.look.filters();
    if work.stabilise {
        chain += &format!("deshake=rx={SHAKE_PX}:ry={SHAKE_PX},");
    }
    if work.speed != 1.0 {
        let rate = film.rate();
        chain += &format!("fps=fps={}/{}:start_time=0,", rate.num, rate.den);
    }
    if work.width.is_none() && work.height.is_none() {
        // An odd last row or column is left away.
        chain += "crop=w=trunc(iw/2)*2:h=trunc(ih/2)*2:x=0:y=0,";
    }
    chain += &format!("scale=w={width}:h={height}:flags=bicubic+accurate_rnd");
    match (work.width, work.height) {
        (None, None) => {}
        (Some(_), Some(_)) => chain += ",setsar=1",
        // The rounding to even sides shall not make the pixels oblong.
        _ => {
            let aspect = film.pixel_aspect();
            chain += &format!(",setsar={}/{}", aspect.numerator(), aspect.denominator());
        }
    }
    chain + ",format=yuv420p"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_even_and_in_proportion() {
        let check = |width, height, own, expected| {
            let work = Recode {
                width,
                height,
                ..Recode::default()
            };
            assert_eq!(size(&work, own), expected);
        };
        check(None, None, (853, 479), (852, 478));
        check(Some(640), None, (1920, 1080), (640, 360));
        check(Some(426), None, (1920, 1080), (426, 240));
        check(None, Some(480), (1280, 720), (854, 480));
        check(Some(100), Some(50), (1920, 1080), (100, 50));
        check(Some(2), None, (1920, 2), (2, 2));
    }
}
