//! Events: each once, with its first byte's time, through ends and silences of streams.

use crate::support::*;
use beacon::{BeaconEvent, BeaconNodes, EventKind, NodeId, unix_micros};
use std::time::Duration;
use types::{Root, Slot};

fn head(slot: u64) -> String {
    head_event(slot, ROOT)
}

const ROOT: &str = "0x3e8bd71d9925794b4f5e8623e15094ea6edc0fd206e3551e13dd2d10e08fbaba";

fn syncing(slot: u64) -> String {
    format!(
        r#"{{"data":{{"head_slot":"{slot}","sync_distance":"0","is_syncing":false,"is_optimistic":false,"el_offline":false}}}}"#
    )
}

fn slot_of(event: &BeaconEvent) -> Slot {
    let EventKind::Head(head) = event.kind else { panic!("{event:?}") };
    head.slot
}

#[tokio::test]
async fn a_head_event_carries_the_time_of_its_first_byte() {
    let node = FakeNode::start().await;
    let (nodes, _) = BeaconNodes::connect(&settings(&[&node]), ANYTHING).await.unwrap();
    let mut events = nodes.subscribe();
    let seen = node.wait_for(PATH_EVENTS, 1).await;
    assert_eq!(seen[0].query, "topics=head,chain_reorg,finalized_checkpoint");
    assert_eq!(seen[0].headers["accept"], "text/event-stream");

    let text = head(700);
    let (first, rest) = text.split_at(20);
    let before = unix_micros();
    node.send_event(first);
    // The rest is sent only when the first part has been read: a request on another connection comes after it.
    nodes.finality().await.unwrap();
    node.send_event(rest);
    let event = events.recv().await.unwrap();
    assert_eq!((slot_of(&event), event.node, event.name.as_str()), (Slot(700), NodeId(0), node.url.as_str()));
    assert!((before..=unix_micros()).contains(&event.first_byte_unix_micros));
    assert_eq!(nodes.status().head_slot(), Some(Slot(700)));
}

#[tokio::test]
async fn two_nodes_tell_and_each_event_comes_once() {
    let (a, b) = (FakeNode::start().await, FakeNode::start().await);
    let (nodes, _) = BeaconNodes::connect(&settings(&[&a, &b]), ANYTHING).await.unwrap();
    let mut events = nodes.subscribe();
    a.wait_for(PATH_EVENTS, 1).await;
    b.wait_for(PATH_EVENTS, 1).await;
    b.send_event(&head(701));
    let event = events.recv().await.unwrap();
    assert_eq!((slot_of(&event), event.node), (Slot(701), NodeId(1)), "whoever is first");
    a.send_event(&head(701));
    a.send_event(&head(702));
    let event = events.recv().await.unwrap();
    assert_eq!((slot_of(&event), event.node), (Slot(702), NodeId(0)), "701 does not come again");
}

#[tokio::test]
async fn a_head_that_is_not_verified_yet_does_not_hide_the_verified_one() {
    let (a, b) = (FakeNode::start().await, FakeNode::start().await);
    let (nodes, _) = BeaconNodes::connect(&settings(&[&a, &b]), ANYTHING).await.unwrap();
    let mut events = nodes.subscribe();
    a.wait_for(PATH_EVENTS, 1).await;
    b.wait_for(PATH_EVENTS, 1).await;
    let told = |event: BeaconEvent| {
        let EventKind::Head(head) = event.kind else { panic!("{event:?}") };
        (head.slot, head.execution_optimistic, event.node)
    };
    a.send_event(&head(701).replace("\"execution_optimistic\":false", "\"execution_optimistic\":true"));
    assert_eq!(told(events.recv().await.unwrap()), (Slot(701), true, NodeId(0)));
    b.send_event(&head(701));
    b.send_event(&head(702));
    assert_eq!(told(events.recv().await.unwrap()), (Slot(701), false, NodeId(1)));
    assert_eq!(told(events.recv().await.unwrap()), (Slot(702), false, NodeId(1)));
}

#[tokio::test]
async fn an_ended_stream_is_opened_again() {
    let node = FakeNode::start().await;
    let (nodes, _) = BeaconNodes::connect(&settings(&[&node]), ANYTHING).await.unwrap();
    let mut events = nodes.subscribe();
    node.wait_for(PATH_EVENTS, 1).await;
    node.send_event(&head(703));
    events.recv().await.unwrap();
    node.end_events();
    node.wait_for(PATH_EVENTS, 2).await;
    node.send_event(&head(704));
    assert_eq!(slot_of(&events.recv().await.unwrap()), Slot(704));
}

#[tokio::test]
async fn a_stream_that_misses_a_head_of_its_node_is_opened_again() {
    let node = FakeNode::start().await;
    let mut settings = settings(&[&node]);
    settings.budgets.probe = Duration::from_millis(10);
    settings.budgets.events_look = Duration::from_millis(10);
    settings.budgets.events_deaf = Duration::from_millis(30);
    let (nodes, _) = BeaconNodes::connect(&settings, ANYTHING).await.unwrap();
    let _events = nodes.subscribe();
    node.wait_for(PATH_EVENTS, 1).await;
    // The probe sees a newer head, and no event tells of it.
    node.on(PATH_SYNCING, Answer::Json(200, syncing(900)));
    node.wait_for(PATH_EVENTS, 2).await;
}

#[tokio::test]
async fn an_unreadable_event_is_skipped_and_the_stream_goes_on() {
    let node = FakeNode::start().await;
    let (nodes, _) = BeaconNodes::connect(&settings(&[&node]), ANYTHING).await.unwrap();
    let mut events = nodes.subscribe();
    node.wait_for(PATH_EVENTS, 1).await;
    node.send_event("event: head\ndata: {\"slot\":\"x\"}\n\n: keep-alive\n\nevent: block\ndata: {}\n\n");
    let finalized = format!(
        "event: finalized_checkpoint\ndata: {{\"epoch\":\"3\",\"block\":\"{ROOT}\",\"state\":\"{ROOT}\"}}\n\n"
    );
    node.send_event(&finalized);
    let event = events.recv().await.unwrap();
    let EventKind::Finalized(finalized) = event.kind else { panic!("{event:?}") };
    assert_eq!((finalized.epoch.0, finalized.block), (3, ROOT.parse::<Root>().unwrap()));
    assert_eq!(nodes.status().events_dropped, 0);
}

#[tokio::test]
async fn the_streams_close_with_the_receiver() {
    let node = FakeNode::start().await;
    let (nodes, _) = BeaconNodes::connect(&settings(&[&node]), ANYTHING).await.unwrap();
    let events = nodes.subscribe();
    node.wait_for(PATH_EVENTS, 1).await;
    drop(events);
    node.until_streams_close().await;
}
