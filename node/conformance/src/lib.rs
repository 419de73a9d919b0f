//! Runs the reference vectors; nothing else.
