//! Drawing a token stays away from the heap once the buffers have their size.

use studio_llm::chat::Sampling;
use studio_llm::grammar::Mask;
use studio_llm::sample::Sampler;
use studio_testkit::{CountingHeap, heap_calls};

#[global_allocator]
static HEAP: CountingHeap = CountingHeap;

#[test]
fn drawing_a_token_allocates_nothing() {
    const TOKENS: u32 = 20_000;
    let logits: Vec<f32> = (0..TOKENS)
        .map(|token| (token * 37 % 1_009) as f32 / 99.0)
        .collect();
    let mut mask = Mask::none(TOKENS as usize);
    (0..TOKENS).step_by(3).for_each(|token| mask.allow(token));
    let sampling = Sampling {
        temperature: Some(0.8),
        top_k: Some(5_000),
        top_p: Some(0.95),
        min_p: Some(0.01),
        repetition_penalty: Some(1.1),
        ..Sampling::default()
    };
    let mut sampler = Sampler::new(&sampling, 1);
    // What was said is remembered: every token once.
    sampler.see(&(0..TOKENS).collect::<Vec<_>>());
    let mut scratch = logits.clone();
    for mask in [None, Some(&mask)] {
        scratch.copy_from_slice(&logits);
        sampler.next(&mut scratch, mask);
        let calls = heap_calls(|| {
            for _ in 0..20 {
                scratch.copy_from_slice(&logits);
                assert!(sampler.next(&mut scratch, mask).is_some());
            }
        });
        assert_eq!(
            calls,
            0,
            "with {} mask",
            if mask.is_some() { "a" } else { "no" }
        );
    }
}
