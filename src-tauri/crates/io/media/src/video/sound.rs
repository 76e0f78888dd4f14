//! The sound that goes with pictures: cut to their time, at their speed, at a rate that AAC takes.

use studio_core::units::SampleRate;
use studio_dsp::Audio;

use super::film::Film;
use super::graph::SoundGraph;
use crate::error::{MediaError, Result};
use crate::format::{AudioFormat, Quality};
use crate::read::{AudioReader, MAX_BLOCK_FRAMES};

/// What the sound of a film is encoded as.
pub(crate) const FORMAT: AudioFormat = AudioFormat::M4a(Quality::High);
/// Above it, one `atempo` skips samples instead of blending them (FFmpeg's filter manual).
const MOST_TEMPO: f64 = 2.0;
/// Below it, one `atempo` does not go.
const LEAST_TEMPO: f64 = 0.5;

/// Reads a film's sound in step with its pictures. All times are in seconds after the first picture.
pub(crate) struct Sound {
    reader: AudioReader,
    graph: Option<SoundGraph>,
    speed: f64,
    out_rate: SampleRate,
    /// Where the sound begins, in its samples after the first picture; negative: before.
    begins: i64,
    /// The first sample that is wanted, after the first picture.
    from: i64,
    /// Samples taken from there on.
    taken: u64,
    /// Samples handed out.
    given: u64,
    /// Read and not taken yet, from sample `used` on.
    block: Audio,
    used: usize,
    ended: bool,
}

impl Sound {
    /// The sound of `film` from `from_secs` on; `None` for a silent film.
    pub(crate) fn open(film: &Film, from_secs: f64, speed: f64) -> Result<Option<Sound>> {
        let Some(begins_secs) = film.sound_at_secs() else {
            return Ok(None);
        };
        let mut reader = AudioReader::open(&film.path)?;
        let spec = reader.spec();
        let hz = FORMAT.fitting_rate_hz(spec.rate.get());
        let out_rate = SampleRate::new(hz).unwrap_or(spec.rate);
        let mut filters = tempo(speed);
        if out_rate != spec.rate {
            filters.push(format!("aresample={hz}"));
        }
        let graph = if filters.is_empty() {
            None
        } else {
            filters.push("aformat=sample_fmts=fltp".to_owned());
            let chain = filters.join(",");
            let rate = spec.rate.get();
            Some(SoundGraph::new(&film.path, &chain, rate, spec.channels)?)
        };
        let samples = |secs: f64| (secs * f64::from(spec.rate.get())).round() as i64;
        let (begins, from) = (samples(begins_secs), samples(from_secs));
        if from > begins {
            reader.seek((from - begins).unsigned_abs())?;
        }
        Ok(Some(Sound {
            reader,
            graph,
            speed,
            out_rate,
            begins,
            from,
            taken: 0,
            given: 0,
            block: Audio::silence(spec.rate, spec.channels, 0),
            used: 0,
            ended: false,
        }))
    }

    /// Rate of the samples that are handed out.
    pub(crate) fn rate(&self) -> SampleRate {
        self.out_rate
    }

    pub(crate) fn channels(&self) -> usize {
        self.reader.spec().channels
    }

    /// Hands out what is heard before `secs`, or all that is left.
    pub(crate) fn take_until(
        &mut self,
        secs: Option<f64>,
        sink: &mut dyn FnMut(&[Vec<f32>]) -> Result<()>,
    ) -> Result<()> {
        let rate = f64::from(self.reader.spec().rate.get());
        let until = secs.map(|secs| ((secs * rate).round() as i64).saturating_sub(self.from));
        loop {
            let wanted = match until {
                Some(until) => u64::try_from(until).unwrap_or(0).saturating_sub(self.taken),
                None => u64::MAX,
            };
            if wanted == 0 || self.ended {
                return Ok(());
            }
            let piece = self.piece(wanted)?;
            if piece.frames() == 0 {
                self.ended = true;
                return Ok(());
            }
            self.taken += piece.frames() as u64;
            match &mut self.graph {
                None => self.give(piece.channels, sink)?,
                Some(graph) => {
                    let mut out = vec![Vec::new(); piece.channels.len()];
                    graph.push(&piece, &mut out)?;
                    self.give(out, sink)?;
                }
            }
        }
    }

    /// Hands out what the filters still hold. What was handed out is then exactly as long as what was
    /// taken, divided by the speed.
    pub(crate) fn finish(&mut self, sink: &mut dyn FnMut(&[Vec<f32>]) -> Result<()>) -> Result<()> {
        let Some(mut graph) = self.graph.take() else {
            return Ok(());
        };
        let mut out = vec![Vec::new(); self.channels()];
        graph.finish(&mut out)?;
        let rates = f64::from(self.out_rate.get()) / f64::from(self.reader.spec().rate.get());
        let whole = (self.taken as f64 * rates / self.speed).round() as u64;
        let left = usize::try_from(whole.saturating_sub(self.given)).unwrap_or(usize::MAX);
        for plane in &mut out {
            plane.resize(left.min(plane.len() + MAX_BLOCK_FRAMES), 0.0);
        }
        self.give(out, sink)
    }

    fn give(
        &mut self,
        planes: Vec<Vec<f32>>,
        sink: &mut dyn FnMut(&[Vec<f32>]) -> Result<()>,
    ) -> Result<()> {
        self.given += planes.first().map_or(0, Vec::len) as u64;
        sink(&planes)
    }

    /// The next samples, at most `wanted`: silence before the sound begins. None at its end.
    fn piece(&mut self, wanted: u64) -> Result<Audio, MediaError> {
        let spec = self.reader.spec();
        let most = usize::try_from(wanted)
            .unwrap_or(usize::MAX)
            .min(MAX_BLOCK_FRAMES);
        let at = self.from + self.taken as i64;
        if at < self.begins {
            let silent = usize::try_from(self.begins - at).unwrap_or(most).min(most);
            return Ok(Audio::silence(spec.rate, spec.channels, silent));
        }
        if self.used == self.block.frames() {
            self.reader.read(&mut self.block)?;
            self.used = 0;
        }
        let end = self.block.frames().min(self.used.saturating_add(most));
        let mut piece = Audio::silence(spec.rate, spec.channels, 0);
        for (to, from) in piece.channels.iter_mut().zip(&self.block.channels) {
            to.extend_from_slice(&from[self.used..end]);
        }
        self.used = end;
        Ok(piece)
    }
}

/// The filters that change the speed and keep the pitch: as many equal steps as one step's range needs.
fn tempo(speed: f64) -> Vec<String> {
    let mut steps = 0;
    let mut each = speed;
    while !(LEAST_TEMPO..=MOST_TEMPO).contains(&each) && steps < 8 {
        steps += 1;
        each = speed.powf(1.0 / f64::from(steps + 1));
    }
    match speed {
        1.0 => Vec::new(),
        _ => vec![format!("atempo={each:.9}"); steps as usize + 1],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tempo_is_split_into_steps_that_one_filter_takes() {
        assert_eq!(tempo(1.0), Vec::<String>::new());
        assert_eq!(tempo(1.5), ["atempo=1.500000000"]);
        assert_eq!(tempo(4.0), ["atempo=2.000000000"; 2]);
        assert_eq!(tempo(0.25), ["atempo=0.500000000"; 2]);
        assert_eq!(tempo(0.3).len(), 2);
    }
}
