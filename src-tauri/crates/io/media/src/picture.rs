//! Single pictures as files.

use crate::error::{MediaError, Result};

/// Opaque or straight-alpha RGBA8 rows as a PNG file's bytes.
pub fn png(rgba: &[u8], width: u32, height: u32) -> Result<Vec<u8>> {
    let failed = |error: png::EncodingError| MediaError::Codec {
        path: "PNG".into(),
        step: "encode the picture",
        detail: error.to_string(),
    };
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, width, height);
    encoder.set_color(png::ColorType::Rgba);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_compression(png::Compression::Fast);
    let mut writer = encoder.write_header().map_err(failed)?;
    writer.write_image_data(rgba).map_err(failed)?;
    writer.finish().map_err(failed)?;
    Ok(bytes)
}
