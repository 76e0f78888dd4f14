//! Packets as they come, and their clock.

use ffmpeg_next as ffmpeg;

/// Packets in a row that a demuxer may refuse before the film counts as ended.
const MOST_DAMAGED: u32 = 1000;

/// Ticks of a clock in seconds, rounded once: 31 frames of 1/24 s are 31/24 s.
pub(crate) fn secs_from_ticks(ticks: i64, clock: ffmpeg::Rational) -> f64 {
    ticks as f64 * f64::from(clock.numerator()) / f64::from(clock.denominator().max(1))
}

/// The next packet of a wanted stream; `None` at the end, and where nothing more can be read.
pub(crate) fn next_packet(
    input: &mut ffmpeg::format::context::Input,
    wanted: impl Fn(usize) -> bool,
) -> Option<ffmpeg::Packet> {
    let mut damaged = 0;
    let mut packet = ffmpeg::Packet::empty();
    while damaged < MOST_DAMAGED {
        match packet.read(input) {
            Ok(()) if wanted(packet.stream()) => return Some(packet),
            Ok(()) => {}
            Err(ffmpeg::Error::InvalidData) => damaged += 1,
            Err(_) => return None,
        }
    }
    None
}

/// When a packet is shown and when it is decoded; one stands for the other where it is missing.
pub(crate) fn stamps(packet: &ffmpeg::Packet) -> Option<(i64, i64)> {
    let pts = packet.pts().or(packet.dts())?;
    Some((pts, packet.dts().unwrap_or(pts)))
}
