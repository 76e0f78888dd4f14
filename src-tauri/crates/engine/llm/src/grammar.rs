//! Answers that keep to a form: JSON, or JSON that fits a schema.
//!
//! A [`Grammar`] is compiled once per schema, a [`Vocabulary`] once per model. A [`Constraint`]
//! follows one answer: before each token its [`Constraint::mask`] says which tokens keep the answer
//! a beginning of something that fits, and [`Constraint::accept`] moves on. As long as every byte is
//! some token, there is always a way to the end, and the end is allowed only where the text is whole.
//!
//! Masks are exact, and made by walking a trie of the vocabulary with the automaton's remembered
//! transitions. Inside of a string nearly every token fits: those are known beforehand and only the
//! others are walked (as XGrammar does, Dong et al. 2024, arXiv 2411.15100). Masks are kept by state.
//!
//! Not here: choosing among the allowed (see [`crate::sample`]).

mod automaton;
mod chars;
mod node;
mod number;
mod schema;
mod vocabulary;

use std::collections::HashMap;
use std::sync::Arc;

use serde_json::Value;

use automaton::{Automaton, StateId};
use node::Graph;
pub use schema::{SchemaError, SchemaProblem};
pub use vocabulary::{Mask, Vocabulary};

/// A form that answers must have.
#[derive(Clone, Debug)]
pub struct Grammar {
    graph: Arc<Graph>,
}

impl Grammar {
    /// Any JSON value.
    pub fn json() -> Result<Grammar, SchemaError> {
        schema::any(false).map(Grammar::of)
    }

    /// Any JSON object.
    pub fn json_object() -> Result<Grammar, SchemaError> {
        schema::any(true).map(Grammar::of)
    }

    /// JSON that fits `schema`; see [`SchemaError`] for what cannot be enforced.
    pub fn from_schema(schema: &Value) -> Result<Grammar, SchemaError> {
        schema::compile(schema).map(Grammar::of)
    }

    /// Whether `text` is a whole text of this form, as a model could have written it.
    pub fn accepts(&self, text: &[u8]) -> bool {
        let (mut automaton, start) = Automaton::new(Arc::clone(&self.graph));
        let mut state = start;
        for byte in text {
            state = automaton.step(state, *byte);
            if automaton.is_full() {
                state = automaton.forget(state);
            }
        }
        automaton.is_complete(state)
    }

    fn of(graph: Graph) -> Grammar {
        Grammar {
            graph: Arc::new(graph),
        }
    }
}

/// The token does not fit here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("token {0} does not fit the required form here")]
pub struct Rejected(pub u32);

/// One answer on its way through a [`Grammar`].
pub struct Constraint {
    vocabulary: Arc<Vocabulary>,
    automaton: Automaton,
    state: StateId,
    masks: HashMap<StateId, Mask>,
    walked: Vec<StateId>,
    ended: bool,
}

/// Masks to keep: a mask of 150,000 tokens has 19 kB.
const MOST_MASKS: usize = 256;

impl Constraint {
    pub fn new(grammar: &Grammar, vocabulary: Arc<Vocabulary>) -> Constraint {
        let (automaton, state) = Automaton::new(Arc::clone(&grammar.graph));
        Constraint {
            vocabulary,
            automaton,
            state,
            masks: HashMap::new(),
            walked: Vec::new(),
            ended: false,
        }
    }

    /// The tokens that may come next. Empty after an end, or where the vocabulary lacks a byte that
    /// is needed.
    pub fn mask(&mut self) -> &Mask {
        if self.automaton.is_full() {
            self.state = self.automaton.forget(self.state);
            self.masks.clear();
        }
        let state = if self.ended {
            StateId::DEAD
        } else {
            self.state
        };
        if !self.masks.contains_key(&state) {
            if self.masks.len() >= MOST_MASKS {
                self.masks.clear();
            }
            let mask = self.make_mask(state);
            self.masks.insert(state, mask);
        }
        &self.masks[&state]
    }

    /// Moves on by `token`. A token that does not fit changes nothing.
    pub fn accept(&mut self, token: u32) -> Result<(), Rejected> {
        if self.ended {
            return Err(Rejected(token));
        }
        if self.vocabulary.is_end(token) {
            self.ended = self.is_complete();
            return if self.ended {
                Ok(())
            } else {
                Err(Rejected(token))
            };
        }
        let bytes = self.vocabulary.bytes(token).ok_or(Rejected(token))?;
        let step = |state, byte: &u8| self.automaton.step(state, *byte);
        let state = bytes.iter().fold(self.state, step);
        if state == StateId::DEAD {
            return Err(Rejected(token));
        }
        self.state = state;
        Ok(())
    }

    /// Whether the answer so far is whole: an end is allowed.
    pub fn is_complete(&self) -> bool {
        self.automaton.is_complete(self.state)
    }

    /// Whether nothing but an end may follow, so that nobody needs to ask the model.
    pub fn must_end(&self) -> bool {
        self.automaton.is_final(self.state)
    }

    fn make_mask(&mut self, state: StateId) -> Mask {
        let Constraint {
            vocabulary,
            automaton,
            walked,
            ..
        } = self;
        let known = automaton.open_string(state).filter(|string| {
            // With other readings beside it, the string's own limit must not be what decides.
            string.only || vocabulary.plain_is_within(string.most)
        });
        let (trie, mut mask) = match known {
            Some(string) => (&vocabulary.rest, vocabulary.plain(string.most).clone()),
            None => (&vocabulary.all, vocabulary.nothing()),
        };
        let step = |state, byte| {
            let next = automaton.step(state, byte);
            (next != StateId::DEAD).then_some(next)
        };
        trie.walk(state, walked, step, |token| mask.allow(token));
        if automaton.is_complete(state) {
            vocabulary.ends().iter().for_each(|end| mask.allow(*end));
        }
        mask
    }
}

#[cfg(test)]
mod tests;
