//! Arguments, configuration, wiring on one page, lifecycle.
