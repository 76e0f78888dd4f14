//! The containers of films.

/// Containers of films that the studio writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FilmFormat {
    Mp4,
    Mov,
    Mkv,
    Webm,
    Ts,
    Avi,
}

impl FilmFormat {
    /// The container that a path's ending asks for.
    pub fn from_extension(extension: &str) -> Option<FilmFormat> {
        match extension.to_ascii_lowercase().as_str() {
            "mp4" | "m4v" => Some(FilmFormat::Mp4),
            "mov" => Some(FilmFormat::Mov),
            "mkv" => Some(FilmFormat::Mkv),
            "webm" => Some(FilmFormat::Webm),
            "ts" | "m2ts" | "mts" => Some(FilmFormat::Ts),
            "avi" => Some(FilmFormat::Avi),
            _ => None,
        }
    }

    /// The file name's ending, without the dot.
    pub fn extension(self) -> &'static str {
        match self {
            FilmFormat::Mp4 => "mp4",
            FilmFormat::Mov => "mov",
            FilmFormat::Mkv => "mkv",
            FilmFormat::Webm => "webm",
            FilmFormat::Ts => "ts",
            FilmFormat::Avi => "avi",
        }
    }

    /// Whether films that are encoded here (H.264 and AAC) can go into it.
    pub fn is_encoded(self) -> bool {
        matches!(self, FilmFormat::Mp4 | FilmFormat::Mov | FilmFormat::Mkv)
    }

    /// Whether it is built of the boxes of ISO/IEC 14496-12: with edit lists, which may begin within a
    /// packet, and a display matrix.
    pub(crate) fn has_boxes(self) -> bool {
        matches!(self, FilmFormat::Mp4 | FilmFormat::Mov)
    }

    /// FFmpeg's muxer and its options.
    pub(crate) fn muxer(self) -> (&'static str, &'static [(&'static str, &'static str)]) {
        match self {
            // Playable before it is wholly loaded.
            FilmFormat::Mp4 => ("mp4", &[("movflags", "+faststart")]),
            FilmFormat::Mov => ("mov", &[("movflags", "+faststart")]),
            FilmFormat::Mkv => ("matroska", &[]),
            FilmFormat::Webm => ("webm", &[]),
            FilmFormat::Ts => ("mpegts", &[]),
            FilmFormat::Avi => ("avi", &[]),
        }
    }
}
