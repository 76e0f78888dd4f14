//! Model files from a hub of Hugging Face's layout.
