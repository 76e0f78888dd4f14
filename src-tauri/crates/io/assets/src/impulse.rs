//! Impulse responses of the user's own.

use camino::Utf8Path;
use studio_core::Error;
use studio_dsp::Audio;
use studio_media::AudioReader;

/// Longer ones are no rooms, and take the time of a sound.
const LONGEST_SECS: f64 = 30.0;

/// All of a file's sound, as a convolution takes it.
pub fn impulse_response(path: &Utf8Path) -> Result<Audio, Error> {
    let mut reader = AudioReader::open(path)?;
    let spec = reader.spec();
    let longest = spec.rate.samples_from_secs(LONGEST_SECS);
    let mut whole = Audio::silence(spec.rate, spec.channels, 0);
    let mut block = whole.clone();
    while reader.read(&mut block)? > 0 {
        for (whole, block) in whole.channels.iter_mut().zip(&block.channels) {
            whole.extend_from_slice(block);
        }
        if whole.frames() as u64 > longest {
            let message = format!("{path} is longer than {LONGEST_SECS} s: no impulse response");
            return Err(Error::bad_input(message));
        }
    }
    Ok(whole)
}
