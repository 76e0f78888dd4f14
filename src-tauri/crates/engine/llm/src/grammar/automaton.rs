//! A pushdown automaton over bytes, with its transitions remembered.
//!
//! A *stack* is what is still open, innermost first, as an entry in a table with a link to what is
//! below: equal stacks have equal numbers. A *state* is a set of stacks, because a value may be one
//! of several things until its bytes tell. States are numbered, too, and every transition is worked
//! out once and then looked up, so that walking a vocabulary costs a table access per byte.

mod frame;

use std::collections::HashMap;
use std::sync::Arc;

use frame::{Frame, InArray, InObject, OtherKey, is_blank, one_char, other_key};

use super::chars::Place;
use super::node::{Graph, MOST_DEPTH, Node, NodeId, Object, Spelling};
use super::number::{Free, Ranged};

/// A state in an [`Automaton`]. [`StateId::DEAD`] accepts nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct StateId(u32);

impl StateId {
    pub(super) const DEAD: StateId = StateId(0);
    const UNKNOWN: StateId = StateId(u32::MAX);
}

/// Blanks between two parts of a text. A model that has nothing to say can go on with blanks for
/// ever; nobody indents further than this.
const MOST_BLANKS: u8 = 80;
/// Ways in which a text may be read at once. Dropping more is safe: each way ends by itself.
const MOST_STACKS: usize = 4_096;
/// States to remember, a kilobyte each, before [`Automaton::forget`] helps.
const MANY_STATES: usize = 6_000;

pub(super) struct Automaton {
    graph: Arc<Graph>,
    cells: Vec<Cell>,
    cell_index: HashMap<Cell, StackId>,
    states: Vec<State>,
    state_index: HashMap<Box<[StackId]>, StateId>,
}

type StackId = u32;
/// The stack of a text that is complete.
const EMPTY: StackId = 0;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Cell {
    top: Frame,
    below: StackId,
    /// Containers that are open, this one included.
    depth: u32,
}

struct State {
    stacks: Box<[StackId]>,
    next: Box<[StateId; 256]>,
}

/// A string that is being written, as far as every plain character is concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct OpenString {
    /// Characters that may still come, `u32::MAX` without a limit.
    pub(super) most: u32,
    /// Whether the text can only be read as this string.
    pub(super) only: bool,
}

impl Automaton {
    pub(super) fn new(graph: Arc<Graph>) -> (Automaton, StateId) {
        let mut automaton = Automaton {
            graph,
            cells: Vec::new(),
            cell_index: HashMap::new(),
            states: Vec::new(),
            state_index: HashMap::new(),
        };
        automaton.clear();
        let root = Frame::Value {
            node: automaton.graph.root,
            blanks: 0,
        };
        let root = automaton.push(EMPTY, root);
        let start = automaton.intern(vec![root]);
        (automaton, start)
    }

    /// The state after `byte`.
    #[inline]
    pub(super) fn step(&mut self, from: StateId, byte: u8) -> StateId {
        let known = self.states[from.0 as usize].next[byte as usize];
        if known == StateId::UNKNOWN {
            self.work_out(from, byte)
        } else {
            known
        }
    }

    /// Whether the text may end in `state`.
    pub(super) fn is_complete(&self, state: StateId) -> bool {
        let stacks = &self.states[state.0 as usize].stacks;
        stacks.iter().any(|stack| {
            let cell = &self.cells[*stack as usize];
            *stack == EMPTY || (cell.below == EMPTY && self.can_end(&cell.top))
        })
    }

    /// Whether nothing may follow in `state`.
    pub(super) fn is_final(&self, state: StateId) -> bool {
        *self.states[state.0 as usize].stacks == [EMPTY]
    }

    /// Whether a plain character of a string may come next.
    pub(super) fn open_string(&self, state: StateId) -> Option<OpenString> {
        let stacks = &self.states[state.0 as usize].stacks;
        let open = |stack: &StackId| match self.cells[*stack as usize].top {
            Frame::Chars { place, most, .. } => place.is_between().then_some(most),
            Frame::OtherKey {
                spelling, place, ..
            } => (place.is_between() && spelling == Spelling::NEW).then_some(u32::MAX),
            _ => None,
        };
        let most = stacks.iter().filter_map(open).max()?;
        Some(OpenString {
            most,
            only: stacks.len() == 1,
        })
    }

