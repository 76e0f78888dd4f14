//! Prints the JSON Schemas of the lists of models and prices, by file name. `cargo xtask generate` writes
//! them beside the lists.
// An example speaks on its standard output.
#![allow(clippy::print_stdout)]

fn main() {
    let schemas: serde_json::Map<_, _> = studio_llm::catalog::schemas()
        .into_iter()
        .map(|(name, schema)| (name.to_owned(), schema))
        .collect();
    println!("{}", serde_json::Value::Object(schemas));
}
