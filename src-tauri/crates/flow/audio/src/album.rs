//! `audio.normalize_album` and `audio.replaygain`: several tracks that are listened to one after the other.
//!
//! An album has one loudness, that of all its tracks as if they were one (ReplayGain 2.0; BS.1770-5 gates over all
//! blocks), and one gain: quiet tracks stay quieter than loud ones.

use std::collections::BTreeMap;

use camino::{Utf8Path, Utf8PathBuf};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use studio_core::units::Db;
use studio_core::{Error, ErrorCode, JobContext, Operation, Resource};
use studio_dsp::{Loudness, Meter};
use studio_media::gain::{Level, REFERENCE_LUFS, write_replay_gain};
use studio_media::{AudioFormat, Container, Quality};

use crate::measure::{Ear, Wishes, internal, listen};
use crate::normalize::{Delivery, NormalizeWay, Scale, Way, render};
use crate::target::Target;

/// A lossy encoder moves peaks: how often a track may be written until they hold the ceiling, and by how much more.
const TRIES: usize = 4;
const MARGIN_DB: f64 = 0.05;

pub(crate) fn operations() -> Vec<Operation> {
    vec![
        Operation::define(
            "audio.normalize_album",
            "Normalise an album",
            "Brings several tracks to a loudness together, by one gain: quiet tracks stay quieter than loud ones. The \
             results go into a folder.",
        )
        .job(Resource::Cpu)
        .writes()
        .blocking(|cx: &JobContext, input: AlbumInput| normalize(cx, &input)),
        Operation::define(
            "audio.replaygain",
            "Write ReplayGain",
            "Measures tracks and writes into their tags how much a player turns them up or down (ReplayGain 2.0; R128 in \
             Opus files). The sound stays as it is.",
        )
        .job(Resource::Cpu)
        .writes()
        .blocking(|cx: &JobContext, input: ReplayGainInput| replaygain(cx, &input)),
    ]
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct AlbumInput {
    /// The tracks.
    #[schemars(
        with = "Vec<String>",
        length(min = 1, max = 999),
        extend("items" = { "type": "string", "x-path": true })
    )]
    paths: Vec<Utf8PathBuf>,
    /// Where the results go, under the names of the tracks; made if it is not there.
    #[schemars(with = "String", extend("x-path" = true))]
    output_folder: Utf8PathBuf,
    /// Where it is to be heard: decides loudness and ceiling that are not given. Without it, as Spotify.
    #[serde(default)]
    delivery: Delivery,
    /// Integrated loudness of the album, in LUFS.
    #[serde(default)]
    #[schemars(range(min = -70.0, max = -5.0))]
    target_lufs: Option<f64>,
    /// Highest true peak, in dBTP.
    #[serde(default)]
    #[schemars(range(min = -20.0, max = 0.0))]
    ceiling_dbtp: Option<f64>,
    /// Format of the results; without it, that of each track, or WAV.
    #[serde(default)]
    format: Option<Container>,
}

#[derive(Serialize, JsonSchema)]
struct NormalizedAlbum {
    /// Loudness of all tracks as if they were one, in LUFS.
    before_lufs: f64,
    after_lufs: Option<f64>,
    /// Gain of every track, in dB.
    gain_db: f64,
    tracks: Vec<NormalizedTrack>,
}

#[derive(Serialize, JsonSchema)]
struct NormalizedTrack {
    path: String,
    output: String,
    before: Loudness,
    after: Loudness,
    /// The most that the limiter took off a peak, in dB.
    limited_db: f64,
}

