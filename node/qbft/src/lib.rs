//! One consensus instance, and its controller, as a pure machine.
