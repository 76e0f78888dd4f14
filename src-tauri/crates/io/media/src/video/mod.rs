//! Films as they come from others: their pictures one by one, cut, filtered, encoded again.
//!
//! Time is counted from the first picture. A picture is shown from its own time until that of the next.
//! How the camera was held, and whether it mirrors (the display matrix), is applied to every picture that leaves this module.

mod container;
mod copy;
mod film;
mod frames;
mod graph;
mod look;
mod packets;
mod pictures;
mod recode;
mod run;
mod sound;
mod soundtrack;
mod source;
mod still;
mod turn;
mod writer;

pub use container::FilmFormat;
pub use copy::{Copied, CopyPoints, copy_points, copy_range};
pub use frames::{Frame, FrameReader};
pub use look::Look;
pub use pictures::{Picture, PictureReader};
pub use recode::{Recode, Recoded, recode};
pub use soundtrack::{copy_sound, sound_container};
pub use still::{StillFormat, jpeg, write_still};
pub use turn::{Orientation, Turn};
