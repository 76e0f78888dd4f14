//! `ambient.render`: music into a file, its layers into files of their own, its notes into a MIDI file.

mod track;

use std::sync::Arc;
use std::time::Instant;

use camino::{Utf8Path, Utf8PathBuf};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use studio_ambient::{Cue, Key, Layer, Mode, Params, Score, midi};
use studio_assets::{Destination, Output};
use studio_core::units::{Db, SampleRate};
use studio_core::{Error, JobContext, Operation, Resource};
use studio_dsp::{Loudness, Meter};
use studio_media::{AudioFormat, Container, Quality};
use studio_store::{Projects, Provenance, write_atomic};

use self::track::{Blocks, Track};

const RATE: SampleRate = SampleRate::HZ_48000;
/// Share of the work that measuring takes where a loudness is to be reached.
const MEASURING: f64 = 0.45;
/// Share of the work after which only storing is left.
const RENDERED: f64 = 0.9;

pub(crate) fn operation(projects: &Arc<Projects>) -> Operation {
    let projects = projects.clone();
    Operation::define(
        "ambient.render",
        "Compose ambient music",
        "Composes music of a given length and writes it to a file; on wish its layers, which add up to it, to files of \
         their own, and its notes to a MIDI file. The same seed gives the same music.",
    )
    .job(Resource::Cpu)
    .writes()
    .blocking(move |cx: &JobContext, input: RenderInput| render(cx, &projects, &input))
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct RenderInput {
    /// Length in seconds.
    #[schemars(range(min = 1.0, max = 36_000.0))]
    duration_secs: f64,
    /// Tonic, such as `D` or `F#`.
    #[serde(default)]
    key: Option<Key>,
    #[serde(default)]
    mode: Option<Mode>,
    /// Beats per minute.
    #[serde(default)]
    #[schemars(range(min = 40.0, max = 90.0))]
    bpm: Option<f32>,
    /// 0 calm to 1 dense.
    #[serde(default)]
    #[schemars(range(min = 0.0, max = 1.0))]
    intensity: Option<f32>,
    /// Same seed, same music.
    #[serde(default = "one")]
    #[schemars(range(max = 9_007_199_254_740_991u64))]
    seed: u64,
    /// Integrated loudness to reach, in LUFS; without it, as the engine plays.
    #[serde(default)]
    #[schemars(range(min = -40.0, max = -9.0))]
    target_lufs: Option<f64>,
    /// Where the result goes without an `output`.
    #[serde(default)]
    project: Option<String>,
    /// The file to write. Its ending chooses the format.
    #[serde(default)]
    #[schemars(with = "Option<String>", extend("x-path" = true))]
    output: Option<Utf8PathBuf>,
    /// Format of the result; without it, that of the output's ending, or WAV.
    #[serde(default)]
    format: Option<Container>,
    /// Also write each layer: beside the output, as in `name.pad.wav`, or as an asset each.
    #[serde(default)]
    stems: bool,
    /// Also write the notes, to this MIDI file.
    #[serde(default)]
    #[schemars(with = "Option<String>", extend("x-path" = true))]
    midi: Option<Utf8PathBuf>,
}

fn one() -> u64 {
    1
}

#[derive(Serialize, JsonSchema)]
struct Composed {
    output: Output,
    duration_secs: f64,
    loudness: Loudness,
    /// In the order of the layers; empty unless asked for.
    stems: Vec<Stem>,
    /// The MIDI file, if it was asked for.
    midi: Option<String>,
}

#[derive(Serialize, JsonSchema)]
struct Stem {
    layer: Layer,
    output: Output,
}

/// What is composed.
struct Piece {
    seed: u64,
    params: Params,
    samples: u64,
}

impl Piece {
    fn of(input: &RenderInput) -> Result<Piece, Error> {
        let params = params_of(input.key, input.mode, input.bpm, input.intensity)?;
        Ok(Piece {
            seed: input.seed,
            params,
            samples: RATE.samples_from_secs(input.duration_secs),
        })
    }

    fn cues(&self) -> [Cue; 1] {
        [Cue {
            at_sample: 0,
            params: self.params,
        }]
    }

    /// The whole music, or one layer of it.
    fn score(&self, layer: Option<Layer>) -> Result<Score, Error> {
        let cues = self.cues();
        let score = match layer {
            None => Score::new(self.seed, &cues, self.samples, RATE),
            Some(layer) => Score::solo(layer, self.seed, &cues, self.samples, RATE),
        };
        score.map_err(|error| Error::bad_input(error.to_string()).field("/duration_secs"))
    }

    fn loudness(&self, cx: &JobContext) -> Result<Loudness, Error> {
        let mut blocks = Blocks::new(self.score(None)?);
        let mut meter = Meter::new(2, RATE).map_err(internal)?;
        while let Some(block) = blocks.next() {
            meter.feed(&block.slices()).map_err(internal)?;
            cx.check()?;
            cx.progress("Measuring", blocks.share());
        }
        meter.report().map_err(internal)
    }

    fn name(&self, part: Option<&str>, container: Container) -> String {
        let Params { key, mode, .. } = self.params;
        let minutes = RATE.secs_from_samples(self.samples) / 60.0;
        let part = part.map_or(String::new(), |part| format!(", {part}"));
        format!(
            "Ambient {key} {mode:?}, {minutes:.1} min{part}.{}",
            container.extension()
        )
    }
}

/// What is not given is as the engine's own.
pub(crate) fn params_of(
    key: Option<Key>,
    mode: Option<Mode>,
    bpm: Option<f32>,
    intensity: Option<f32>,
) -> Result<Params, Error> {
    let own = Params::default();
    Params::new(
        key.unwrap_or(own.key),
        mode.unwrap_or(own.mode),
        bpm.unwrap_or(own.bpm.get()),
        intensity.unwrap_or(own.intensity.get()),
    )
    .map_err(|error| Error::bad_input(error.to_string()).field(format!("/{}", error.field)))
}

/// A file on its way: whose it is, the music for it, and where it goes.
struct Part {
    layer: Option<Layer>,
    track: Track,
    written: Utf8PathBuf,
    destination: Destination,
    name: String,
}

fn render(cx: &JobContext, projects: &Projects, input: &RenderInput) -> Result<Composed, Error> {
    let begun = Instant::now();
    let destination = Destination::choose(
        projects,
        input.output.as_deref(),
        input.project.as_deref(),
        None,
    )?;
    let container = destination.sound_format(input.format)?;
    if let Some(path) = &input.midi {
        check_midi(path)?;
    }
    let piece = Piece::of(input)?;
    let measured = input.target_lufs.map_or(0.0, |_| MEASURING);
    // The music is the same each time, so measuring it first costs time and no memory.
    let gain = match input.target_lufs {
        None => Db(0.0),
        Some(target) => {
            let loudness = piece.loudness(&cx.part(0.0, measured))?;
            Db(loudness.integrated_lufs.map_or(0.0, |found| target - found))
        }
    };
    let begin = |layer: Option<Layer>| -> Result<Part, Error> {
        let tag = layer.map(tag);
        let name = piece.name(tag.as_deref(), container);
        let destination = match &tag {
            None => destination.clone(),
            Some(tag) => destination.part(tag),
        };
        let written = destination.path(cx, &name)?;
        let format = AudioFormat::new(container, Quality::High, None);
        Ok(Part {
            layer,
            track: Track::create(piece.score(layer)?, gain, &written, format)?,
            written,
            destination,
            name,
        })
    };
    let stems: &[Layer] = if input.stems { &Layer::ALL } else { &[] };
    let layers = std::iter::once(None).chain(stems.iter().copied().map(Some));
    let mut parts = layers.map(begin).collect::<Result<Vec<Part>, Error>>()?;
    advance(&cx.part(measured, RENDERED), &mut parts)?;
    if let Some(path) = &input.midi {
        let bytes = midi::export_score(piece.seed, &piece.cues(), piece.samples, RATE);
        write_atomic(path, &bytes.map_err(internal)?)?;
    }
    let made = Provenance {
        operation: "ambient.render".to_owned(),
        input: json!({
            "params": piece.params, "duration_secs": input.duration_secs, "target_lufs": input.target_lufs,
        }),
        seed: Some(input.seed),
        model: Some("ambient engine".to_owned()),
        device: Some("cpu".to_owned()),
        took_ms: begun.elapsed().as_millis() as u64,
        ..Provenance::default()
    };
    deliver(&cx.part(RENDERED, 1.0), parts, &made, input.midi.as_deref())
}

/// Renders all parts side by side to their end.
fn advance(cx: &JobContext, parts: &mut [Part]) -> Result<(), Error> {
    let mut goes_on = true;
    while goes_on {
        cx.check()?;
        for part in &mut *parts {
            // They are of one length.
            goes_on = part.track.advance()?;
            cx.progress("Composing", part.track.share());
        }
    }
    Ok(())
}

fn deliver(
    cx: &JobContext,
    parts: Vec<Part>,
    made: &Provenance,
    midi: Option<&Utf8Path>,
) -> Result<Composed, Error> {
    let count = parts.len() as f64;
    let (mut whole, mut stems) = (None, Vec::new());
    for (index, part) in parts.into_iter().enumerate() {
        let cx = cx.part(index as f64 / count, (index + 1) as f64 / count);
        let (duration_secs, loudness) = part.track.finish()?;
        let mut made = made.clone();
        if let Some(layer) = part.layer {
            made.input["layer"] = json!(layer);
        }
        let (written, name) = (&part.written, &part.name);
        let output = part.destination.deliver(&cx, written, name, None, made)?;
        match part.layer {
            None => whole = Some((output, duration_secs, loudness)),
            Some(layer) => stems.push(Stem { layer, output }),
        }
    }
    let (output, duration_secs, loudness) =
        whole.ok_or_else(|| internal("nothing was rendered"))?;
    Ok(Composed {
        output,
        duration_secs,
        loudness,
        stems,
        midi: midi.map(|path| path.as_str().to_owned()),
    })
}

/// A layer's name in the names of files.
fn tag(layer: Layer) -> String {
    format!("{layer:?}").to_lowercase()
}

fn check_midi(path: &Utf8Path) -> Result<(), Error> {
    let folder = path.parent().filter(|folder| !folder.as_str().is_empty());
    if let Some(folder) = folder.filter(|folder| !folder.is_dir()) {
        return Err(
            Error::not_found(format!("the folder {folder} does not exist"))
                .field("/midi")
                .hint("create it first, or choose another place"),
        );
    }
    if !matches!(path.extension(), Some("mid" | "midi")) {
        return Err(
            Error::bad_input(format!("{path} is no name of a MIDI file"))
                .field("/midi")
                .hint("let it end in .mid"),
        );
    }
    Ok(())
}

fn internal(error: impl std::fmt::Display) -> Error {
    Error::internal(error.to_string())
}
