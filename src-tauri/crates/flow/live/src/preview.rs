//! Effects on what a player plays, at work on the file's own samples: what is heard is what
//! `audio.process` makes.
//!
//! A [`Preview`] belongs to the thread that feeds the device, its [`Control`] to the operations. Changes
//! are prepared by the control and wait in a queue without locks until the feeder comes by.

use std::sync::mpsc::{Receiver, Sender, channel};

use parking_lot::Mutex;
use studio_core::Error;
use studio_core::units::SampleRate;
use studio_dsp::Audio;
use studio_dsp::effects::{Chain, ChainError, Change, Impulses, RunningChain};
use studio_media::AudioReader;

/// Samples that are made at a time: so soon a change is taken on.
const BLOCK: usize = 1024;
/// What the effects hear before the sample that was sought: levels and rooms have settled by then.
const LEAD_SECS: f64 = 0.5;

enum Update {
    Chain(Box<Change>),
    Bypass(bool),
    CutTail(bool),
}

/// A file through a chain.
pub(crate) struct Preview {
    chain: RunningChain,
    updates: Receiver<Update>,
    rate: SampleRate,
    /// Decoded, and taken from `taken` on.
    decoded: Audio,
    taken: usize,
    bypass: bool,
    cut_tail: bool,
}

impl Preview {
    /// Effects on the sound of `file`, which stands at its start.
    pub(crate) fn new(file: &AudioReader, chain: &Chain) -> Result<(Preview, Control), Error> {
        let spec = file.spec();
        let running =
            RunningChain::new(chain, spec.rate, spec.channels, &Impulses::new()).map_err(unfit)?;
        let (sender, updates) = channel();
        let control = Control {
            updates: sender,
            rate: spec.rate,
            channels: spec.channels,
            state: Mutex::new(State {
                chain: chain.clone(),
                bypass: false,
                cut_tail: false,
                latency: running.latency(),
            }),
        };
        let preview = Preview {
            chain: running,
            updates,
            rate: spec.rate,
            decoded: Audio::silence(spec.rate, spec.channels, 0),
            taken: 0,
            bypass: false,
            cut_tail: false,
        };
        Ok((preview, control))
    }

    /// Replaces `block` by the next samples; silence and what echoes in it after the end.
    pub(crate) fn read(&mut self, file: &mut AudioReader, block: &mut Audio) {
        self.update();
        self.render(file, block, BLOCK);
    }

    /// Goes on at sample `at` of the file.
    pub(crate) fn seek(&mut self, file: &mut AudioReader, at: u64) -> Result<(), Error> {
        self.update();
        let lead = at.min(self.rate.samples_from_secs(LEAD_SECS));
        file.seek(at - lead)?;
        self.decoded.channels.iter_mut().for_each(Vec::clear);
        self.taken = 0;
        self.chain.seek(at - lead);
        let mut dropped = self.decoded.clone();
        let mut left = lead as usize;
        while left > 0 {
            let count = left.min(BLOCK);
            self.render(file, &mut dropped, count);
            left -= count;
        }
        Ok(())
    }

    /// Seconds for which it goes on after the end of the file.
    pub(crate) fn tail_secs(&self) -> f64 {
        match self.cut_tail || self.bypass {
            true => 0.0,
            false => self.rate.secs_from_samples(self.chain.tail()),
        }
    }

    fn update(&mut self) {
        for update in self.updates.try_iter() {
            match update {
                Update::Chain(change) => self.chain.apply(*change),
                Update::Bypass(bypass) => {
                    self.bypass = bypass;
                    self.chain.bypass(bypass);
                }
                Update::CutTail(cut) => self.cut_tail = cut,
            }
        }
    }

    fn render(&mut self, file: &mut AudioReader, block: &mut Audio, frames: usize) {
        let Preview {
            chain,
            decoded,
            taken,
            ..
        } = self;
        for channel in &mut block.channels {
            channel.resize(frames, 0.0);
        }
        let mut out: Vec<&mut [f32]> = block.channels.iter_mut().map(Vec::as_mut_slice).collect();
        chain.render(&mut out, |input| give(file, decoded, taken, input));
    }
}

/// Fills `input` with what follows in the file, as far as there is anything.
fn give(file: &mut AudioReader, decoded: &mut Audio, taken: &mut usize, input: &mut [&mut [f32]]) {
    let frames = input.first().map_or(0, |channel| channel.len());
    let mut at = 0;
    while at < frames {
        let ready = decoded.frames() - *taken;
        if ready == 0 {
            *taken = 0;
            match file.read(decoded) {
                Ok(1..) => continue,
                Ok(0) => {}
                Err(error) => tracing::warn!(%error, "the sound of a file ends early"),
            }
            decoded.channels.iter_mut().for_each(Vec::clear);
            return;
        }
        let count = ready.min(frames - at);
        for (to, from) in input.iter_mut().zip(&decoded.channels) {
            to[at..at + count].copy_from_slice(&from[*taken..*taken + count]);
        }
        (at, *taken) = (at + count, *taken + count);
    }
}

