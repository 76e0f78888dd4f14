use camino::Utf8Path;

/// How the samples of a test file are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WavSample {
    Int16,
    Int24,
    Float32,
}

/// Writes planar channels of equal length, without dither.
pub fn write_wav(path: &Utf8Path, rate_hz: u32, channels: &[Vec<f32>], sample: WavSample) {
    let (bits_per_sample, sample_format) = match sample {
        WavSample::Int16 => (16, hound::SampleFormat::Int),
        WavSample::Int24 => (24, hound::SampleFormat::Int),
        WavSample::Float32 => (32, hound::SampleFormat::Float),
    };
    let spec = hound::WavSpec {
        channels: u16::try_from(channels.len()).expect("a WAV has at most 65,535 channels"),
        sample_rate: rate_hz,
        bits_per_sample,
        sample_format,
    };
    let mut writer = hound::WavWriter::create(path, spec).expect("the test file can be created");
    let frames = channels.first().map_or(0, Vec::len);
    for n in 0..frames {
        for channel in channels {
            let s = channel[n];
            match sample {
                WavSample::Float32 => writer.write_sample(s),
                WavSample::Int24 => writer.write_sample((s * 8_388_607.0).round() as i32),
                WavSample::Int16 => writer.write_sample((s * 32_767.0).round() as i32),
            }
            .expect("the test file can be written");
        }
    }
    writer.finalize().expect("the test file can be completed");
}
