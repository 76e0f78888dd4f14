//! What is wrong with a schema, and where.

/// Why a schema cannot be enforced.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("schema at {path}: {problem}")]
pub struct SchemaError {
    /// JSON pointer to the keyword, `#/properties/name/pattern`.
    pub path: String,
    pub problem: SchemaProblem,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SchemaProblem {
    #[error("`{0}` is not enforced by local models; leave it out")]
    Unsupported(String),
    #[error("expected {0}")]
    Malformed(&'static str),
    #[error("no value fits")]
    Unsatisfiable,
    #[error(
        "two alternatives of `oneOf` may fit at once; make them differ in type, in a required constant or in closed sets of properties, or say `anyOf`"
    )]
    Overlap,
    #[error("nothing is there for `$ref` to point to")]
    UnknownReference,
    #[error("the schema has more than {0} parts")]
    TooLarge(usize),
}
