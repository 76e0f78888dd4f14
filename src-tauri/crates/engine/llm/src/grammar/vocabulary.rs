//! A model's vocabulary as a trie of bytes, and sets of its tokens as bits.

use super::chars::plain_chars;

/// A set of tokens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mask {
    bits: Vec<u64>,
}

impl Mask {
    /// Allows nothing, with room for this many tokens.
    pub fn none(tokens: usize) -> Mask {
        Mask {
            bits: vec![0; tokens.div_ceil(64)],
        }
    }

    pub fn allows(&self, token: u32) -> bool {
        let word = self.bits.get(token as usize / 64).copied().unwrap_or(0);
        word >> (token % 64) & 1 == 1
    }

    pub fn allow(&mut self, token: u32) {
        if let Some(word) = self.bits.get_mut(token as usize / 64) {
            *word |= 1 << (token % 64);
        }
    }

    pub fn is_empty(&self) -> bool {
        self.bits.iter().all(|word| *word == 0)
    }

    /// How many tokens it allows.
    pub fn count(&self) -> usize {
        self.bits
            .iter()
            .map(|word| word.count_ones() as usize)
            .sum()
    }

    /// Its tokens in rising order.
    pub fn tokens(&self) -> impl Iterator<Item = u32> {
        (0..).zip(&self.bits).flat_map(|(index, word)| {
            let mut rest: u64 = *word;
            std::iter::from_fn(move || {
                let bit = rest.trailing_zeros();
                (rest != 0).then(|| {
                    rest &= rest - 1;
                    index * 64 + bit
                })
            })
        })
    }
}

/// The bytes of every token, prepared for making masks. Made once per model: 150,000 tokens take
/// some tens of milliseconds and about 10 MB.
#[derive(Debug)]
pub struct Vocabulary {
    bytes: Vec<Option<Box<[u8]>>>,
    ends: Vec<u32>,
    /// Every token that has bytes.
    pub(super) all: Trie,
    /// Those that are not whole characters of a string without escapes: the others are in `plain`.
    pub(super) rest: Trie,
    /// At index `n`, the tokens of one to `n` such characters.
    plain: Vec<Mask>,
}

/// Tokens of more plain characters than this are few (runs of blanks and dashes).
const MOST_PLAIN_CHARS: usize = 32;

impl Vocabulary {
    /// `bytes` gives what each token adds to a text; `None` for those that add nothing, as special
    /// ones. `ends` are the tokens that end an answer.
    pub fn new(bytes: impl IntoIterator<Item = Option<Vec<u8>>>, ends: &[u32]) -> Vocabulary {
        let own = |bytes: Option<Vec<u8>>| {
            let bytes = bytes.filter(|bytes| !bytes.is_empty());
            bytes.map(Vec::into_boxed_slice)
        };
        let mut bytes: Vec<Option<Box<[u8]>>> = bytes.into_iter().map(own).collect();
        for end in ends {
            if let Some(bytes) = bytes.get_mut(*end as usize) {
                *bytes = None;
            }
        }
        let mut sorted: Vec<(&[u8], u32)> = (0..)
            .zip(&bytes)
            .filter_map(|(id, bytes)| Some((bytes.as_deref()?, id)))
            .collect();
        sorted.sort_unstable();

        let size = bytes.len().max(largest(ends));
        let mut plain = vec![Mask::none(size); MOST_PLAIN_CHARS + 1];
        let mut rest = Vec::new();
        for (bytes, id) in &sorted {
            match plain_chars(bytes).filter(|chars| (1..=MOST_PLAIN_CHARS).contains(chars)) {
                Some(chars) => plain[chars..].iter_mut().for_each(|mask| mask.allow(*id)),
                None => rest.push((*bytes, *id)),
            }
        }
        let (all, rest) = (Trie::new(&sorted), Trie::new(&rest));
        Vocabulary {
            ends: ends.to_vec(),
            all,
            rest,
            plain,
            bytes,
        }
    }

    /// What `token` adds to a text.
    pub fn bytes(&self, token: u32) -> Option<&[u8]> {
        self.bytes.get(token as usize)?.as_deref()
    }

    /// Tokens that end an answer.
    pub fn ends(&self) -> &[u32] {
        &self.ends
    }

    pub fn is_end(&self, token: u32) -> bool {
        self.ends.contains(&token)
    }

    /// How many tokens there are, special ones included.
    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// The tokens of whole characters that may follow in a string where `most` more may come, and
    /// whether `plain` knows all of them.
    pub(super) fn plain(&self, most: u32) -> &Mask {
        &self.plain[(most as usize).min(MOST_PLAIN_CHARS)]
    }

    /// Whether every token of [`Vocabulary::plain`] is shorter than `chars`.
    pub(super) fn plain_is_within(&self, chars: u32) -> bool {
        chars as usize >= MOST_PLAIN_CHARS
    }

