//! The way back: the exact ordered lists from before a wave.
