//! Whether no value can fit two schemas at once.
//!
//! `oneOf` wants exactly one alternative to fit. While a value is being written that can only be
//! promised where the alternatives exclude each other. Found are: different types, constants that
//! differ, and objects of which one must have a property that the other cannot have or has otherwise.
//! Where nothing is found, they may overlap.

use serde_json::Value;

use super::read::{Path, Types, fixed, is_closed, possible_types, required, same_value};
use super::{Compiler, SchemaError, SchemaProblem};

impl Compiler<'_> {
    pub(super) fn check_disjoint(&self, schemas: &[Value], path: &Path) -> Result<(), SchemaError> {
        for (index, a) in schemas.iter().enumerate() {
            for b in &schemas[..index] {
                if !self.are_disjoint(a, b, 8) {
                    return Err(path.at(index).error(SchemaProblem::Overlap));
                }
            }
        }
        Ok(())
    }

    /// Whether surely no value fits both. `depth` bounds how far references are followed.
    fn are_disjoint(&self, a: &Value, b: &Value, depth: usize) -> bool {
        let Some(depth) = depth.checked_sub(1) else {
            return false;
        };
        for (this, other) in [(a, b), (b, a)] {
            if let Some(pointer) = this.get("$ref").and_then(Value::as_str) {
                let target = self.target(pointer, &Path::root());
                return target.is_ok_and(|target| self.are_disjoint(target, other, depth));
            }
            for keyword in ["anyOf", "oneOf"] {
                if let Some(schemas) = this.get(keyword).and_then(Value::as_array) {
                    return schemas
                        .iter()
                        .all(|schema| self.are_disjoint(schema, other, depth));
                }
            }
        }
        if a == &Value::Bool(false) || b == &Value::Bool(false) {
            return true;
        }
        if possible_types(a).and(possible_types(b)).is_none() {
            return true;
        }
        if let (Some(a), Some(b)) = (fixed(a), fixed(b)) {
            return a
                .iter()
                .all(|value| !b.iter().any(|b| same_value(value, b)));
        }
        self.are_disjoint_objects(a, b, depth) || self.are_disjoint_objects(b, a, depth)
    }

    /// Whether a property that `a` requires makes it impossible for `b` to fit as well.
    fn are_disjoint_objects(&self, a: &Value, b: &Value, depth: usize) -> bool {
        let both = possible_types(a).and(possible_types(b));
        let (Some(a), Some(b)) = (a.as_object(), b.as_object()) else {
            return false;
        };
        // What holds for objects says nothing about other types that both may be.
        if both != Types::OBJECT {
            return false;
        }
        let names = required(a, &Path::root()).unwrap_or_default();
        names
            .iter()
            .any(|name| match (property(a, name), property(b, name)) {
                (Some(of_a), Some(of_b)) => self.are_disjoint(of_a, of_b, depth),
                (_, None) => is_closed(b),
                (None, Some(_)) => false,
            })
    }
}

fn property<'s>(schema: &'s serde_json::Map<String, Value>, name: &str) -> Option<&'s Value> {
    schema.get("properties")?.get(name)
}