fn normalize(cx: &JobContext, input: &AlbumInput) -> Result<NormalizedAlbum, Error> {
    let goal = input
        .delivery
        .goal(input.target_lufs, input.ceiling_dbtp, NormalizeWay::Linear);
    if goal.scale == Scale::Rms {
        let message = "an audiobook's chapters are each measured alone; use `audio.pipeline`";
        return Err(Error::bad_input(message).field("/delivery"));
    }
    let outputs = outputs(input)?;
    let tracks = listen_to_all(&cx.part(0.0, 0.4), &input.paths)?;
    let together = album_lufs(&tracks)?;
    let before_lufs = together.ok_or_else(|| {
        Error::bad_input("all tracks are silent: silence has no loudness").field("/paths")
    })?;
    let gain = Db(goal.target - before_lufs);
    std::fs::create_dir_all(&input.output_folder)
        .map_err(|error| Error::io(format!("make {}", input.output_folder), &error))?;
    let count = tracks.len() as f64;
    let (mut done, mut heard) = (Vec::new(), Vec::new());
    for (index, ((path, ear), output)) in input.paths.iter().zip(&tracks).zip(&outputs).enumerate()
    {
        let from = 0.4 + 0.6 * index as f64 / count;
        let part = cx.part(from, from + 0.6 / count);
        let (after, limited) = write_track(&part, path, output, gain, goal.highest)?;
        done.push(NormalizedTrack {
            path: path.to_string(),
            output: output.to_string(),
            before: ear.loudness()?,
            after: after.loudness()?,
            limited_db: limited.0,
        });
        heard.push(after);
    }
    Ok(NormalizedAlbum {
        before_lufs,
        after_lufs: album_lufs(&heard)?,
        gain_db: gain.0,
        tracks: done,
    })
}

/// Writes one track, again with a lower ceiling while an encoder lifts its peaks over the one that was asked for.
fn write_track(
    cx: &JobContext,
    path: &Utf8Path,
    output: &Utf8Path,
    gain: Db,
    highest: f64,
) -> Result<(Ear, Db), Error> {
    let container = container(output);
    let format = |bits| AudioFormat::new(container, Quality::High, bits);
    let to = Target::of(path, output, &format);
    let mut ceiling = Db(highest);
    for attempt in 0..TRIES {
        let share = |at: usize| at as f64 / TRIES as f64;
        let part = cx.part(share(attempt), share(attempt + 1));
        let way = Way {
            gain,
            leveler: None,
            ceiling,
        };
        let limited = render(&part.part(0.0, 0.6), path, to, &way)?;
        let after = listen(&part.part(0.6, 1.0), output, Wishes::default())?;
        let over = after
            .loudness()?
            .true_peak_dbtp
            .unwrap_or(f64::NEG_INFINITY)
            - highest;
        if over <= 0.0 {
            return Ok((after, limited));
        }
        ceiling = Db(ceiling.0 - over - MARGIN_DB);
    }
    // What does not hold is not left there as if it did.
    let _ = std::fs::remove_file(output);
    let message = format!("{output}: its peaks stay over the ceiling after the encode");
    Err(Error::new(ErrorCode::Unsupported, message)
        .hint("choose a lower ceiling, or a format without loss"))
}

/// A file in the folder for each track. Nothing is written over a track, or twice.
fn outputs(input: &AlbumInput) -> Result<Vec<Utf8PathBuf>, Error> {
    let mut taken: BTreeMap<Utf8PathBuf, usize> = BTreeMap::new();
    let mut outputs = Vec::with_capacity(input.paths.len());
    for (index, path) in input.paths.iter().enumerate() {
        let wrong = |message: String| Error::bad_input(message).field(format!("/paths/{index}"));
        let stem = path
            .file_stem()
            .ok_or_else(|| wrong(format!("{path} is no file")))?;
        let container = input.format.unwrap_or_else(|| container(path));
        let name = format!("{stem}.{}", container.extension());
        let output = input.output_folder.join(name);
        if input.paths.iter().any(|path| same(path, &output)) {
            return Err(wrong(format!(
                "{output} is one of the tracks; choose another folder"
            )));
        }
        if let Some(other) = taken.insert(output.clone(), index) {
            let other = &input.paths[other];
            return Err(wrong(format!(
                "{path} and {other} would both become {output}"
            )));
        }
        outputs.push(output);
    }
    Ok(outputs)
}

