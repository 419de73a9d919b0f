//! The operator's page on peers has every reason.

use network::{DisconnectReason, DropReason};

#[test]
fn every_reason_stands_on_the_page() {
    let page = include_str!("../../../deploy/PEERS.md");
    let parted = DisconnectReason::ALL.map(DisconnectReason::label);
    let dropped = DropReason::ALL.map(DropReason::label);
    for label in parted.iter().chain(&dropped) {
        assert!(page.contains(&format!("`{label}`")), "{label} is missing");
    }
}