    /// Whether it remembers so much that [`Automaton::forget`] is worth while.
    pub(super) fn is_full(&self) -> bool {
        self.states.len() > MANY_STATES
    }

    /// Forgets all but `state`, whose new number it answers.
    pub(super) fn forget(&mut self, state: StateId) -> StateId {
        let stacks = std::mem::take(&mut self.states[state.0 as usize].stacks);
        let cells = std::mem::take(&mut self.cells);
        self.clear();
        let kept = stacks.iter().map(|stack| {
            // From the bottom up, because each needs what is below it.
            let mut frames = Vec::new();
            let mut at = *stack;
            while at != EMPTY {
                frames.push(cells[at as usize].top);
                at = cells[at as usize].below;
            }
            let frames = frames.into_iter().rev();
            frames.fold(EMPTY, |below, frame| self.push(below, frame))
        });
        let kept = kept.collect();
        self.intern(kept)
    }

    fn clear(&mut self) {
        self.cells.clear();
        self.cell_index.clear();
        self.states.clear();
        self.state_index.clear();
        self.cells.push(Cell {
            top: Frame::Nothing,
            below: EMPTY,
            depth: 0,
        });
        // The first state is the dead one: it leads nowhere but to itself.
        self.states.push(State {
            stacks: Box::new([]),
            next: Box::new([StateId::DEAD; 256]),
        });
        self.state_index.insert(Box::new([]), StateId::DEAD);
    }

    #[cold]
    fn work_out(&mut self, from: StateId, byte: u8) -> StateId {
        let stacks = self.states[from.0 as usize].stacks.clone();
        let mut after = Vec::new();
        for stack in &stacks {
            self.advance(*stack, byte, &mut after);
        }
        let to = self.intern(after);
        self.states[from.0 as usize].next[byte as usize] = to;
        to
    }

    fn intern(&mut self, mut stacks: Vec<StackId>) -> StateId {
        stacks.sort_unstable();
        stacks.dedup();
        stacks.truncate(MOST_STACKS);
        let stacks = stacks.into_boxed_slice();
        if let Some(known) = self.state_index.get(&stacks) {
            return *known;
        }
        let id = StateId(self.states.len() as u32);
        self.states.push(State {
            stacks: stacks.clone(),
            next: Box::new([StateId::UNKNOWN; 256]),
        });
        self.state_index.insert(stacks, id);
        id
    }

    fn push(&mut self, below: StackId, top: Frame) -> StackId {
        let is_container = matches!(top, Frame::Object { .. } | Frame::Array { .. });
        let depth = self.cells[below as usize].depth + u32::from(is_container);
        let cell = Cell { top, below, depth };
        *self.cell_index.entry(cell).or_insert_with(|| {
            self.cells.push(cell);
            (self.cells.len() - 1) as StackId
        })
    }

    fn can_end(&self, frame: &Frame) -> bool {
        match *frame {
            Frame::Free(number) => number.can_end(),
            Frame::Ranged { node, number } => match self.graph.node(node) {
                Node::Ranged(bounds) => number.can_end(bounds),
                _ => false,
            },
            _ => false,
        }
    }

    /// Whether a value of `node` has room inside of `depth` open containers.
    fn has_room(&self, node: NodeId, depth: u32) -> bool {
        depth.saturating_add(self.graph.depth(node)) <= MOST_DEPTH
    }