fn same(one: &Utf8Path, other: &Utf8Path) -> bool {
    match (one.canonicalize_utf8(), other.canonicalize_utf8()) {
        (Ok(one), Ok(other)) => one == other,
        _ => one == other,
    }
}

fn container(path: &Utf8Path) -> Container {
    let own = path.extension().and_then(Container::from_extension);
    own.unwrap_or(Container::Wav)
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ReplayGainInput {
    /// The tracks, whose tags are written.
    #[schemars(
        with = "Vec<String>",
        length(min = 1, max = 999),
        extend("items" = { "type": "string", "x-path": true })
    )]
    paths: Vec<Utf8PathBuf>,
    /// They are one album: its gain is written, too.
    #[serde(default)]
    album: bool,
}

#[derive(Serialize, JsonSchema)]
struct ReplayGained {
    /// Loudness that players bring every track to, in LUFS.
    reference_lufs: f64,
    album: Option<ReplayGain>,
    tracks: Vec<ReplayGainTrack>,
}

#[derive(Serialize, JsonSchema)]
struct ReplayGainTrack {
    path: String,
    /// `None` for silence, whose tags are left as they are.
    gain: Option<ReplayGain>,
}

#[derive(Serialize, JsonSchema)]
struct ReplayGain {
    /// Integrated loudness, in LUFS.
    lufs: f64,
    /// Highest true peak as a factor of full scale.
    peak: f64,
    /// What a player adds, in dB.
    gain_db: f64,
}

impl From<Level> for ReplayGain {
    fn from(level: Level) -> ReplayGain {
        ReplayGain {
            lufs: level.lufs,
            peak: level.peak,
            gain_db: level.gain_db(),
        }
    }
}

/// Nothing is written before everything is measured.
fn replaygain(cx: &JobContext, input: &ReplayGainInput) -> Result<ReplayGained, Error> {
    let ears = listen_to_all(&cx.part(0.0, 0.9), &input.paths)?;
    let mut levels = Vec::with_capacity(ears.len());
    for ear in &ears {
        let loudness = ear.loudness()?;
        let peak = loudness.true_peak_dbtp.map_or(0.0, |peak| Db(peak).ratio());
        levels.push(loudness.integrated_lufs.map(|lufs| Level { lufs, peak }));
    }
    let album = match input.album {
        true => album_lufs(&ears)?.map(|lufs| {
            let peaks = levels.iter().flatten().map(|level| level.peak);
            let peak = peaks.fold(0.0, f64::max);
            Level { lufs, peak }
        }),
        false => None,
    };
    for (index, (path, level)) in input.paths.iter().zip(&levels).enumerate() {
        cx.check()?;
        cx.progress(
            "Writing tags",
            0.9 + 0.1 * index as f64 / levels.len() as f64,
        );
        match level {
            Some(level) => write_replay_gain(path, *level, album)?,
            None => cx.warn(format!("{path} is silent: its tags are left as they are")),
        }
    }
    let tracks = input.paths.iter().zip(levels);
    Ok(ReplayGained {
        reference_lufs: REFERENCE_LUFS,
        album: album.map(ReplayGain::from),
        tracks: tracks
            .map(|(path, level)| ReplayGainTrack {
                path: path.to_string(),
                gain: level.map(ReplayGain::from),
            })
            .collect(),
    })
}

fn listen_to_all(cx: &JobContext, paths: &[Utf8PathBuf]) -> Result<Vec<Ear>, Error> {
    let share = |index: usize| index as f64 / paths.len() as f64;
    let listen = |(index, path): (usize, &Utf8PathBuf)| {
        let part = cx.part(share(index), share(index + 1));
        let at = |error: Error| error.field(format!("/paths/{index}"));
        listen(&part, path, Wishes::default()).map_err(at)
    };
    paths.iter().enumerate().map(listen).collect()
}

fn album_lufs(ears: &[Ear]) -> Result<Option<f64>, Error> {
    Meter::together(ears.iter().map(|ear| &ear.meter)).map_err(internal)
}
