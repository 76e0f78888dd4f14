//! Repair: noise, clicks and hum.

mod autoregression;
mod de_click;
mod de_hum;
mod noise_floor;
mod noise_profile;
mod noise_reduction;
mod voice_denoise;

pub use de_click::DeClick;
pub use de_hum::DeHum;
pub use noise_profile::NoiseProfile;
pub use noise_reduction::NoiseReduction;
pub use voice_denoise::VoiceDenoise;
