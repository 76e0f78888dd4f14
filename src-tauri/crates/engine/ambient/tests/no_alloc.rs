//! Rendering, changing parameters and asking where the music is never touch the heap.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use studio_ambient::{Cue, Engine, Key, Mode, Params, Preset, Score};
use studio_core::units::SampleRate;

thread_local! {
    static CALLS: Cell<u64> = const { Cell::new(0) };
}

/// The system's allocator, which counts the calls of each thread.
struct Counting;

fn count() {
    // A thread that is being torn down has no counter any more; it is not the one under test.
    let _ = CALLS.try_with(|calls| calls.set(calls.get() + 1));
}

// SAFETY: every call is handed to the system's allocator unchanged; the counter is a plain thread-local cell.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count();
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        count();
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count();
        unsafe { System.realloc(pointer, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn calls_during(work: impl FnOnce()) -> u64 {
    let before = CALLS.with(Cell::get);
    work();
    CALLS.with(Cell::get) - before
}

#[test]
fn the_counter_counts() {
    assert!(calls_during(|| drop(std::hint::black_box(vec![1_u8; 100]))) >= 2);
}

#[test]
fn an_engine_never_allocates_after_new() {
    let mut engine = Engine::new(1, Preset::Bright.params(Key::D), SampleRate::HZ_48000);
    let (mut left, mut right) = ([0.0; 512], [0.0; 512]);
    let calls = calls_during(|| {
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
    let calls = calls_during(|| while score.render(&mut left, &mut right) > 0 {});
    assert_eq!(calls, 0, "the heap was called {calls} times");
}

#[test]
fn an_engine_may_move_to_the_audio_thread() {
    fn moves<T: Send + 'static>() {}
    moves::<Engine>();
    moves::<Score>();
}
