//! The room of the conductor: it waits until this operator is registered, and hands on every change of the registry.

use std::sync::Arc;

use anyhow::anyhow;
use arc_swap::ArcSwapOption;
use beacon::BeaconNodes;
use crypto::rsa::OperatorPrivateKey;
use network::{NetworkEvent, NetworkHandle};
use operator::{Conductor, CryptoPool, Directory, Identity, Parts, Proposals, Safety, SecondCopy, Surveyor};
use outbox::DutyLog;
use registry::{Registry, ValidatorSet};
use tokio::sync::{mpsc, watch};
use tokio::task::spawn_blocking;
use tokio_util::sync::CancellationToken;
use types::{ChainRules, OperatorId};
use vault::Vault;

use crate::exit::decide;

/// What the conductor needs of the other rooms.
pub(crate) struct Rooms {
    pub chain: Arc<ChainRules>,
    pub key: Arc<OperatorPrivateKey>,
    pub beacon: BeaconNodes,
    pub vault: Arc<Vault>,
    pub network: NetworkHandle,
    pub events: mpsc::Receiver<NetworkEvent>,
    pub registry: Registry,
    pub log: DutyLog,
    pub safety: Safety,
    pub proposals: Proposals,
}

/// Starts the conductor when this operator is registered, and tells it of every change of the registry until the node stops. While
/// it runs it is in `place`.
pub(crate) async fn conduct(
    rooms: Rooms,
    place: Arc<ArcSwapOption<Conductor>>,
    stop: CancellationToken,
) -> anyhow::Result<()> {
    let mut sets = rooms.registry.sets();
    let outcome = stop.run_until_cancelled(follow_registry(rooms, &mut sets, &place)).await;
    if let Some(conductor) = place.swap(None) {
        conductor.close().await;
    }
    until_closed(outcome, &stop).await
}

/// How this room ends. When the registry ended, its room says why: this one must not end first, or that reason would be lost.
async fn until_closed(outcome: Option<anyhow::Result<()>>, stop: &CancellationToken) -> anyhow::Result<()> {
    match outcome {
        None => Ok(()),
        Some(Err(error)) => Err(error),
        Some(Ok(())) => {
            stop.cancelled().await;
            Ok(())
        }
    }
}

/// Ends when the registry does.
async fn follow_registry(
    rooms: Rooms,
    sets: &mut watch::Receiver<Arc<ValidatorSet>>,
    place: &ArcSwapOption<Conductor>,
) -> anyhow::Result<()> {
    let Some(id) = registered(sets).await else { return Ok(()) };
    tracing::info!(operator = %id, "this operator is registered");
    let set = sets.borrow_and_update().clone();
    let (exits, recipient_changes) = (rooms.registry.exits(), rooms.registry.recipient_changes());
    let (mut surveyor, first) = survey(Surveyor::default(), set).await?;
    let (directories, followed) = watch::channel(first);
    let parts = Parts {
        rules: rooms.chain,
        identity: Identity::new(id, rooms.key),
        pool: CryptoPool::start()?,
        beacon: rooms.beacon,
        vault: rooms.vault,
        network: rooms.network,
        events: rooms.events,
        directories: followed,
        log: rooms.log,
        safety: rooms.safety,
        proposals: rooms.proposals,
        exits,
        recipient_changes,
    };
    let conductor = Arc::new(start(parts).await?);
    let mut copies = conductor.second_copy();
    place.store(Some(Arc::clone(&conductor)));
    loop {
        tokio::select! {
            biased;
            copy = heard(&mut copies) => return Err(decide(copy.to_string())),
            task = conductor.ended() => return ended(task),
            changed = sets.changed() => if changed.is_err() { return Ok(()) },
        }
        let set = sets.borrow_and_update().clone();
        same_operator(id, set.own_operator)?;
        let directory;
        (surveyor, directory) = survey(surveyor, set).await?;
        directories.send_replace(directory);
    }
}

