//! What can be open in a text that is being written.

use super::super::chars::Place;
use super::super::node::{Names, NodeId, Spelling};
use super::super::number::{Free, Ranged};

/// What is open, and how far it has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Frame {
    /// Only at the bottom.
    Nothing,
    /// A value is to begin.
    Value {
        node: NodeId,
        blanks: u8,
    },
    /// The rest of a text of a [`Node::Texts`].
    Text {
        node: NodeId,
        text: u32,
        at: u32,
    },
    /// The rest of a declared key.
    Key {
        node: NodeId,
        property: u32,
        at: u32,
    },
    /// A key that must not be a declared one.
    OtherKey {
        node: NodeId,
        spelling: Spelling,
        place: Place,
    },
    Chars {
        place: Place,
        least: u32,
        most: u32,
    },
    Free(Free),
    Ranged {
        node: NodeId,
        number: Ranged,
    },
    Object {
        node: NodeId,
        seen: u128,
        count: u32,
        place: InObject,
        blanks: u8,
    },
    Array {
        node: NodeId,
        count: u32,
        place: InArray,
        blanks: u8,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum InObject {
    Open,
    /// The key has come.
    Colon {
        value: NodeId,
    },
    AfterValue,
    Comma,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum InArray {
    Open,
    AfterItem,
}

pub(super) enum OtherKey {
    Ends,
    Continues(Spelling, Place),
}

/// A key beside declared ones is written without escapes: with them it could spell a declared one.
pub(super) fn other_key(
    names: &Names,
    spelling: Spelling,
    place: Place,
    byte: u8,
) -> Option<OtherKey> {
    match byte {
        b'"' if place.is_between() => (!names.contains(spelling)).then_some(OtherKey::Ends),
        b'\\' => None,
        _ => Some(OtherKey::Continues(
            names.after(spelling, byte),
            place.after(byte)?,
        )),
    }
}

/// The limits after a byte at `place`: a character is counted where it begins.
pub(super) fn one_char(place: Place, least: u32, most: u32) -> Option<(u32, u32)> {
    match (place.is_between(), most) {
        (false, _) => Some((least, most)),
        (true, 0) => None,
        (true, u32::MAX) => Some((least.saturating_sub(1), most)),
        (true, _) => Some((least.saturating_sub(1), most - 1)),
    }
}

pub(super) fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\n' | b'\r' | b'\t')
}