    /// All that `stack` can become by `byte`.
    fn advance(&mut self, stack: StackId, byte: u8, after: &mut Vec<StackId>) {
        let Cell { top, below, depth } = self.cells[stack as usize];
        let graph = Arc::clone(&self.graph);
        match top {
            Frame::Nothing => {}
            Frame::Value { node, blanks } if is_blank(byte) => {
                if blanks < MOST_BLANKS {
                    let blanks = blanks + 1;
                    after.push(self.push(below, Frame::Value { node, blanks }));
                }
            }
            Frame::Value { node, .. } => self.begin(node, below, byte, after),
            Frame::Text { node, text, at } => {
                let Node::Texts(texts) = graph.node(node) else {
                    return;
                };
                let whole = &texts[text as usize];
                if whole[at as usize] == byte {
                    let at = at + 1;
                    let done = at as usize == whole.len();
                    let rest = Frame::Text { node, text, at };
                    after.push(if done { below } else { self.push(below, rest) });
                }
            }
            Frame::Key { node, property, at } => {
                let Node::Object(object) = graph.node(node) else {
                    return;
                };
                let whole = &object.properties[property as usize].key;
                if whole[at as usize] == byte {
                    let at = at + 1;
                    let done = at as usize == whole.len();
                    let rest = Frame::Key { node, property, at };
                    after.push(if done { below } else { self.push(below, rest) });
                }
            }
            Frame::OtherKey {
                node,
                spelling,
                place,
            } => {
                let Node::Object(object) = graph.node(node) else {
                    return;
                };
                let next = other_key(&object.names, spelling, place, byte);
                match next {
                    Some(OtherKey::Ends) => after.push(below),
                    Some(OtherKey::Continues(spelling, place)) => {
                        let rest = Frame::OtherKey {
                            node,
                            spelling,
                            place,
                        };
                        after.push(self.push(below, rest));
                    }
                    None => {}
                }
            }
            Frame::Chars { place, least, most } => {
                if byte == b'"' && place.is_between() {
                    if least == 0 {
                        after.push(below);
                    }
                } else if let Some((least, most)) = one_char(place, least, most)
                    && let Some(place) = place.after(byte)
                {
                    after.push(self.push(below, Frame::Chars { place, least, most }));
                }
            }
            Frame::Free(number) => match number.after(byte) {
                Some(number) => after.push(self.push(below, Frame::Free(number))),
                // A number is over when something else comes.
                None if number.can_end() => self.advance(below, byte, after),
                None => {}
            },
            Frame::Ranged { node, number } => {
                let Node::Ranged(bounds) = graph.node(node) else {
                    return;
                };
                match number.after(byte, bounds) {
                    Some(number) => after.push(self.push(below, Frame::Ranged { node, number })),
                    // A further digit that leaves the bounds is refused, by whoever is below.
                    None if number.can_end(bounds) => self.advance(below, byte, after),
                    None => {}
                }
            }
            Frame::Object {
                node,
                seen,
                count,
                place,
                blanks,
            } => {
                if is_blank(byte) {
                    if blanks < MOST_BLANKS {
                        let blanks = blanks + 1;
                        let waiting = Frame::Object {
                            node,
                            seen,
                            count,
                            place,
                            blanks,
                        };
                        after.push(self.push(below, waiting));
                    }
                    return;
                }
                let Node::Object(object) = graph.node(node) else {
                    return;
                };
                let place_after = |place| Frame::Object {
                    node,
                    seen,
                    count,
                    place,
                    blanks: 0,
                };
                let complete = seen & object.required == object.required && count >= object.least;
                match (place, byte) {
                    (InObject::Open | InObject::AfterValue, b'}') if complete => after.push(below),
                    (InObject::Open | InObject::Comma, b'"') => {
                        self.keys(node, object, below, depth, seen, count, after);
                    }
                    (InObject::AfterValue, b',') if self.has_key(object, depth, seen, count) => {
                        after.push(self.push(below, place_after(InObject::Comma)));
                    }
                    (InObject::Colon { value }, b':') => {
                        let below = self.push(below, place_after(InObject::AfterValue));
                        let begins = Frame::Value {
                            node: value,
                            blanks: 0,
                        };
                        after.push(self.push(below, begins));
                    }
                    _ => {}
                }
            }
            Frame::Array {
                node,
                count,
                place,
                blanks,
            } => {
                if is_blank(byte) {
                    if blanks < MOST_BLANKS {
                        let blanks = blanks + 1;
                        let waiting = Frame::Array {
                            node,
                            count,
                            place,
                            blanks,
                        };
                        after.push(self.push(below, waiting));
                    }
                    return;
                }
                let Node::Array(array) = graph.node(node) else {
                    return;
                };
                let item = array.item(count).filter(|item| self.has_room(*item, depth));
                let one_more = Frame::Array {
                    node,
                    count: count + 1,
                    place: InArray::AfterItem,
                    blanks: 0,
                };
                match (place, byte, item) {
                    (_, b']', _) if count >= array.least => after.push(below),
                    (InArray::Open, _, Some(item)) => {
                        let below = self.push(below, one_more);
                        self.begin(item, below, byte, after);
                    }
                    (InArray::AfterItem, b',', Some(item)) => {
                        let below = self.push(below, one_more);
                        let begins = Frame::Value {
                            node: item,
                            blanks: 0,
                        };
                        after.push(self.push(below, begins));
                    }
                    _ => {}
                }
            }
        }
    }

