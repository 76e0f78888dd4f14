//! An open input: a microphone's stream, into a ring that another thread empties.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc;
use std::thread::JoinHandle;

use cpal::traits::{DeviceTrait, StreamTrait};
use studio_core::units::SampleRate;

use crate::devices::{DeviceError, find_input, no_device};

/// The ring holds so much: a disk that stalls for longer loses sound, which is counted.
const RING_SECS: f64 = 10.0;

/// Sound coming in. Dropping it stops.
pub struct Input {
    shared: Arc<Shared>,
    ring: rtrb::Consumer<f32>,
    rate: SampleRate,
    channels: usize,
    stop: Option<mpsc::Sender<()>>,
    owner: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct Shared {
    /// Samples that found the ring full.
    lost: AtomicU64,
    failed: AtomicBool,
}

impl Input {
    /// Opens a device, or the default one, as it is: at its rate, with its channels.
    pub fn open(device: Option<&str>) -> Result<Input, DeviceError> {
        let device = find_input(device)?;
        let config = device
            .default_input_config()
            .map_err(|error| no_device(&error))?;
        let (rate, channels) = (SampleRate::new(config.sample_rate()), config.channels());
        let (Some(rate), 1..) = (rate, channels) else {
            return Err(DeviceError::NoDevice {
                detail: format!("the device states {channels} channels"),
            });
        };
        let channels = usize::from(channels);
        let size = rate.samples_from_secs(RING_SECS) as usize * channels;
        let (mut producer, ring) = rtrb::RingBuffer::new(size);
        let shared = Arc::new(Shared::default());
        let (counts, failures) = (shared.clone(), shared.clone());
        // Real time: copies, and counts what does not fit.
        let take = move |samples: &[f32], _: &cpal::InputCallbackInfo| {
            // Whole frames only: a channel never slips into another's place.
            let fits = producer.slots().min(samples.len()) / channels * channels;
            if let Ok(chunk) = producer.write_chunk_uninit(fits) {
                chunk.fill_from_iter(samples[..fits].iter().copied());
            }
            let lost = (samples.len() - fits) as u64;
            counts.lost.fetch_add(lost, Ordering::Relaxed);
        };
        let (stop, stopped) = mpsc::channel::<()>();
        let (started, start_result) = mpsc::channel();
        // A stream may not move between threads on every system: this one makes, keeps and drops it.
        let owner = std::thread::Builder::new()
            .name("microphone".to_owned())
            .spawn(move || {
                let failed = move |error: cpal::Error| {
                    if matches!(
                        error.kind(),
                        cpal::ErrorKind::DeviceNotAvailable | cpal::ErrorKind::StreamInvalidated
                    ) {
                        failures.failed.store(true, Ordering::Release);
                    }
                };
                let stream = device.build_input_stream(config.into(), take, failed, None);
                match stream.and_then(|stream| stream.play().map(|()| stream)) {
                    Ok(stream) => {
                        let _ = started.send(Ok(()));
                        // Ends when the input is dropped.
                        let _ = stopped.recv();
                        drop(stream);
                    }
                    Err(error) => {
                        let _ = started.send(Err(no_device(&error)));
                    }
                }
            })
            .map_err(DeviceError::Thread)?;
        match start_result.recv() {
            Ok(Ok(())) => {}
            Ok(Err(error)) => return Err(error),
            Err(_) => {
                return Err(DeviceError::NoDevice {
                    detail: "the microphone's thread ended".to_owned(),
                });
            }
        }
        Ok(Input {
            shared,
            ring,
            rate,
            channels,
            stop: Some(stop),
            owner: Some(owner),
        })
    }

    pub fn rate(&self) -> SampleRate {
        self.rate
    }

    pub fn channels(&self) -> usize {
        self.channels
    }

    /// Appends what came in since the last call to `planes`, one for each channel; how many samples each.
    pub fn take(&mut self, planes: &mut [Vec<f32>]) -> usize {
        let frames = self.ring.slots() / self.channels;
        let Ok(chunk) = self.ring.read_chunk(frames * self.channels) else {
            return 0;
        };
        for (n, sample) in chunk.into_iter().enumerate() {
            if let Some(plane) = planes.get_mut(n % self.channels) {
                plane.push(sample);
            }
        }
        frames
    }

    /// Samples per channel that were lost because nobody took them in time.
    pub fn lost(&self) -> u64 {
        self.shared.lost.load(Ordering::Relaxed) / self.channels as u64
    }

    /// The device is gone.
    pub fn failed(&self) -> bool {
        self.shared.failed.load(Ordering::Acquire)
    }
}

impl Drop for Input {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(owner) = self.owner.take() {
            let _ = owner.join();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_microphone_that_is_not_there_is_an_error_not_a_crash() {
        let error = Input::open(Some("no such device")).err();
        assert!(
            matches!(
                error,
                Some(DeviceError::Unknown { .. } | DeviceError::NoDevice { .. })
            ),
            "{error:?}"
        );
    }
}
