//! The notes as a Standard MIDI File: what was composed, at the tempo it is played at.
//!
//! Format 1, 480 ticks a quarter note: a tempo track, then pad, bell, pluck, drone and piano on channels 1 to 5 and
//! percussion on channel 10, where General MIDI has it. Air is noise and has no notes.

use midly::num::{u4, u7, u15, u24, u28};
use midly::{Format, Header, MetaMessage, MidiMessage, Smf, Timing, TrackEvent, TrackEventKind};
use studio_core::units::SampleRate;

use crate::engine::{Order, step_samples};
use crate::form::{
    BEATS_PER_STEP, Composer, Direction, Event, Layer, STEP_TICKS, Step, TICKS_PER_BEAT,
};
use crate::params::Params;
use crate::score::{Cue, Plan, ScoreError};

#[derive(Debug, thiserror::Error)]
pub enum MidiError {
    #[error(transparent)]
    Score(#[from] ScoreError),
    #[error("the MIDI file could not be written to memory: {0}")]
    Write(#[from] std::io::Error),
}

/// The first `total` samples of what [`Engine`](crate::Engine) plays.
pub fn export(
    seed: u64,
    params: Params,
    total: u64,
    rate: SampleRate,
) -> Result<Vec<u8>, MidiError> {
    write(seed, params, total, rate, |_| Order {
        params,
        samples: step_samples(&params, rate),
        direction: Direction::Continue,
    })
}

/// What [`Score`](crate::Score) plays.
pub fn export_score(
    seed: u64,
    cues: &[Cue],
    total: u64,
    rate: SampleRate,
) -> Result<Vec<u8>, MidiError> {
    let plan = Plan::new(cues, total, rate)?;
    write(seed, plan.first(), total, rate, |at| plan.order(at))
}

/// Track name, layer, channel and General MIDI programme (both from 0).
pub(crate) const TRACKS: [(&str, Layer, u8, u8); 6] = [
    ("Pad", Layer::Pad, 0, 89),
    ("Bell", Layer::Bell, 1, 98),
    ("Pluck", Layer::Pluck, 2, 46),
    ("Drone", Layer::Drone, 3, 39),
    ("Piano", Layer::Piano, 4, 0),
    ("Percussion", Layer::Percussion, 9, 0),
];

fn write(
    seed: u64,
    first: Params,
    total: u64,
    rate: SampleRate,
    order: impl Fn(u64) -> Order,
) -> Result<Vec<u8>, MidiError> {
    let mut composer = Composer::new(seed, &first);
    let mut step = Step::new(&first);
    let mut tempos: Vec<(u64, u32)> = Vec::new();
    let mut events: Vec<Event> = Vec::new();
    // Notes may be cut at these ticks, when a phrase turned.
    let mut cuts: Vec<u64> = Vec::new();
    let (mut at, mut end) = (0, 0);
    while at < total {
        let order = order(at);
        let begin = end;
        composer.step(&order.params, order.direction, &mut step);
        let beat_secs = rate.secs_from_samples(order.samples) / BEATS_PER_STEP as f64;
        let micros = (beat_secs * 1e6).round() as u32;
        if tempos.last().is_none_or(|(_, last)| *last != micros) {
            tempos.push((begin, micros));
        }
        if step.cut {
            cuts.push(begin);
        }
        // The last step may be cut by the end of the music.
        let part = (total - at).min(order.samples);
        end = begin
            + (u128::from(STEP_TICKS) * u128::from(part)).div_ceil(u128::from(order.samples))
                as u64;
        events.extend(step.events.iter().filter(|event| event.at.0 < end));
        at += order.samples;
    }

    let mut tracks = vec![tempo_track(&tempos, end)];
    for (name, layer, channel, programme) in TRACKS {
        let notes = events.iter().filter(|event| event.layer == layer);
        let sustained = matches!(layer, Layer::Pad | Layer::Drone);
        let cuts = if sustained { cuts.as_slice() } else { &[] };
        tracks.push(note_track(
            name,
            u4::new(channel),
            programme,
            notes,
            cuts,
            end,
        ));
    }
    let mut smf = Smf::new(Header::new(
        Format::Parallel,
        Timing::Metrical(u15::new(TICKS_PER_BEAT as u16)),
    ));
    smf.tracks = tracks;
    let mut bytes = Vec::new();
    smf.write_std(&mut bytes)?;
    Ok(bytes)
}

fn tempo_track(tempos: &[(u64, u32)], end: u64) -> Vec<TrackEvent<'static>> {
    let mut timed = vec![(0, 0, MetaMessage::TimeSignature(4, 2, 24, 8))];
    timed.extend(
        tempos
            .iter()
            .map(|(at, micros)| (*at, 0, MetaMessage::Tempo(u24::new(*micros)))),
    );
    track(
        timed
            .into_iter()
            .map(|(at, order, meta)| (at, order, TrackEventKind::Meta(meta)))
            .collect(),
        end,
    )
}

fn note_track<'a>(
    name: &'static str,
    channel: u4,
    programme: u8,
    notes: impl Iterator<Item = &'a Event>,
    cuts: &[u64],
    end: u64,
) -> Vec<TrackEvent<'static>> {
    let midi = |message| TrackEventKind::Midi { channel, message };
    let mut timed = vec![
        (
            0,
            0,
            TrackEventKind::Meta(MetaMessage::TrackName(name.as_bytes())),
        ),
        (
            0,
            0,
            midi(MidiMessage::ProgramChange {
                program: u7::new(programme),
            }),
        ),
    ];
    for note in notes {
        let begin = note.at.0;
        let cut = cuts.iter().copied().find(|cut| *cut > begin).unwrap_or(end);
        let off = (begin + note.length.0).min(cut).min(end).max(begin + 1);
        let key = u7::new(note.pitch.min(127));
        timed.push((
            begin,
            2,
            midi(MidiMessage::NoteOn {
                key,
                vel: u7::new(note.velocity),
            }),
        ));
        timed.push((
            off,
            1,
            midi(MidiMessage::NoteOff {
                key,
                vel: u7::new(0),
            }),
        ));
    }
    track(timed, end)
}

/// Sorts by tick (a note ends before the next begins), turns ticks into distances, and ends the track.
fn track(mut timed: Vec<(u64, u8, TrackEventKind<'static>)>, end: u64) -> Vec<TrackEvent<'static>> {
    timed.sort_by_key(|(at, order, _)| (*at, *order));
    timed.push((end, 3, TrackEventKind::Meta(MetaMessage::EndOfTrack)));
    let mut before = 0;
    timed
        .into_iter()
        .map(|(at, _, kind)| {
            let delta = u28::new(
                at.saturating_sub(before)
                    .min(u64::from(u32::from(u28::max_value()))) as u32,
            );
            before = at.max(before);
            TrackEvent { delta, kind }
        })
        .collect()
}
