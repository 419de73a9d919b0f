//! What tests of whole networks are made with: [`switch`], the network between nodes that run as processes of their own, and
//! [`outsider`], what processes share that join a running network beside its operators.

pub mod outsider;
pub mod switch;
