//! A container being written: streams, packets, and a file that appears only when it is complete.

use camino::Utf8Path;
use ffmpeg_next as ffmpeg;
use ffmpeg_next::format::context::Output;

use crate::error::Result;
use crate::ff;
use crate::partial::Partial;

pub(crate) struct Muxer {
    // Declared before `partial`: the file is closed before it is removed.
    output: Output,
    partial: Partial,
    /// Per stream: the clock of the packets that will come, and the muxer's own.
    clocks: Vec<(ffmpeg::Rational, ffmpeg::Rational)>,
}

impl Muxer {
    /// Begins a file that will be `target`, by FFmpeg's muxer of the given name.
    pub(crate) fn create(target: &Utf8Path, muxer: &str) -> Result<Muxer> {
        Muxer::of(Partial::beside(target)?, muxer)
    }

    /// As [`Muxer::create`], where the file lies as `partial` says.
    pub(crate) fn of(partial: Partial, muxer: &str) -> Result<Muxer> {
        ff::init();
        let target = partial.target();
        let url = ff::file_url(partial.path())?;
        let mut output = ffmpeg::format::output_as(&url, muxer)
            .map_err(|e| ff::failed(target, "create the file", e))?;
        ff::make_bitexact(&mut output);
        Ok(Muxer {
            output,
            partial,
            clocks: Vec::new(),
        })
    }

    /// Adds a stream whose packets are stamped by `clock`.
    pub(crate) fn add_stream(
        &mut self,
        parameters: ffmpeg::codec::Parameters,
        clock: ffmpeg::Rational,
        language: Option<&str>,
    ) -> Result<usize> {
        let mut stream = self
            .output
            .add_stream(ffmpeg::codec::Id::None)
            .map_err(|e| ff::failed(self.partial.target(), "add a stream", e))?;
        stream.set_parameters(parameters);
        stream.set_time_base(clock);
        if let Some(language) = language {
            stream.set_metadata([("language", language)].iter().collect());
        }
        self.clocks.push((clock, clock));
        Ok(self.clocks.len() - 1)
    }

    pub(crate) fn output_mut(&mut self) -> &mut Output {
        &mut self.output
    }

    pub(crate) fn write_header(&mut self, options: &[(&str, &str)]) -> Result<()> {
        let target = self.partial.target();
        self.output
            .write_header_with(options.iter().collect())
            .map_err(|e| ff::failed(target, "write the header", e))?;
        // The muxer may have chosen finer clocks.
        for (index, (_, own)) in self.clocks.iter_mut().enumerate() {
            if let Some(stream) = self.output.stream(index) {
                *own = stream.time_base();
            }
        }
        Ok(())
    }

    /// Writes a packet in its turn: what comes too early for other streams waits in memory.
    pub(crate) fn interleave(&mut self, mut packet: ffmpeg::Packet, stream: usize) -> Result<()> {
        let (from, to) = self.clocks[stream];
        packet.set_stream(stream);
        packet.set_position(-1);
        packet.rescale_ts(from, to);
        packet
            .write_interleaved(&mut self.output)
            .map_err(|e| ff::failed(self.partial.target(), "write", e))
    }

    /// Writes a packet. Packets of several streams must come in the order of their decode times.
    pub(crate) fn write(&mut self, mut packet: ffmpeg::Packet, stream: usize) -> Result<()> {
        let (from, to) = self.clocks[stream];
        packet.set_stream(stream);
        packet.set_position(-1);
        packet.rescale_ts(from, to);
        packet
            .write(&mut self.output)
            .map(drop)
            .map_err(|e| ff::failed(self.partial.target(), "write", e))
    }

    /// Hands what was written over to the system.
    pub(crate) fn flush(&mut self) -> Result<()> {
        ff::flush(&mut self.output).map_err(|e| ff::failed(self.partial.target(), "write", e))
    }

    /// Completes the file, lets `dress` change it before anybody sees it, and publishes it.
    pub(crate) fn finish<T>(mut self, dress: impl FnOnce(&Utf8Path) -> Result<T>) -> Result<T> {
        let target = self.partial.target();
        self.output
            .write_trailer()
            .and_then(|()| ff::flush(&mut self.output))
            .map_err(|e| ff::failed(target, "complete the file", e))?;
        drop(self.output);
        let done = dress(self.partial.path())?;
        self.partial.publish()?;
        Ok(done)
    }
}