    pub(super) fn nothing(&self) -> Mask {
        self.plain[0].clone()
    }
}

fn largest(ids: &[u32]) -> usize {
    ids.iter().max().map_or(0, |id| *id as usize + 1)
}

/// Tokens by their bytes, parents before children, so that one pass from left to right visits all
/// and a dead branch is left by a jump.
#[derive(Debug, Default)]
pub(super) struct Trie {
    nodes: Vec<TrieNode>,
    /// Tokens by the node where they end; tokens of equal bytes stand side by side.
    tokens: Vec<u32>,
    deepest: usize,
}

#[derive(Clone, Copy, Debug)]
struct TrieNode {
    byte: u8,
    /// How many tokens end here, from `tokens`.
    ending: u8,
    /// Bytes before this one.
    depth: u16,
    tokens: u32,
    /// The next node that is not below this one.
    after: u32,
}

impl Trie {
    fn new(sorted: &[(&[u8], u32)]) -> Trie {
        let mut trie = Trie::default();
        // The nodes from the root to the last token.
        let mut path: Vec<usize> = Vec::new();
        let mut last: &[u8] = &[];
        for (bytes, id) in sorted {
            // No text that a model writes at once is longer; such a token is never offered.
            if bytes.len() > usize::from(u16::MAX) {
                continue;
            }
            let shared = last.iter().zip(*bytes).take_while(|(a, b)| a == b).count();
            for node in path.drain(shared..) {
                trie.nodes[node].after = trie.nodes.len() as u32;
            }
            for (depth, byte) in bytes.iter().enumerate().skip(shared) {
                path.push(trie.nodes.len());
                trie.nodes.push(TrieNode {
                    byte: *byte,
                    ending: 0,
                    depth: depth as u16,
                    tokens: trie.tokens.len() as u32,
                    after: 0,
                });
            }
            // Tokens come in the order of their bytes: those of one node follow each other.
            if let Some(node) = path.last().map(|node| &mut trie.nodes[*node])
                && node.ending < u8::MAX
            {
                node.ending += 1;
                trie.tokens.push(*id);
            }
            trie.deepest = trie.deepest.max(bytes.len());
            last = bytes;
        }
        for node in path {
            trie.nodes[node].after = trie.nodes.len() as u32;
        }
        trie
    }

    /// Calls `found` for each token all of whose bytes `step` accepts, one after the other, from
    /// `start` on. `states` is scratch.
    pub(super) fn walk<S: Copy>(
        &self,
        start: S,
        states: &mut Vec<S>,
        mut step: impl FnMut(S, u8) -> Option<S>,
        mut found: impl FnMut(u32),
    ) {
        states.clear();
        states.resize(self.deepest + 1, start);
        let mut at = 0;
        while let Some(node) = self.nodes.get(at) {
            let depth = usize::from(node.depth);
            match step(states[depth], node.byte) {
                None => at = node.after as usize,
                Some(state) => {
                    states[depth + 1] = state;
                    let first = node.tokens as usize;
                    let ending = &self.tokens[first..first + usize::from(node.ending)];
                    ending.iter().for_each(|token| found(*token));
                    at += 1;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vocabulary(tokens: &[&[u8]]) -> Vocabulary {
        Vocabulary::new(tokens.iter().map(|bytes| Some(bytes.to_vec())), &[])
    }

    #[test]
    fn a_walk_meets_every_token_once() {
        let tokens: [&[u8]; 7] = [b"ab", b"a", b"abc", b"b", b"ab", b"ba", b"\xff"];
        let vocabulary = vocabulary(&tokens);
        let mut met = Vec::new();
        let accept = |state, _| Some(state);
        vocabulary
            .all
            .walk((), &mut Vec::new(), accept, |token| met.push(token));
        met.sort_unstable();
        assert_eq!(met, [0, 1, 2, 3, 4, 5, 6]);
    }

    #[test]
    fn a_dead_branch_is_left() {
        let vocabulary = vocabulary(&[b"ax", b"a", b"axy", b"b", b"abx"]);
        let mut met = Vec::new();
        let no_x = |(), byte| (byte != b'x').then_some(());
        vocabulary
            .all
            .walk((), &mut Vec::new(), no_x, |token| met.push(token));
        met.sort_unstable();
        assert_eq!(met, [1, 3]);
    }

    #[test]
    fn plain_tokens_are_counted_in_characters() {
        let vocabulary = vocabulary(&["ab".as_bytes(), "ä".as_bytes(), b"\"", "日本語".as_bytes()]);
        let allowed = |most| vocabulary.plain(most).tokens().collect::<Vec<_>>();
        assert_eq!(allowed(0), [] as [u32; 0]);
        assert_eq!(allowed(1), [1]);
        assert_eq!(allowed(2), [0, 1]);
        assert_eq!(allowed(u32::MAX), [0, 1, 3]);
    }
}
