//! What runs beside a device never touches the heap once it is set up.

use studio_core::units::{Db, SampleRate};
use studio_dsp::Limiter;
use studio_testkit::{CountingHeap, heap_calls};

#[global_allocator]
static HEAP: CountingHeap = CountingHeap;

#[test]
fn the_counter_counts() {
    let calls = heap_calls(|| drop(std::hint::black_box(vec![1_u8; 100])));
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
        let calls = heap_calls(|| {
            for (left, right) in left.chunks_mut(block).zip(right.chunks_mut(block)) {
                limiter.process(&mut [left, right]);
            }
        });
        assert_eq!(calls, 0, "blocks of {block}");
    }
}