    /// A value of `node` begins with `byte` on top of `below`.
    fn begin(&mut self, node: NodeId, below: StackId, byte: u8, after: &mut Vec<StackId>) {
        let graph = Arc::clone(&self.graph);
        let depth = self.cells[below as usize].depth;
        if !self.has_room(node, depth) {
            return;
        }
        let frame = match graph.node(node) {
            Node::Union(nodes) => {
                for node in nodes {
                    self.begin(*node, below, byte, after);
                }
                return;
            }
            Node::Texts(texts) => {
                for (text, whole) in (0..).zip(texts) {
                    if whole.first() == Some(&byte) {
                        let rest = Frame::Text { node, text, at: 1 };
                        let done = whole.len() == 1;
                        after.push(if done { below } else { self.push(below, rest) });
                    }
                }
                return;
            }
            Node::String { least, most } if byte == b'"' => Some(Frame::Chars {
                place: Place::BETWEEN,
                least: *least,
                most: *most,
            }),
            Node::Number => Free::begin(byte).map(Frame::Free),
            Node::Ranged(bounds) => {
                Ranged::begin(byte, bounds).map(|number| Frame::Ranged { node, number })
            }
            Node::Object(_) if byte == b'{' => Some(Frame::Object {
                node,
                seen: 0,
                count: 0,
                place: InObject::Open,
                blanks: 0,
            }),
            Node::Array(_) if byte == b'[' => Some(Frame::Array {
                node,
                count: 0,
                place: InArray::Open,
                blanks: 0,
            }),
            Node::String { .. } | Node::Object(_) | Node::Array(_) => None,
        };
        if let Some(frame) = frame {
            after.push(self.push(below, frame));
        }
    }

    /// The quote before a key has come: every key that may follow. `below` is what the object lies in.
    #[allow(clippy::too_many_arguments, reason = "the fields of one frame")]
    fn keys(
        &mut self,
        node: NodeId,
        object: &Object,
        below: StackId,
        depth: u32,
        seen: u128,
        count: u32,
        after: &mut Vec<StackId>,
    ) {
        let with_key = |value, bit: u128| Frame::Object {
            node,
            seen: seen | bit,
            count: count.saturating_add(1),
            place: InObject::Colon { value },
            blanks: 0,
        };
        for (index, property) in (0..).zip(&object.properties) {
            if self.takes(object, depth, seen, count, index) {
                let below = self.push(below, with_key(property.value, 1 << index));
                let key = Frame::Key {
                    node,
                    property: index,
                    at: 1,
                };
                after.push(self.push(below, key));
            }
        }
        if let Some(value) = object.others
            && self.takes_others(object, depth, seen, count)
        {
            let below = self.push(below, with_key(value, 0));
            let key = if object.names.is_empty() {
                Frame::Chars {
                    place: Place::BETWEEN,
                    least: 0,
                    most: u32::MAX,
                }
            } else {
                let (spelling, place) = (Spelling::START, Place::BETWEEN);
                Frame::OtherKey {
                    node,
                    spelling,
                    place,
                }
            };
            after.push(self.push(below, key));
        }
    }

    fn has_key(&self, object: &Object, depth: u32, seen: u128, count: u32) -> bool {
        let declared = 0..object.properties.len() as u32;
        let mut declared = declared;
        declared.any(|index| self.takes(object, depth, seen, count, index))
            || self.takes_others(object, depth, seen, count)
    }

    /// Whether the declared property `index` may come now.
    fn takes(&self, object: &Object, depth: u32, seen: u128, count: u32, index: u32) -> bool {
        let bit = 1u128 << index;
        let value = object.properties[index as usize].value;
        let fits = object.required & bit != 0 || self.leaves_room(object, seen, count);
        seen & bit == 0 && fits && self.has_room(value, depth)
    }

    fn takes_others(&self, object: &Object, depth: u32, seen: u128, count: u32) -> bool {
        let has_room = |value| self.has_room(value, depth);
        object.others.is_some_and(has_room) && self.leaves_room(object, seen, count)
    }

    /// Whether a property that need not come leaves room for all that must.
    fn leaves_room(&self, object: &Object, seen: u128, count: u32) -> bool {
        let missing = (object.required & !seen).count_ones();
        count.saturating_add(missing) < object.most
    }
}
