//! What runs beside a device never touches the heap once it is set up.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use studio_core::units::{Db, SampleRate};
use studio_dsp::Limiter;

thread_local! {
    static CALLS: Cell<u64> = const { Cell::new(0) };
}

/// The system's allocator, which counts the calls of each thread.
struct Counting;

fn count() {
    // A thread that is being torn down has no counter any more; it is not the one under test.
    let _ = CALLS.try_with(|calls| calls.set(calls.get() + 1));
}

// SAFETY: every call is handed to the system's allocator unchanged; the counter is a plain cell.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count();
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        count();
        unsafe { System.dealloc(pointer, layout) }
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
    let calls = calls_during(|| drop(std::hint::black_box(vec![1_u8; 100])));
    assert_eq!(calls, 2);
}

#[test]
fn a_limiter_never_allocates_after_new() {
    // Ever lower peaks fill the window to its end.
    let falling = |n: usize| 8.0 * (1.0 - n as f32 / 96_000.0) * (n as f32 * 0.9).sin();
    let mut left: Vec<f32> = (0..96_000).map(falling).collect();
    let mut right = left.clone();
    let mut limiter = Limiter::new(Db(-20.0), 2, SampleRate::HZ_48000);
    for block in [1, 64, 480, 5000] {
        let calls = calls_during(|| {
            for (left, right) in left.chunks_mut(block).zip(right.chunks_mut(block)) {
                limiter.process(&mut [left, right]);
            }
        });
        assert_eq!(calls, 0, "blocks of {block}");
    }
}
