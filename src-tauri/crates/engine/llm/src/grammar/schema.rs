//! JSON Schema (2020-12) as a [`Graph`] that can be enforced while a model writes.
//!
//! Enforced: `type`, `enum`, `const`, `properties`, `required`, `additionalProperties`,
//! `minProperties`, `maxProperties`, `items`, `prefixItems`, `minItems`, `maxItems`, `minLength`,
//! `maxLength`, `minimum`, `maximum` and their exclusive forms, `anyOf`, `oneOf` where at most one
//! alternative can fit, `allOf` of one schema, `$ref` into the same document, also to itself.
//! Pure annotations are passed over. Everything else is refused by name: a schema that looks
//! enforced and is not would be worse than none.
//!
//! What is written is narrower than what the schema allows, never wider: only declared properties
//! where `additionalProperties` is absent beside them, whole numbers without `.0`, keys and fixed
//! texts in their shortest spelling, bounded numbers without exponent.

use std::collections::HashMap;
use std::sync::LazyLock;

use serde_json::{Map, Value};

mod disjoint;
mod error;
mod read;

pub use error::{SchemaError, SchemaProblem};
use read::{Path, Types, declared_types, is_closed, required, size};

use super::node::{Array, Graph, NEVER, Names, Node, NodeId, Object, Property, depths};
use super::number::Bounds;

const MOST_NODES: usize = 10_000;
const MOST_NESTING: usize = 64;
/// Which properties have come is kept in 128 bits.
const MOST_PROPERTIES: usize = 128;

/// Says something about a value without constraining it (2020-12: core §8.2, §8.3, meta-data,
/// `format` as annotation, content).
const ANNOTATIONS: [&str; 17] = [
    "$schema",
    "$id",
    "$comment",
    "$defs",
    "$anchor",
    "definitions",
    "title",
    "description",
    "default",
    "examples",
    "deprecated",
    "readOnly",
    "writeOnly",
    "format",
    "contentEncoding",
    "contentMediaType",
    "contentSchema",
];

const OBJECT_KEYWORDS: [&str; 6] = [
    "properties",
    "required",
    "additionalProperties",
    "unevaluatedProperties",
    "minProperties",
    "maxProperties",
];
const ARRAY_KEYWORDS: [&str; 5] = [
    "items",
    "prefixItems",
    "minItems",
    "maxItems",
    "uniqueItems",
];
const STRING_KEYWORDS: [&str; 2] = ["minLength", "maxLength"];
const NUMBER_KEYWORDS: [&str; 5] = [
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "multipleOf",
];

static NO_KEYWORDS: LazyLock<Map<String, Value>> = LazyLock::new(Map::new);

/// Compiles `schema`.
pub(super) fn compile(schema: &Value) -> Result<Graph, SchemaError> {
    let mut compiler = Compiler {
        document: schema,
        nodes: Vec::new(),
        references: HashMap::new(),
        open: Vec::new(),
        any: None,
        nesting: 0,
    };
    let root = compiler.reference("#", &Path::root())?;
    compiler.finish(root)
}

/// Any JSON value, or any JSON object.
pub(super) fn any(only_objects: bool) -> Result<Graph, SchemaError> {
    let schema = if only_objects {
        serde_json::json!({ "type": "object" })
    } else {
        Value::Bool(true)
    };
    compile(&schema)
}

struct Compiler<'a> {
    document: &'a Value,
    nodes: Vec<Node>,
    /// Nodes of what `$ref`s point to.
    references: HashMap<String, NodeId>,
    /// Of these, the ones that are still to be read.
    open: Vec<(NodeId, &'a Value, Path)>,
    any: Option<NodeId>,
    nesting: usize,
}

impl<'a> Compiler<'a> {
    fn finish(mut self, root: NodeId) -> Result<Graph, SchemaError> {
        let mut nothing_fits = None;
        while let Some((id, schema, path)) = self.open.pop() {
            match self.schema(schema, &path, Types::ALL) {
                Ok(node) => self.nodes[id as usize] = Node::Union(vec![node]),
                // Perhaps nobody needs it.
                Err(error) if error.problem == SchemaProblem::Unsatisfiable => {
                    nothing_fits.get_or_insert(error);
                }
                Err(error) => return Err(error),
            }
        }
        for id in 0..self.nodes.len() {
            if matches!(self.nodes[id], Node::Union(_)) {
                self.nodes[id] = Node::Union(self.leaves(id as NodeId));
            }
        }
        let depths = depths(&self.nodes);
        if depths[root as usize] == NEVER {
            let root = Path::root().error(SchemaProblem::Unsatisfiable);
            return Err(nothing_fits.unwrap_or(root));
        }
        Ok(Graph {
            nodes: self.nodes,
            depths,
            root,
        })
    }

