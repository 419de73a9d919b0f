//! The commands, one module each.
//!
//! Every module has its arguments (`clap`) and `run(args, out)`, which does the work and speaks through
//! [`crate::output::Output`]. `crate::cli` holds the tree; a command that does not work yet is not in it.

pub mod check;
pub mod duty;
pub mod history;
pub mod network_key;
pub mod operator_key;
pub mod operator_register;
pub mod run;
pub mod validator_register;
pub mod validator_remove;
pub mod validator_split;
