//! A whole committee in one process on a virtual clock, with faults and traitors, from one seed.