    /// What a union comes down to, through unions of unions and references in a circle.
    fn leaves(&self, id: NodeId) -> Vec<NodeId> {
        let (mut leaves, mut seen, mut open) =
            (Vec::new(), vec![false; self.nodes.len()], vec![id]);
        while let Some(id) = open.pop() {
            if std::mem::replace(&mut seen[id as usize], true) {
                continue;
            }
            match &self.nodes[id as usize] {
                Node::Union(nodes) => open.extend(nodes.iter().rev()),
                _ => leaves.push(id),
            }
        }
        leaves
    }

    fn add(&mut self, node: Node, path: &Path) -> Result<NodeId, SchemaError> {
        if self.nodes.len() >= MOST_NODES {
            return Err(path.error(SchemaProblem::TooLarge(MOST_NODES)));
        }
        self.nodes.push(node);
        Ok((self.nodes.len() - 1) as NodeId)
    }

    fn union(&mut self, mut nodes: Vec<NodeId>, path: &Path) -> Result<NodeId, SchemaError> {
        match (nodes.pop(), nodes.is_empty()) {
            (None, _) => Err(path.error(SchemaProblem::Unsatisfiable)),
            (Some(only), true) => Ok(only),
            (Some(last), false) => {
                nodes.push(last);
                self.add(Node::Union(nodes), path)
            }
        }
    }

    /// The node of what `pointer` (`#`, `#/$defs/x`) points to. It is read later: a schema may refer
    /// to itself, and a long chain of references costs no recursion.
    fn reference(&mut self, pointer: &str, path: &Path) -> Result<NodeId, SchemaError> {
        if let Some(known) = self.references.get(pointer) {
            return Ok(*known);
        }
        let schema = self.target(pointer, path)?;
        let id = self.add(Node::Union(Vec::new()), path)?;
        self.references.insert(pointer.to_owned(), id);
        self.open.push((id, schema, Path::of(pointer)));
        Ok(id)
    }

