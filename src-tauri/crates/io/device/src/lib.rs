//! Plays audio through the sound device from a lock-free ring.
