//! What the dates of answers say about our clock, over real HTTP: client and server here have the same one.

use crate::support::*;
use beacon::BeaconNodes;
use types::PublicKeyBytes;

#[tokio::test]
async fn the_dates_of_answers_bound_the_offset_of_our_clock() {
    let node = FakeNode::start().await;
    let nodes = BeaconNodes::connect(&settings(&[&node]), ANYTHING).await.unwrap().0;
    for _ in 0..20 {
        nodes.validators(&[PublicKeyBytes([1; 48])]).await.unwrap();
    }
    let status = nodes.status();
    let offset = status.nodes[0].clock.unwrap();
    // However fast or slow the answers were, the truth is within the bounds.
    assert!(offset.ahead_micros.unsigned_abs() <= offset.error_micros, "{offset:?}");
}