    fn target(&self, pointer: &str, path: &Path) -> Result<&'a Value, SchemaError> {
        let unknown = || path.error(SchemaProblem::UnknownReference);
        let inner = pointer.strip_prefix('#').ok_or_else(unknown)?;
        let inner = percent_decoded(inner).ok_or_else(unknown)?;
        self.document.pointer(&inner).ok_or_else(unknown)
    }

    /// Compiles `schema` for values of `allowed` types.
    fn schema(
        &mut self,
        schema: &'a Value,
        path: &Path,
        allowed: Types,
    ) -> Result<NodeId, SchemaError> {
        if self.nesting >= MOST_NESTING {
            return Err(path.error(SchemaProblem::TooLarge(MOST_NODES)));
        }
        self.nesting += 1;
        let node = match schema {
            Value::Bool(true) => self.types(&NO_KEYWORDS, path, allowed),
            Value::Object(schema) => self.keywords(schema, path, allowed),
            Value::Bool(false) => Err(path.error(SchemaProblem::Unsatisfiable)),
            _ => Err(path.malformed("a schema is an object, true or false")),
        };
        self.nesting -= 1;
        node
    }

    fn keywords(
        &mut self,
        schema: &'a Map<String, Value>,
        path: &Path,
        allowed: Types,
    ) -> Result<NodeId, SchemaError> {
        let allowed = allowed.and(declared_types(schema, path)?);
        if allowed.is_none() {
            return Err(path.at("type").error(SchemaProblem::Unsatisfiable));
        }
        // One of these says it all; what else stands beside it would have to hold as well.
        for (keyword, value) in schema {
            let path = path.at(keyword);
            match keyword.as_str() {
                "$ref" => {
                    alone(schema, keyword, &path)?;
                    let pointer = value.as_str().ok_or_else(|| path.malformed("a string"))?;
                    if !allowed.has(Types::ALL) {
                        // Its type stands beside it: read it in place.
                        let target = self.target(pointer, &path)?;
                        return self.schema(target, &Path::of(pointer), allowed);
                    }
                    return self.reference(pointer, &path);
                }
                "enum" => {
                    alone(schema, keyword, &path)?;
                    let values = value
                        .as_array()
                        .ok_or_else(|| path.malformed("a list of values"))?;
                    return self.texts(values, &path, allowed);
                }
                "const" => {
                    alone(schema, keyword, &path)?;
                    return self.texts(std::slice::from_ref(value), &path, allowed);
                }
                "anyOf" | "oneOf" | "allOf" => {
                    alone(schema, keyword, &path)?;
                    let schemas = value.as_array().filter(|schemas| !schemas.is_empty());
                    let schemas = schemas.ok_or_else(|| path.malformed("a list of schemas"))?;
                    if keyword == "allOf" && schemas.len() > 1 {
                        return Err(path.error(SchemaProblem::Unsupported(keyword.clone())));
                    }
                    if keyword == "oneOf" {
                        self.check_disjoint(schemas, &path)?;
                    }
                    return self.alternatives(schemas, &path, allowed);
                }
                _ => {}
            }
        }
        self.types(schema, path, allowed)
    }

    fn alternatives(
        &mut self,
        schemas: &'a [Value],
        path: &Path,
        allowed: Types,
    ) -> Result<NodeId, SchemaError> {
        let mut nodes = Vec::new();
        for (index, schema) in schemas.iter().enumerate() {
            match self.schema(schema, &path.at(index), allowed) {
                Ok(node) => nodes.push(node),
                // An alternative that nothing fits is none.
                Err(error) if error.problem == SchemaProblem::Unsatisfiable => {}
                Err(error) => return Err(error),
            }
        }
        self.union(nodes, path)
    }

    /// The nodes of a schema that constrains by type.
    fn types(
        &mut self,
        schema: &'a Map<String, Value>,
        path: &Path,
        allowed: Types,
    ) -> Result<NodeId, SchemaError> {
        let mut mentioned = Types::NONE;
        for keyword in schema.keys() {
            let about = if OBJECT_KEYWORDS.contains(&keyword.as_str()) {
                Types::OBJECT
            } else if ARRAY_KEYWORDS.contains(&keyword.as_str()) {
                Types::ARRAY
            } else if STRING_KEYWORDS.contains(&keyword.as_str()) {
                Types::STRING
            } else if NUMBER_KEYWORDS.contains(&keyword.as_str()) {
                Types::NUMBER
            } else if keyword == "type" || is_annotation(keyword) {
                Types::NONE
            } else {
                let problem = SchemaProblem::Unsupported(keyword.clone());
                return Err(path.at(keyword).error(problem));
            };
            mentioned = mentioned.or(about);
        }
        // A schema without a type that speaks of properties means an object.
        let allowed = if schema.contains_key("type") || mentioned.is_none() {
            allowed
        } else {
            allowed.and(mentioned)
        };
        if allowed == Types::ALL && mentioned.is_none() {
            return self.any(path);
        }
        let mut nodes = Vec::new();
        if allowed.has(Types::OBJECT) {
            nodes.push(self.object(schema, path)?);
        }
        if allowed.has(Types::ARRAY) {
            nodes.push(self.array(schema, path)?);
        }
        if allowed.has(Types::STRING) {
            nodes.push(self.string(schema, path)?);
        }
        if allowed.has(Types::INTEGER) {
            nodes.push(self.number(schema, path, allowed.has(Types::NUMBER))?);
        }
        let mut fixed: Vec<Box<[u8]>> = Vec::new();
        if allowed.has(Types::BOOLEAN) {
            fixed.extend([b"true".as_slice().into(), b"false".as_slice().into()]);
        }
        if allowed.has(Types::NULL) {
            fixed.push(b"null".as_slice().into());
        }
        if !fixed.is_empty() {
            nodes.push(self.add(Node::Texts(fixed), path)?);
        }
        self.union(nodes, path)
    }

    /// Any value at all: one node for the whole document.
    fn any(&mut self, path: &Path) -> Result<NodeId, SchemaError> {
        if let Some(any) = self.any {
            return Ok(any);
        }
        let any = self.add(Node::Union(Vec::new()), path)?;
        self.any = Some(any);
        let object = Object {
            others: Some(any),
            most: u32::MAX,
            ..Object::default()
        };
        let array = Array {
            rest: Some(any),
            most: u32::MAX,
            ..Array::default()
        };
        let texts = ["true", "false", "null"].map(|text| text.as_bytes().into());
        let kinds = [
            Node::Object(object),
            Node::Array(array),
            Node::String {
                least: 0,
                most: u32::MAX,
            },
            Node::Number,
            Node::Texts(texts.into()),
        ];
        let mut nodes = Vec::new();
        for kind in kinds {
            nodes.push(self.add(kind, path)?);
        }
        self.nodes[any as usize] = Node::Union(nodes);
        Ok(any)
    }

    fn texts(
        &mut self,
        values: &[Value],
        path: &Path,
        allowed: Types,
    ) -> Result<NodeId, SchemaError> {
        let fitting = values.iter().filter(|value| {
            let of = Types::of(value);
            // 1.0 is a whole number, too, but is written as a fraction.
            !allowed.and(of).is_none()
        });
        let mut texts: Vec<Box<[u8]>> = fitting.map(|value| json(value).into()).collect();
        texts.sort_unstable();
        texts.dedup();
        if texts.is_empty() {
            return Err(path.error(SchemaProblem::Unsatisfiable));
        }
        self.add(Node::Texts(texts), path)
    }

    fn string(&mut self, schema: &Map<String, Value>, path: &Path) -> Result<NodeId, SchemaError> {
        let least = size(schema, "minLength", path)?.unwrap_or(0);
        let most = size(schema, "maxLength", path)?.unwrap_or(u32::MAX);
        if least > most {
            return Err(path.at("maxLength").error(SchemaProblem::Unsatisfiable));
        }
        self.add(Node::String { least, most }, path)
    }

    fn number(
        &mut self,
        schema: &Map<String, Value>,
        path: &Path,
        fractions: bool,
    ) -> Result<NodeId, SchemaError> {
        let widest = if fractions {
            Bounds::DECIMALS
        } else {
            Bounds::INTEGERS
        };
        let mut bounds = widest;
        let mut bounded = false;
        for keyword in NUMBER_KEYWORDS {
            let Some(value) = schema.get(keyword) else {
                continue;
            };
            let path = path.at(keyword);
            let number = value.as_f64().filter(|_| value.is_number());
            let number = number.ok_or_else(|| path.malformed("a number"))?;
            if keyword == "multipleOf" {
                if number == 1.0 && !fractions {
                    continue;
                }
                return Err(path.error(SchemaProblem::Unsupported(keyword.to_owned())));
            }
            bounded = true;
            let unit = 10f64.powi(i32::from(bounds.decimals));
            let scaled = number * unit;
            // Whole numbers as they are: a double would round large ones. Then those that our
            // decimals can write: the quotient is what a reader makes of them.
            let whole = value.as_i64().and_then(|n| n.checked_mul(unit as i64));
            let written = (scaled.round() / unit == number).then_some(scaled.round() as i64);
            let exact = whole.or(written);
            // All others rounded inwards: a bound is never passed.
            let inwards = |rounded: f64| exact.unwrap_or(rounded as i64);
            match keyword {
                "minimum" => bounds.low = bounds.low.max(inwards(scaled.ceil())),
                "maximum" => bounds.high = bounds.high.min(inwards(scaled.floor())),
                "exclusiveMinimum" => {
                    let above = inwards(scaled.floor()).saturating_add(1);
                    bounds.low = bounds.low.max(above);
                }
                _ => {
                    let below = inwards(scaled.ceil()).saturating_sub(1);
                    bounds.high = bounds.high.min(below);
                }
            }
        }
        if bounds.is_empty() {
            return Err(path.error(SchemaProblem::Unsatisfiable));
        }
        let node = if bounded || !fractions {
            Node::Ranged(bounds)
        } else {
            Node::Number
        };
        self.add(node, path)
    }

    fn array(
        &mut self,
        schema: &'a Map<String, Value>,
        path: &Path,
    ) -> Result<NodeId, SchemaError> {
        if let Some(unique) = schema.get("uniqueItems")
            && unique != &Value::Bool(false)
        {
            let problem = SchemaProblem::Unsupported("uniqueItems".to_owned());
            return Err(path.at("uniqueItems").error(problem));
        }
        let mut array = Array {
            least: size(schema, "minItems", path)?.unwrap_or(0),
            most: size(schema, "maxItems", path)?.unwrap_or(u32::MAX),
            ..Array::default()
        };
        if let Some(first) = schema.get("prefixItems") {
            let path = path.at("prefixItems");
            let first = first
                .as_array()
                .ok_or_else(|| path.malformed("a list of schemas"))?;
            for (index, item) in first.iter().enumerate() {
                let item = self.schema(item, &path.at(index), Types::ALL)?;
                array.first.push(item);
            }
        }
        array.rest = match schema.get("items") {
            Some(Value::Bool(false)) => None,
            // Without a word about them, what comes after declared items is left away.
            None if !array.first.is_empty() && array.least as usize <= array.first.len() => None,
            Some(items) => Some(self.schema(items, &path.at("items"), Types::ALL)?),
            None => Some(self.any(path)?),
        };
        if array.rest.is_none() {
            array.most = array.most.min(array.first.len() as u32);
        }
        if array.least > array.most {
            return Err(path.error(SchemaProblem::Unsatisfiable));
        }
        self.add(Node::Array(array), path)
    }

    fn object(
        &mut self,
        schema: &'a Map<String, Value>,
        path: &Path,
    ) -> Result<NodeId, SchemaError> {
        let declared = match schema.get("properties") {
            None => None,
            Some(Value::Object(declared)) => Some(declared),
            Some(_) => return Err(path.at("properties").malformed("an object of schemas")),
        };
        let required = required(schema, path)?;
        let mut object = Object {
            least: size(schema, "minProperties", path)?.unwrap_or(0),
            most: size(schema, "maxProperties", path)?.unwrap_or(u32::MAX),
            ..Object::default()
        };
        object.others = match schema.get("additionalProperties") {
            Some(Value::Bool(false)) => None,
            Some(others) => {
                Some(self.schema(others, &path.at("additionalProperties"), Types::ALL)?)
            }
            None if schema.contains_key("unevaluatedProperties") => {
                if schema.get("unevaluatedProperties") != Some(&Value::Bool(false)) {
                    let problem = SchemaProblem::Unsupported("unevaluatedProperties".to_owned());
                    return Err(path.at("unevaluatedProperties").error(problem));
                }
                None
            }
            None if declared.is_some_and(|declared| !declared.is_empty()) => None,
            None => Some(self.any(path)?),
        };
        let open = object.others.is_some() || !is_closed(schema);
        let mut names = Vec::new();
        for (name, value) in declared.into_iter().flatten() {
            let path = path.at("properties").at(name);
            if value == &Value::Bool(false) {
                // Such a property may not come; no other key may spell it either.
                object.names.insert(name);
                continue;
            }
            names.push((name.as_str(), self.schema(value, &path, Types::ALL)?));
        }
        for name in &required {
            if names.iter().any(|(known, _)| known == name) {
                continue;
            }
            let forbidden = declared.is_some_and(|declared| declared.contains_key(*name));
            if !open || forbidden {
                return Err(path.at("required").error(SchemaProblem::Unsatisfiable));
            }
            let value = match object.others {
                Some(others) => others,
                None => self.any(path)?,
            };
            names.push((*name, value));
        }
        if names.len() > MOST_PROPERTIES {
            let path = path.at("properties");
            return Err(path.error(SchemaProblem::TooLarge(MOST_PROPERTIES)));
        }
        for (index, (name, value)) in names.into_iter().enumerate() {
            object.required |= u128::from(required.contains(&name)) << index;
            if object.others.is_some() {
                object.names.insert(name);
            }
            let key = json(&Value::from(name)).into();
            object.properties.push(Property { key, value });
        }
        let musts = object.required.count_ones();
        if object.others.is_none() {
            object.names = Names::default();
        } else if object.least > musts {
            // A key that comes twice would be counted twice.
            let problem = SchemaProblem::Unsupported("minProperties".to_owned());
            return Err(path.at("minProperties").error(problem));
        }
        let possible = if object.others.is_some() {
            u32::MAX
        } else {
            object.properties.len() as u32
        };
        if musts > object.most || object.least > object.most.min(possible) {
            return Err(path.error(SchemaProblem::Unsatisfiable));
        }
        self.add(Node::Object(object), path)
    }
}

fn is_annotation(keyword: &str) -> bool {
    ANNOTATIONS.contains(&keyword) || keyword.starts_with("x-")
}

/// Refuses what stands beside `keyword` and would have to hold as well.
fn alone(schema: &Map<String, Value>, keyword: &str, path: &Path) -> Result<(), SchemaError> {
    let beside = schema
        .keys()
        .find(|other| *other != keyword && *other != "type" && !is_annotation(other));
    match beside {
        None => Ok(()),
        Some(beside) => {
            let problem = SchemaProblem::Unsupported(format!("{beside}` beside `{keyword}"));
            Err(path.error(problem))
        }
    }
}

fn percent_decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let digits = [rest.next()?, rest.next()?];
            let digits = std::str::from_utf8(&digits).ok()?;
            bytes.push(u8::from_str_radix(digits, 16).ok()?);
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).ok()
}

fn json(value: &Value) -> Vec<u8> {
    value.to_string().into_bytes()
}