/// Where a preview is changed from.
pub(crate) struct Control {
    updates: Sender<Update>,
    rate: SampleRate,
    channels: usize,
    state: Mutex<State>,
}

/// As it is when all changes have arrived.
#[derive(Clone, PartialEq)]
pub(crate) struct State {
    chain: Chain,
    pub(crate) bypass: bool,
    pub(crate) cut_tail: bool,
    /// Samples that the effects are late, at the file's rate. None of it is heard.
    latency: usize,
}

/// What a change came to.
pub(crate) struct Changed {
    pub(crate) state: State,
    /// Whether anything did change.
    pub(crate) differs: bool,
    /// Whether the effects that run go on as they are.
    pub(crate) keeps_state: bool,
}

impl Control {
    /// Prepares and sends what differs.
    pub(crate) fn change(
        &self,
        chain: Option<&Chain>,
        bypass: Option<bool>,
        cut_tail: Option<bool>,
    ) -> Result<Changed, Error> {
        let mut state = self.state.lock();
        let before = state.clone();
        let mut keeps_state = true;
        if let Some(chain) = chain.filter(|chain| **chain != state.chain) {
            let (rate, channels) = (self.rate, self.channels);
            let change = Change::prepare(&state.chain, chain, rate, channels, &Impulses::new())
                .map_err(unfit)?;
            keeps_state = change.keeps_state();
            state.latency = change.latency().unwrap_or(state.latency);
            state.chain = chain.clone();
            self.send(Update::Chain(Box::new(change)));
        }
        if let Some(bypass) = bypass.filter(|bypass| *bypass != state.bypass) {
            state.bypass = bypass;
            self.send(Update::Bypass(bypass));
        }
        if let Some(cut_tail) = cut_tail.filter(|cut_tail| *cut_tail != state.cut_tail) {
            state.cut_tail = cut_tail;
            self.send(Update::CutTail(cut_tail));
        }
        Ok(Changed {
            differs: *state != before,
            state: state.clone(),
            keeps_state,
        })
    }

    pub(crate) fn latency_ms(&self, state: &State) -> f64 {
        1e3 * self.rate.secs_from_samples(state.latency as u64)
    }

    /// The other end is there as long as the player is; a player that closes needs no change.
    fn send(&self, update: Update) {
        let _ = self.updates.send(update);
    }
}

fn unfit(error: ChainError) -> Error {
    Error::bad_input(error.to_string()).field("/chain")
}

#[cfg(test)]
mod tests {
    use camino::Utf8PathBuf;
    use serde_json::{Value, json};
    use studio_device::Source as _;
    use studio_dsp::Resampler;
    use studio_dsp::effects::Tail;
    use studio_testkit::{WavSample, signal, write_wav};

    use super::*;
    use crate::film_sound::FilmSound;

    struct File {
        _folder: tempfile::TempDir,
        path: Utf8PathBuf,
        sound: Audio,
    }

    /// Noise, each channel another.
    fn file(rate: u32, channels: u64, frames: usize) -> File {
        let folder = tempfile::tempdir().unwrap();
        let path = Utf8PathBuf::from_path_buf(folder.path().join("noise.wav")).unwrap();
        let sound = Audio {
            rate: SampleRate::new(rate).unwrap(),
            channels: (0..channels)
                .map(|seed| signal::noise(seed, 0.5, frames))
                .collect(),
        };
        write_wav(&path, rate, &sound.channels, WavSample::Float32);
        File {
            _folder: folder,
            path,
            sound,
        }
    }

    impl File {
        fn open(&self, chain: &Chain) -> (FilmSound, Control) {
            let secs = self.sound.duration_secs();
            let rate = SampleRate::HZ_48000;
            let (sound, control) =
                FilmSound::open(&self.path, Some(0.0), secs, rate, Some(chain)).unwrap();
            (sound, control.unwrap())
        }
    }

    fn chain(effects: &[Value]) -> Chain {
        let slots: Vec<Value> = effects.iter().map(|it| json!({ "effect": it })).collect();
        serde_json::from_value(json!({ "effects": slots })).unwrap()
    }

    fn workshop() -> Chain {
        chain(&[
            json!({ "equalizer": { "bands": [{ "gain_db": 6 }] } }),
            json!({ "compressor": { "lookahead_ms": 4 } }),
            json!({ "delay": { "time_ms": 90, "feedback": 0.3 } }),
            json!({ "limiter": {} }),
        ])
    }

