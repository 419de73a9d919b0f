//! A whole committee in one process on a virtual clock, with faults and traitors, from one seed; and [`switch`], the network
//! between nodes that run as processes of their own.

pub mod switch;
