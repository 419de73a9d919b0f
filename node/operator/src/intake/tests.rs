//! Who is believed, and how the gate keeps its turns and bounds.

mod belief;

use super::*;
use crate::directory::Committee;
use crate::pool::CryptoPool;
use types::{DomainType, PublicKeyBytes, RunnerRole};

/// Operators 1 to 4 run a validator together; those of `registered` are still there.
fn directory(registered: &[u64]) -> (Directory, CommitteeId) {
    let members: Vec<_> = (1..=4).map(OperatorId).collect();
    let id = CommitteeId::of(&members);
    let keys = Arc::new(CommitteeKeys::new(Vec::new()));
    let committee = Committee { id, members, keys, validators: 1, ours: true };
    let mut directory = Directory::default();
    directory.committees.insert(id, Arc::new(committee));
    directory.operators = registered.iter().copied().map(OperatorId).collect();
    (directory, id)
}

#[test]
fn who_left_the_registry_a_moment_ago_costs_no_peer_its_standing() {
    let signer = [OperatorId(2)];
    let (directory, id) = directory(&[1, 3, 4]);
    let refusal = |answer: Result<_, Refusal>| answer.map(|_: Arc<CommitteeKeys>| ()).unwrap_err();
    let removed = refusal(directory.keys_of(id, &signer));
    assert_eq!((removed, verdict(removed)), (Refusal::UnknownOperator, Verdict::Ignore));
    let gone = refusal(Directory::default().keys_of(id, &signer));
    assert_eq!((gone, verdict(gone)), (Refusal::NonExistentCommittee, Verdict::Ignore));
    assert!(directory.keys_of(id, &[OperatorId(3)]).is_ok());
}

#[test]
fn own_duties_are_known_by_the_name_of_their_messages() {
    let (mut directory, id) = directory(&[1, 2, 3, 4]);
    let domain = DomainType([0, 0, 3, 1]);
    let of_committee = |id| MessageId::committee(domain, RunnerRole::Committee, id);
    let other = CommitteeId::of(&[OperatorId(9)]);
    assert!(directory.has_duty_of(&of_committee(&id)));
    assert!(!directory.has_duty_of(&of_committee(&other)));
    // Known, and not ours.
    let foreign = Committee { ours: false, ..Committee::clone(directory.committee(id).unwrap()) };
    directory.committees.insert(id, Arc::new(foreign));
    assert!(!directory.has_duty_of(&of_committee(&id)));
    let proposal = MessageId::validator(domain, RunnerRole::Proposer, &PublicKeyBytes([3; 48]));
    assert!(!directory.has_duty_of(&proposal));
}

/// Starts a task for each parcel, as the first message of a committee does.
struct Starter(tokio::sync::mpsc::Sender<u32>);

impl Porter for Starter {
    type Parcel = u32;

    fn is_own(&self, _: &MessageId) -> bool {
        false
    }

    fn take_in(&self, parcel: u32) {
        let told = self.0.clone();
        tokio::spawn(async move { told.send(parcel).await.unwrap() });
    }

    fn turn_away(&self, parcel: u32, _: Crowd) {
        panic!("{parcel} finds a place");
    }
}

#[tokio::test]
async fn what_takes_messages_in_may_start_tasks() {
    let (told, mut started) = tokio::sync::mpsc::channel(1);
    let gate = Gate::new(Starter(told), CryptoPool::start().unwrap());
    gate.admit(b"peer", &[], 7);
    assert_eq!(started.recv().await, Some(7));
}

/// Notes what it is given. A parcel that is `None` fails by a defect.
struct Notes {
    taken: tokio::sync::mpsc::Sender<u32>,
}

impl Porter for Notes {
    type Parcel = Option<u32>;

    fn is_own(&self, _: &MessageId) -> bool {
        false
    }

    fn take_in(&self, parcel: Option<u32>) {
        let number = parcel.expect("a defect");
        self.taken.blocking_send(number).unwrap();
    }

    fn turn_away(&self, parcel: Option<u32>, _: Crowd) {
        panic!("{parcel:?} finds a place");
    }
}

#[tokio::test]
async fn everything_that_is_let_in_is_taken_once_though_some_of_it_fails() {
    let (taken, mut notes) = tokio::sync::mpsc::channel(4_096);
    let gate = Gate::new(Notes { taken }, CryptoPool::start().unwrap());
    for number in 0..1_000 {
        if number % 100 == 0 {
            gate.admit(b"liar", &[], None);
        }
        gate.admit(&[u8::try_from(number % 7).unwrap()], &[0; 80], Some(number));
    }
    let mut all = Vec::new();
    while all.len() < 1_000 {
        all.push(notes.recv().await.unwrap());
    }
    all.sort_unstable();
    assert!(all.into_iter().eq(0..1_000));
    assert!(notes.try_recv().is_err());
}
