//! Every word of the protocol: ids, SSZ containers, forks, networks, beacon objects, refusal codes.
