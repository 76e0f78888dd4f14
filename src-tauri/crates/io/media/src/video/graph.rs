//! Chains of FFmpeg's filters over decoded pictures and sound.

use camino::{Utf8Path, Utf8PathBuf};
use ffmpeg_next as ffmpeg;
use ffmpeg_next::filter;
use ffmpeg_next::format::Pixel;
use ffmpeg_next::format::sample::{Sample, Type};
use ffmpeg_next::util::error::EAGAIN;
use studio_dsp::Audio;

use crate::error::{MediaError, Result};
use crate::ff;

/// A chain over pictures. Where a film changes its size or format on the way, the chain is built anew:
/// its last filter should fix the size.
pub(crate) struct PictureGraph {
    path: Utf8PathBuf,
    filters: String,
    clock: ffmpeg::Rational,
    rate: ffmpeg::Rational,
    built: Option<(filter::Graph, (Pixel, u32, u32))>,
    /// What a chain that was given up still held.
    left: std::collections::VecDeque<ffmpeg::frame::Video>,
}

impl PictureGraph {
    /// `filters` in FFmpeg's notation; pictures come stamped by `clock`. `path` names the film in errors.
    pub(crate) fn new(
        path: &Utf8Path,
        filters: String,
        clock: ffmpeg::Rational,
        rate: ffmpeg::Rational,
    ) -> PictureGraph {
        PictureGraph {
            path: path.into(),
            filters,
            clock,
            rate,
            built: None,
            left: std::collections::VecDeque::new(),
        }
    }

    pub(crate) fn push(&mut self, frame: &ffmpeg::frame::Video) -> Result<()> {
        let shape = (frame.format(), frame.width(), frame.height());
        if self
            .built
            .as_ref()
            .is_some_and(|(_, built)| *built != shape)
        {
            self.finish(None)?;
            while let Some(frame) = self.pull_built()? {
                self.left.push_back(frame);
            }
            self.built = None;
        }
        if self.built.is_none() {
            self.built = Some((self.build(frame)?, shape));
        }
        let Some((graph, _)) = &mut self.built else {
            return Ok(());
        };
        let result = context(graph, "in").and_then(|mut input| input.source().add(frame));
        result.map_err(|error| ff::failed(&self.path, "filter a picture", error))
    }

    /// No more pictures come: what is held can be pulled. `end`: when the last picture ends.
    pub(crate) fn finish(&mut self, end: Option<i64>) -> Result<()> {
        let Some((graph, _)) = &mut self.built else {
            return Ok(());
        };
        let result = context(graph, "in").and_then(|mut input| match end {
            Some(end) => input.source().close(end),
            None => input.source().flush(),
        });
        result.map_err(|error| ff::failed(&self.path, "filter a picture", error))
    }

    /// A filtered picture, if one is ready.
    pub(crate) fn pull(&mut self) -> Result<Option<ffmpeg::frame::Video>> {
        match self.left.pop_front() {
            Some(frame) => Ok(Some(frame)),
            None => self.pull_built(),
        }
    }

    /// Clock of the pictures that come out, once one did.
    pub(crate) fn clock(&mut self) -> ffmpeg::Rational {
        let asked = self.clock;
        let Some((graph, _)) = &mut self.built else {
            return asked;
        };
        context(graph, "out").map_or(asked, |mut output| output.sink().time_base())
    }

    /// A picture through the chain, whose last filter must leave RGBA: its width, height and rows.
    pub(crate) fn rgba(&mut self, frame: &ffmpeg::frame::Video) -> Result<(u32, u32, Vec<u8>)> {
        // The graph takes over what it is given; the picture may be asked for again.
        self.push(&frame.clone())?;
        let shown = self.pull()?.ok_or_else(|| MediaError::Codec {
            path: self.path.clone(),
            step: "convert a picture",
            detail: "nothing came out".to_owned(),
        })?;
        let (width, height) = (shown.width(), shown.height());
        let row = width as usize * 4;
        let mut rgba = Vec::with_capacity(row * height as usize);
        let lines = shown.data(0).chunks(shown.stride(0).max(1));
        for line in lines.take(height as usize) {
            rgba.extend_from_slice(&line[..row.min(line.len())]);
        }
        Ok((width, height, rgba))
    }

    fn pull_built(&mut self) -> Result<Option<ffmpeg::frame::Video>> {
        let Some((graph, _)) = &mut self.built else {
            return Ok(None);
        };
        let mut frame = ffmpeg::frame::Video::empty();
        match context(graph, "out").and_then(|mut output| output.sink().frame(&mut frame)) {
            Ok(()) => Ok(Some(frame)),
            Err(ffmpeg::Error::Eof | ffmpeg::Error::Other { errno: EAGAIN }) => Ok(None),
            Err(error) => Err(ff::failed(&self.path, "filter a picture", error)),
        }
    }

    fn build(&self, first: &ffmpeg::frame::Video) -> Result<filter::Graph> {
        let aspect = first.aspect_ratio();
        let format = first
            .format()
            .descriptor()
            .map_or("", |format| format.name());
        let source = format!(
            "video_size={}x{}:pix_fmt={format}:time_base={}/{}:frame_rate={}/{}:pixel_aspect={}/{}",
            first.width(),
            first.height(),
            self.clock.numerator(),
            self.clock.denominator(),
            self.rate.numerator(),
            self.rate.denominator(),
            aspect.numerator(),
            aspect.denominator().max(1),
        );
        build(&self.path, ("buffer", &source), &self.filters, "buffersink")
    }
}

