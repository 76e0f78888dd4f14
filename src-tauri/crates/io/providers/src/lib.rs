//! Speech voices of the operating system behind one trait.
