//! Chains of effects with the impulse responses that a session's sources give.

use studio_core::units::SampleRate;
use studio_dsp::effects::{Chain, ChainError, Impulses, RunningChain};

use super::Sources;

/// A chain on stereo, at its start.
pub(super) fn begin(
    chain: &Chain,
    rate: SampleRate,
    sources: &mut dyn Sources,
) -> Result<RunningChain, ChainError> {
    let chain = playable(chain, sources);
    let impulses = impulses(&chain, sources);
    RunningChain::new(&chain, rate, 2, &impulses)
}

/// Lets a running chain become another one.
pub(super) fn update(
    running: &mut RunningChain,
    chain: &Chain,
    sources: &mut dyn Sources,
) -> Result<(), ChainError> {
    let chain = playable(chain, sources);
    // Knobs that are turned want no response.
    let impulses = match running.chain().turns_into(&chain) {
        true => Impulses::new(),
        false => impulses(&chain, sources),
    };
    running.update(&chain, &impulses).map(drop)
}

/// The chain without convolutions whose response is not there.
fn playable(chain: &Chain, sources: &mut dyn Sources) -> Chain {
    let mut chain = chain.clone();
    chain.effects.retain(|slot| {
        let wanted = slot.effect.impulse();
        wanted.is_none_or(|name| sources.impulse(name).is_some())
    });
    chain
}

fn impulses(chain: &Chain, sources: &mut dyn Sources) -> Impulses {
    let found = chain
        .impulses()
        .filter_map(|name| Some((name.to_owned(), (*sources.impulse(name)?).clone())));
    found.collect()
}