/// A chain over planar `f32` sound.
pub(crate) struct SoundGraph {
    path: Utf8PathBuf,
    graph: filter::Graph,
    layout: ffmpeg::ChannelLayout,
    rate_hz: u32,
    next: i64,
}

impl SoundGraph {
    /// `filters` must leave planar `f32`.
    pub(crate) fn new(
        path: &Utf8Path,
        filters: &str,
        rate_hz: u32,
        channels: usize,
    ) -> Result<SoundGraph> {
        ff::init();
        let layout = ffmpeg::ChannelLayout::default(i32::try_from(channels).unwrap_or(i32::MAX));
        let source = format!(
            "time_base=1/{rate_hz}:sample_rate={rate_hz}:sample_fmt={}:channel_layout=0x{:x}",
            Sample::F32(Type::Planar).name(),
            layout.bits(),
        );
        let graph = build(path, ("abuffer", &source), filters, "abuffersink")?;
        Ok(SoundGraph {
            path: path.into(),
            graph,
            layout,
            rate_hz,
            next: 0,
        })
    }

    /// Takes a block and appends what comes out to `out`.
    pub(crate) fn push(&mut self, block: &Audio, out: &mut [Vec<f32>]) -> Result<()> {
        let count = block.frames();
        if count == 0 {
            return Ok(());
        }
        let mut frame = ffmpeg::frame::Audio::new(Sample::F32(Type::Planar), count, self.layout);
        frame.set_rate(self.rate_hz);
        frame.set_pts(Some(self.next));
        self.next += count as i64;
        for (channel, plane) in block.channels.iter().enumerate() {
            let (to, _) = ff::plane_bytes_mut(&mut frame, channel).as_chunks_mut::<4>();
            for (to, sample) in to.iter_mut().zip(plane) {
                *to = sample.to_ne_bytes();
            }
        }
        let result =
            context(&mut self.graph, "in").and_then(|mut input| input.source().add(&frame));
        result.map_err(|error| ff::failed(&self.path, "filter the sound", error))?;
        self.pull(out)
    }

    /// Appends what the filters still hold.
    pub(crate) fn finish(&mut self, out: &mut [Vec<f32>]) -> Result<()> {
        let result = context(&mut self.graph, "in").and_then(|mut input| input.source().flush());
        result.map_err(|error| ff::failed(&self.path, "filter the sound", error))?;
        self.pull(out)
    }

    fn pull(&mut self, out: &mut [Vec<f32>]) -> Result<()> {
        let mut frame = ffmpeg::frame::Audio::empty();
        loop {
            let pulled = context(&mut self.graph, "out")
                .and_then(|mut output| output.sink().frame(&mut frame));
            match pulled {
                Ok(()) => {}
                Err(ffmpeg::Error::Eof | ffmpeg::Error::Other { errno: EAGAIN }) => return Ok(()),
                Err(error) => return Err(ff::failed(&self.path, "filter the sound", error)),
            }
            for (channel, to) in out.iter_mut().enumerate() {
                let (samples, _) = ff::plane_bytes(&frame, channel).as_chunks::<4>();
                to.extend(samples.iter().map(|sample| f32::from_ne_bytes(*sample)));
            }
        }
    }
}

fn build(
    path: &Utf8Path,
    (source, arguments): (&str, &str),
    filters: &str,
    sink: &str,
) -> Result<filter::Graph> {
    for name in filter_names(filters) {
        find(path, name)?;
    }
    let (source, sink) = (find(path, source)?, find(path, sink)?);
    let mut graph = filter::Graph::new();
    let built = graph
        .add(&source, "in", arguments)
        .and_then(|_| graph.add(&sink, "out", ""))
        .and_then(|_| graph.output("in", 0)?.input("out", 0)?.parse(filters))
        .and_then(|()| graph.validate());
    match built {
        Ok(()) => Ok(graph),
        Err(error) => Err(ff::failed(path, "set up the filters", error)),
    }
}

/// The filters of a plain chain, without their settings.
fn filter_names(filters: &str) -> impl Iterator<Item = &str> {
    filters
        .split(',')
        .filter_map(|filter| filter.split('=').next())
}

fn find(path: &Utf8Path, name: &str) -> Result<filter::Filter> {
    filter::find(name).ok_or_else(|| MediaError::Unsupported {
        path: path.into(),
        detail: format!("this FFmpeg was built without the filter {name}"),
    })
}

fn context(graph: &mut filter::Graph, name: &str) -> Result<filter::Context, ffmpeg::Error> {
    graph.get(name).ok_or(ffmpeg::Error::FilterNotFound)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_that_is_not_built_in_is_named() {
        let error = SoundGraph::new("film.mp4".into(), "anull,nonesuch=3", 48_000, 2).err();
        let text = error.map(|error| error.to_string()).unwrap_or_default();
        assert!(text.contains("without the filter nonesuch"), "{text}");
    }
}
