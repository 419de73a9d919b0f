//! One duty from assignment to submission as a pure machine, per runner role.