    /// The next samples, up to `most` or the end, in odd blocks.
    fn play(sound: &mut FilmSound, most: usize) -> [Vec<f32>; 2] {
        let mut heard = [Vec::new(), Vec::new()];
        let mut sizes = [1, 441, 512, 77, 3000].into_iter().cycle();
        while heard[0].len() < most {
            let size = sizes.next().unwrap().min(most - heard[0].len());
            let (mut left, mut right) = (vec![0.0; size], vec![0.0; size]);
            let count = sound.render(&mut left, &mut right);
            heard[0].extend(&left[..count]);
            heard[1].extend(&right[..count]);
            if count < size {
                break;
            }
        }
        heard
    }

    #[test]
    fn what_is_heard_is_what_processing_makes_to_its_end() {
        let file = file(48_000, 2, 30_000);
        let (mut sound, _control) = file.open(&workshop());
        let heard = play(&mut sound, usize::MAX);
        let made = workshop()
            .render(&file.sound, Tail::Kept, &Impulses::new())
            .unwrap();
        assert!(made.frames() > 40_000, "there are echoes");
        assert!(heard[..] == made.channels[..]);
    }

    #[test]
    fn effects_work_at_the_rate_and_on_the_channels_of_the_file() {
        let file = file(44_100, 1, 30_000);
        let (mut sound, _control) = file.open(&workshop());
        let heard = play(&mut sound, 30_000);
        let made = workshop()
            .render(&file.sound, Tail::Kept, &Impulses::new())
            .unwrap();
        let mut resampler = Resampler::new(made.rate, SampleRate::HZ_48000, 1).unwrap();
        let mut out = Audio::silence(SampleRate::HZ_48000, 1, 0);
        resampler.feed(&made.slices(), &mut out).unwrap();
        assert!(heard[0][..] == out.channels[0][..30_000] && heard[0] == heard[1]);
    }

    #[test]
    fn changes_are_heard_and_tell_what_they_do() {
        let file = file(48_000, 2, 96_000);
        let quiet = |gain_db: f64| {
            chain(&[
                json!({ "gain": { "gain_db": gain_db } }),
                json!({ "limiter": {} }),
            ])
        };
        let (mut sound, control) = file.open(&quiet(0.0));
        play(&mut sound, 10_000);
        let told = control.change(Some(&quiet(-20.0)), None, None).unwrap();
        assert!(told.keeps_state && control.latency_ms(&told.state) > 1.0);
        play(&mut sound, 10_000);
        let heard = play(&mut sound, 1000);
        let is_at = |heard: &[f32], at: usize, gain: f32| {
            let source = &file.sound.channels[0][at..];
            heard
                .iter()
                .zip(source)
                .all(|(x, source)| (x - source * gain).abs() < 1e-4)
        };
        assert!(is_at(&heard[0], 20_000, 0.1));

        control.change(None, Some(true), None).unwrap();
        play(&mut sound, 3000);
        let heard = play(&mut sound, 1000);
        assert!(
            is_at(&heard[0], 24_000, 1.0),
            "as it came, at the same time"
        );
        control.change(None, Some(false), None).unwrap();

        let told = control.change(Some(&chain(&[])), None, None).unwrap();
        assert!(!told.keeps_state && control.latency_ms(&told.state) == 0.0);
        play(&mut sound, 30_000);
        let heard = play(&mut sound, 1000);
        assert!(is_at(&heard[0], 55_000, 1.0));
        let told = control.change(Some(&chain(&[])), None, None).unwrap();
        assert!(told.keeps_state && !told.differs);
        let loud = chain(&[json!({ "gain": { "gain_db": 4000 } })]);
        let refused = control.change(Some(&loud), None, None).err().unwrap();
        assert_eq!(refused.field.as_deref(), Some("/chain"));
    }

    #[test]
    fn it_goes_on_where_it_was_sought_and_ends_with_the_sound_if_asked_to() {
        let file = file(48_000, 2, 48_000);
        let (mut sound, control) = file.open(&workshop());
        control.change(None, None, Some(true)).unwrap();
        play(&mut sound, 5000);
        sound.seek(40_000);
        let heard = play(&mut sound, usize::MAX);
        assert_eq!(heard[0].len(), 8000);
        // The echoes of the half second before are there: the lead has heard it.
        let made = workshop()
            .render(&file.sound, Tail::Cut, &Impulses::new())
            .unwrap();
        let power = |samples: &[f32]| samples.iter().map(|x| x * x).sum::<f32>();
        let off: Vec<f32> = heard[0]
            .iter()
            .zip(&made.channels[0][40_000..])
            .map(|(a, b)| a - b)
            .collect();
        assert!(power(&off) < 1e-3 * power(&heard[0]), "{}", power(&off));
    }

    #[test]
    fn what_has_no_sound_has_no_effects() {
        let rate = SampleRate::HZ_48000;
        let path = Utf8PathBuf::from("silent.mp4");
        let refused = FilmSound::open(&path, None, 1.0, rate, Some(&chain(&[])))
            .err()
            .unwrap();
        assert!(
            refused.message.contains("silent.mp4"),
            "{}",
            refused.message
        );
    }
}
