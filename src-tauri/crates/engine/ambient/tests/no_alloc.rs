//! Rendering, changing parameters and asking where the music is never touch the heap.

use studio_ambient::{Cue, Engine, Key, Mode, Params, Preset, Score};
use studio_core::units::SampleRate;
use studio_testkit::{CountingHeap, heap_calls};

#[global_allocator]
static HEAP: CountingHeap = CountingHeap;

#[test]
fn the_counter_counts() {
    assert!(heap_calls(|| drop(std::hint::black_box(vec![1_u8; 100]))) >= 2);
}

#[test]
fn an_engine_never_allocates_after_new() {
    let mut engine = Engine::new(1, Preset::Bright.params(Key::D), SampleRate::HZ_48000);
    let (mut left, mut right) = ([0.0; 512], [0.0; 512]);
    let calls = heap_calls(|| {
        // Three minutes: dozens of chords and several phrases, with changes between.
        for block in 0..17_000_u32 {
            if block % 1_500 == 700 {
                let mode = Mode::ALL[(block / 1_500) as usize % 6];
                let intensity = (block % 11) as f32 / 10.0;
                engine
                    .set(Params::new(Key::E, mode, 40.0 + (block % 50) as f32, intensity).unwrap());
            }
            engine.render(&mut left, &mut right);
            std::hint::black_box(engine.now());
        }
    });
    assert_eq!(calls, 0, "the heap was called {calls} times");
}

#[test]
fn a_score_never_allocates_after_new() {
    let rate = SampleRate::HZ_48000;
    let cue = |secs, preset: Preset| Cue {
        at_sample: rate.samples_from_secs(secs),
        params: preset.params(Key::C),
    };
    let cues = [
        cue(0.0, Preset::Sleep),
        cue(20.0, Preset::Bright),
        cue(40.0, Preset::Focus),
    ];
    let mut score = Score::new(1, &cues, rate.samples_from_secs(60.0), rate).unwrap();
    let (mut left, mut right) = ([0.0; 512], [0.0; 512]);
    let calls = heap_calls(|| while score.render(&mut left, &mut right) > 0 {});
    assert_eq!(calls, 0, "the heap was called {calls} times");
}

#[test]
fn an_engine_may_move_to_the_audio_thread() {
    fn moves<T: Send + 'static>() {}
    moves::<Engine>();
    moves::<Score>();
}
