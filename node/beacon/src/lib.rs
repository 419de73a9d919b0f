//! Talks to one or many beacon nodes.
