//! Why a model was not asked, in people's words.

use studio_core::{Error, ErrorCode};
use studio_llm::route::{Decision, Excluded, Reason};

/// Why no model can be asked, as one error.
pub(crate) fn nobody(decision: &Decision, pinned: Option<&str>) -> Error {
    let reason_of =
        |excluded: &Excluded| format!("{}: {}", excluded.model, words(&excluded.reason));
    let excluded = decision.excluded.iter();
    let of_pinned = excluded
        .clone()
        .find(|excluded| Some(excluded.model.as_str()) == pinned);
    let only = |reason: fn(&Reason) -> bool| {
        !decision.excluded.is_empty() && decision.excluded.iter().all(|e| reason(&e.reason))
    };
    let code = match of_pinned.map(|excluded| &excluded.reason) {
        Some(Reason::Privacy | Reason::UnknownPrice | Reason::TooDear { .. }) => ErrorCode::Refused,
        _ if only(|reason| matches!(reason, Reason::Privacy | Reason::UnknownPrice)) => {
            ErrorCode::Refused
        }
        _ => ErrorCode::Unsupported,
    };
    let message = match of_pinned {
        Some(excluded) => format!("no model can answer; {}", reason_of(excluded)),
        None => format!("no model can answer: {}", decision.because),
    };
    Error::new(code, message).hint(
        "start Ollama, or enter a provider's key; `gateway.route` tells the reason for each model",
    )
}

/// A reason in people's words.
pub(crate) fn words(reason: &Reason) -> String {
    match reason {
        Reason::Privacy => "the words must stay on this machine".to_owned(),
        Reason::OtherTask => "it is made for another task".to_owned(),
        Reason::Lacks(capability) => {
            let capability = serde_json::to_value(capability).unwrap_or_default();
            format!("it lacks {}", capability.as_str().unwrap_or_default())
        }
        Reason::Context { needs, has } => {
            format!("the conversation takes {needs} tokens, its context has {has}")
        }
        Reason::UnknownPrice => "nobody knows its price".to_owned(),
        Reason::TooDear { costs } => format!("it may cost {costs}"),
        Reason::Resting => "it failed too often and rests for a while".to_owned(),
        Reason::NotReady => "it lacks a key, or its program does not run".to_owned(),
        Reason::Memory { needs, free } => format!(
            "it takes {} MB of memory, {} MB are free",
            needs / 1_000_000,
            free / 1_000_000
        ),
    }
}
