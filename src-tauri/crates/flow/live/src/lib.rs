//! Operations that play: ambient score and films.
