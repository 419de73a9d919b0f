//! Properties of every runner over histories that a seed chooses: a committee of four machines, messages in any order, lost and
//! repeated, answers in any order, timers at any moment, machines killed and put together again, and in most histories a traitor
//! that runs two machines and forges besides.
//!
//! * nothing panics;
//! * no honest operator is asked to sign two different roots for one duty, whatever is lost, and no two honest operators decide
//!   differently;
//! * no entry of a duty ends twice, and none is left without an end;
//! * what a machine holds stays within its bounds.
//!
//! BLS and RSA are stand-ins: recombination is an effect that the harness answers, and tags stand for RSA.
//! `CAPSTAN_PROPERTY_HISTORIES` says how many histories each runner lives through (`scripts/properties`: a hundred thousand).

#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout)]

mod books;
mod committee;
mod doubled;
mod forge;
mod machine;
mod pool;
mod roles;
mod runner;
#[path = "../../../types/tests/properties/seeded.rs"]
mod seeded;
mod standin;
#[path = "../common/tag.rs"]
mod tag;
mod world;