/// A node that lacks one of these would look well and do nothing.
fn ended(task: &'static str) -> anyhow::Result<()> {
    Err(anyhow!("the conductor's {task} ended: start the node again, and report this with the log"))
}

/// Waits for another live copy of this operator, for ever if there is none.
async fn heard(copies: &mut watch::Receiver<Option<SecondCopy>>) -> SecondCopy {
    if let Ok(copy) = copies.wait_for(Option::is_some).await
        && let Some(copy) = copy.clone()
    {
        return copy;
    }
    std::future::pending().await
}

/// Waits until the contract knows this operator's key; `None` if the registry ends first.
async fn registered(sets: &mut watch::Receiver<Arc<ValidatorSet>>) -> Option<OperatorId> {
    sets.wait_for(|set| set.own_operator.is_some()).await.ok()?.own_operator
}

/// The conductor speaks under one number all its life. An operator that was removed has no validators, so nothing is said then.
fn same_operator(running: OperatorId, now: Option<OperatorId>) -> anyhow::Result<()> {
    match now {
        Some(now) if now != running => Err(anyhow!(
            "the contract knows this operator's key as operator {now} now, it was {running}: start the node again"
        )),
        Some(_) | None => Ok(()),
    }
}

/// The journal is read at the start, so this is off the I/O threads; the tasks still belong to the runtime.
async fn start(parts: Parts) -> anyhow::Result<Conductor> {
    let runtime = tokio::runtime::Handle::current();
    let start = move || {
        let _inside = runtime.enter();
        Conductor::start(parts)
    };
    Ok(spawn_blocking(start).await??)
}

async fn survey(
    mut surveyor: Surveyor,
    set: Arc<ValidatorSet>,
) -> anyhow::Result<(Surveyor, Arc<Directory>)> {
    let work = move || {
        let directory = surveyor.survey(&set);
        (surveyor, directory)
    };
    Ok(spawn_blocking(work).await?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    use futures::FutureExt as _;

    use crate::exit::Exit;
    use crate::lifecycle::House;

    #[tokio::test]
    async fn the_room_does_not_end_before_the_registry_said_why_it_ended() {
        let stop = CancellationToken::new();
        assert!(until_closed(Some(Ok(())), &stop).now_or_never().is_none());
        stop.cancel();
        until_closed(Some(Ok(())), &stop).await.unwrap();
        assert!(until_closed(Some(Err(anyhow!("full"))), &CancellationToken::new()).await.is_err());
    }

    #[tokio::test]
    async fn another_live_copy_is_waited_for_without_end_and_asks_for_a_decision() {
        let (tell, mut copies) = watch::channel(None);
        assert!(heard(&mut copies).now_or_never().is_none());
        let copy = SecondCopy {
            operator: OperatorId(5),
            slot: types::Slot(9),
            role: types::RunnerRole::Committee,
            from: "peer".to_owned(),
        };
        tell.send_replace(Some(copy.clone()));
        assert_eq!(heard(&mut copies).await, copy);
        // The room ends with it, the house closes, and the process has the code of a decision.
        let mut house = House::new(CancellationToken::new());
        house.open("conductor", Duration::from_secs(5), |_| async move { Err(decide(copy.to_string())) });
        let error = house.run().await.unwrap_err();
        assert_eq!(Exit::of(&error).code(), 3);
        assert!(format!("{error:#}").contains("stop the other one"), "{error:#}");
        let (tell, mut copies) = watch::channel(None);
        drop(tell);
        assert!(heard(&mut copies).now_or_never().is_none(), "a conductor that is gone heard nobody");
    }

    #[test]
    fn another_number_for_our_key_ends_the_room() {
        let one = OperatorId(1);
        assert!(same_operator(one, Some(one)).is_ok() && same_operator(one, None).is_ok());
        let error = same_operator(one, Some(OperatorId(2))).unwrap_err().to_string();
        assert!(error.contains("operator 2 now, it was 1"), "{error}");
    }
}
