//! Films as they come from others: their pictures one by one, cut, filtered, encoded again.
//!
//! Time is counted from the first picture. A picture is shown from its own time until that of the next.
//! How the camera was held (the display matrix) is applied to every picture that leaves this module.

mod copy;
mod film;
mod graph;
mod pictures;
mod recode;
mod sound;
mod still;
mod writer;

pub use copy::{Copied, copy_range};
pub use film::FilmFormat;
pub use pictures::{Picture, PictureReader};
pub use recode::{Recode, Recoded, recode};
pub use still::{StillFormat, jpeg, write_still};
