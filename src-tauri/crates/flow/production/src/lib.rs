//! Operations that plan, estimate and render films.
