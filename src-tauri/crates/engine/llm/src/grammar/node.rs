//! The compiled form of a schema: a graph of what values may be.

use super::number::Bounds;

pub(super) type NodeId = u32;

/// Containers within containers. serde_json reads 127 deep; other readers give up earlier.
pub(super) const MOST_DEPTH: u32 = 96;

/// One kind of value.
#[derive(Clone, Debug)]
pub(super) enum Node {
    /// Whichever of these fits. After compiling it holds no other `Union`, so it costs no recursion.
    Union(Vec<NodeId>),
    /// One of these texts, byte for byte.
    Texts(Vec<Box<[u8]>>),
    /// Length in characters; `u32::MAX` is no limit.
    String {
        least: u32,
        most: u32,
    },
    Number,
    Ranged(Bounds),
    Object(Object),
    Array(Array),
}

/// Declared properties come in any order, each at most once.
#[derive(Clone, Debug, Default)]
pub(super) struct Object {
    /// At most 128: which have come is kept as bits.
    pub(super) properties: Vec<Property>,
    /// The bits of those that must come.
    pub(super) required: u128,
    /// What other keys hold; without it there are none.
    pub(super) others: Option<NodeId>,
    pub(super) least: u32,
    pub(super) most: u32,
    /// Declared keys, so that no other key spells one of them.
    pub(super) names: Names,
}

#[derive(Clone, Debug)]
pub(super) struct Property {
    /// The key with its quotes, escaped.
    pub(super) key: Box<[u8]>,
    pub(super) value: NodeId,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Array {
    /// What the first items are.
    pub(super) first: Vec<NodeId>,
    /// What all further items are; without it there are none.
    pub(super) rest: Option<NodeId>,
    pub(super) least: u32,
    pub(super) most: u32,
}

impl Array {
    /// What the item after `count` others is, if there may be one.
    pub(super) fn item(&self, count: u32) -> Option<NodeId> {
        let node = self.first.get(count as usize).copied().or(self.rest);
        node.filter(|_| count < self.most)
    }
}

/// A trie of names, to tell while one is being written whether it is among them.
#[derive(Clone, Debug, Default)]
pub(super) struct Names {
    nodes: Vec<Name>,
}

#[derive(Clone, Debug, Default)]
struct Name {
    next: Vec<(u8, u32)>,
    is_name: bool,
}

/// A place in [`Names`]; [`Spelling::NEW`] has left all of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Spelling(u32);

impl Spelling {
    pub(super) const START: Spelling = Spelling(0);
    pub(super) const NEW: Spelling = Spelling(u32::MAX);
}

impl Names {
    pub(super) fn insert(&mut self, name: &str) {
        if self.nodes.is_empty() {
            self.nodes.push(Name::default());
        }
        let mut at = 0;
        for byte in name.bytes() {
            at = match self.child(at, byte) {
                Some(next) => next,
                None => {
                    let next = self.nodes.len() as u32;
                    self.nodes.push(Name::default());
                    self.nodes[at as usize].next.push((byte, next));
                    next
                }
            };
        }
        self.nodes[at as usize].is_name = true;
    }

    pub(super) fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    pub(super) fn after(&self, spelling: Spelling, byte: u8) -> Spelling {
        self.child(spelling.0, byte).map_or(Spelling::NEW, Spelling)
    }

    pub(super) fn contains(&self, spelling: Spelling) -> bool {
        let node = self.nodes.get(spelling.0 as usize);
        node.is_some_and(|node| node.is_name)
    }

    fn child(&self, at: u32, byte: u8) -> Option<u32> {
        let next = &self.nodes.get(at as usize)?.next;
        next.iter().find(|(b, _)| *b == byte).map(|(_, to)| *to)
    }
}

/// All nodes of a schema and where it begins.
#[derive(Clone, Debug)]
pub(super) struct Graph {
    pub(super) nodes: Vec<Node>,
    /// How many containers deep the smallest value of each node is.
    pub(super) depths: Vec<u32>,
    pub(super) root: NodeId,
}

impl Graph {
    pub(super) fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id as usize]
    }

    pub(super) fn depth(&self, id: NodeId) -> u32 {
        self.depths[id as usize]
    }
}

/// The depth of the smallest value of every node; [`NEVER`] where there is none.
///
/// A least fixed point: the first round knows the values without containers, each further one those
/// that are one container deeper.
pub(super) fn depths(nodes: &[Node]) -> Vec<u32> {
    let mut depths = vec![NEVER; nodes.len()];
    loop {
        let mut changed = false;
        for (id, node) in nodes.iter().enumerate() {
            let depth = smallest(node, &depths);
            if depth < depths[id] {
                depths[id] = depth;
                changed = true;
            }
        }
        if !changed {
            return depths;
        }
    }
}

pub(super) const NEVER: u32 = u32::MAX;

fn smallest(node: &Node, depths: &[u32]) -> u32 {
    let of = |id: &NodeId| depths[*id as usize];
    let deepest = |ids: &mut dyn Iterator<Item = NodeId>| {
        let depth = ids.map(|id| of(&id)).max().unwrap_or(0);
        depth.saturating_add(1)
    };
    match node {
        Node::Union(nodes) => nodes.iter().map(of).min().unwrap_or(NEVER),
        Node::Texts(texts) if texts.is_empty() => NEVER,
        Node::Texts(_) | Node::String { .. } | Node::Number | Node::Ranged(_) => 0,
        Node::Object(object) => {
            let required = object.properties.iter().enumerate();
            let mut required = required
                .filter(|(index, _)| object.required >> index & 1 == 1)
                .map(|(_, property)| property.value);
            deepest(&mut required)
        }
        Node::Array(array) => {
            let items = 0..array.least.min(array.first.len() as u32 + 1);
            deepest(&mut items.filter_map(|count| array.item(count)))
        }
    }
}
