//! The images of a run: finding, ordering and decoding them.
