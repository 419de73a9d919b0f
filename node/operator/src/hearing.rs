//! What this node listens to: the topics of its subnets, in the fork in force and around a fork in the other one too.

use std::collections::BTreeMap;

use network::{CommitteeLoad, MAX_TOPICS, Topic};
use types::rules::ForkWatch;
use types::{Epoch, OperatorId, SsvFork, SubnetId};

use crate::directory::Directory;

/// What follows from the forks at a slot. When it changes, topics and announcement are due again; it changes with each epoch, because
/// the score parameters are due then.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Hearing {
    epoch: Epoch,
    /// The fork in force, whose domain is announced.
    pub announced: SsvFork,
    /// The forks whose topics are joined, the one in force first.
    pub forks: Vec<SsvFork>,
}

impl Hearing {
    pub(crate) fn now(forks: &ForkWatch) -> Self {
        let announced = forks.current();
        let others = forks.subscribed().into_iter().filter(|fork| *fork != announced);
        let epoch = forks.rules().epoch_of(forks.slot());
        Self { epoch, announced, forks: std::iter::once(announced).chain(others).collect() }
    }

    /// The topics of our subnets, with the committees that use each.
    ///
    /// **Bound**: [`MAX_TOPICS`], what one announcement may carry. Around a fork both forks together may have more: then topics of the
    /// fork that is not in force are left out.
    pub(crate) fn topics(&self, directory: &Directory) -> BTreeMap<Topic, Vec<CommitteeLoad>> {
        let mut topics = BTreeMap::<_, Vec<_>>::new();
        for fork in &self.forks {
            let subnets = directory.subnets(*fork);
            let places = MAX_TOPICS.saturating_sub(topics.len());
            if subnets.len() > places {
                tracing::warn!(%fork, left_out = subnets.len().saturating_sub(places), "more topics than one announcement may carry");
            }
            topics.extend(
                subnets.into_iter().take(places).map(|subnet| (Topic { fork: *fork, subnet }, Vec::new())),
            );
        }
        for committee in directory.committees.values() {
            for fork in &self.forks {
                if let Some(load) = topics.get_mut(&topic(*fork, &committee.members)) {
                    let operators = u32::try_from(committee.members.len()).unwrap_or(u32::MAX);
                    load.push(CommitteeLoad { operators, validators: committee.validators });
                }
            }
        }
        topics
    }
}

fn topic(fork: SsvFork, members: &[OperatorId]) -> Topic {
    Topic { fork, subnet: SubnetId::of(fork, members) }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;
    use std::sync::Arc;

    use types::rules::{ForkLifecycle, ForkSchedule, NetworkRules};
    use types::{CommitteeId, Slot};

    use super::*;
    use crate::directory::{Committee, Registered};

    /// The main network, with Boole from this epoch on.
    fn lifecycle(boole: u64, slot: u64) -> ForkLifecycle {
        let mut rules = NetworkRules::builtin("mainnet").unwrap();
        let domain = |fork| rules.forks.domain(fork).unwrap();
        let (alan, next) = (domain(SsvFork::Alan), domain(SsvFork::Boole));
        rules.forks = ForkSchedule::new(alan, Some((next, Epoch(boole)))).unwrap();
        ForkLifecycle::new(Arc::new(rules), Slot(slot))
    }

    /// Committees of ours, each with four operators, and one of others.
    fn directory(ours: u64) -> Directory {
        let mut directory = Directory::default();
        for number in 0..=ours {
            let members: Vec<_> = (1..=4).map(|i| OperatorId(number * 4 + i)).collect();
            let id = CommitteeId::of(&members);
            let keys = Arc::new(qbft::CommitteeKeys::new(Default::default()));
            let committee = Committee { id, members, keys, validators: 7, ours: number < ours };
            directory.committees.insert(id, Arc::new(committee));
        }
        directory
    }

    #[test]
    fn the_topics_of_both_forks_are_heard_around_a_fork() {
        use SsvFork::{Alan, Boole};
        let (mut forks, directory) = (lifecycle(10, 0), directory(1));
        let watch = forks.watch();
        let committee = directory.own_committees().next().unwrap();
        for (slot, announced, heard) in [
            (287, Alan, vec![Alan]),
            (288, Alan, vec![Alan, Boole]),
            (319, Alan, vec![Alan, Boole]),
            (320, Boole, vec![Boole, Alan]),
            (353, Boole, vec![Boole, Alan]),
            (354, Boole, vec![Boole]),
        ] {
            forks.advance(Slot(slot));
            let hearing = Hearing::now(&watch);
            assert_eq!((hearing.announced, &hearing.forks), (announced, &heard), "slot {slot}");
            let expected: BTreeMap<_, _> = heard
                .iter()
                .map(|fork| {
                    let load = CommitteeLoad { operators: 4, validators: 7 };
                    (topic(*fork, &committee.members), vec![load])
                })
                .collect();
            let mut topics = hearing.topics(&directory);
            topics.values_mut().for_each(|load| load.truncate(1));
            assert_eq!(topics, expected, "slot {slot}");
        }
    }

    #[test]
    fn what_is_heard_is_due_with_each_epoch_and_each_change_of_forks_and_not_in_between() {
        let mut forks = lifecycle(10, 0);
        let watch = forks.watch();
        let mut last = Hearing::now(&watch);
        let mut due = Vec::new();
        for slot in 1..390 {
            forks.advance(Slot(slot));
            let now = Hearing::now(&watch);
            if now != last {
                due.push(slot);
                last = now;
            }
        }
        let mut expected: Vec<_> = (1..=12).map(|epoch| epoch * 32).collect();
        expected.push(354);
        expected.sort_unstable();
        assert_eq!(due, expected);
    }

    #[test]
    fn a_node_without_validators_is_on_one_subnet_and_hears_its_committees() {
        let forks = lifecycle(10, 320);
        let hearing = Hearing::now(&forks.watch());
        let mut directory = directory(0);
        assert!(hearing.topics(&directory).is_empty(), "not registered");
        directory.operator = Some(OperatorId(1));
        // The worked figure of the reference's hash of operator 1 in Boole, and that of its committee of one in Alan.
        let alone = CommitteeId::of(&[OperatorId(1)]);
        let expected =
            [(SsvFork::Alan, SubnetId::alan(&alone)), (SsvFork::Boole, SubnetId::new(56).unwrap())];
        let topics: Vec<_> = hearing.topics(&directory).into_keys().collect();
        assert_eq!(topics, expected.map(|(fork, subnet)| Topic { fork, subnet }));
        // Operator 3's hash is the smallest of the four: with it the committee is heard.
        let key = types::PublicKeyBytes([7; 48]);
        let committee = directory.committees.values().next().unwrap().id;
        directory.validators.insert(key, Registered { committee, liquidated: false });
        assert_eq!(directory.audible_validators(&[SsvFork::Boole]), vec![]);
        directory.operator = Some(OperatorId(3));
        assert_eq!(directory.audible_validators(&[SsvFork::Boole]), vec![key]);
    }

    #[test]
    fn the_fork_in_force_keeps_its_topics_when_both_have_too_many() {
        let (forks, directory) = (lifecycle(10, 320), directory(2000));
        let hearing = Hearing::now(&forks.watch());
        let topics = hearing.topics(&directory);
        assert_eq!(topics.len(), MAX_TOPICS);
        let own: HashSet<_> = directory
            .own_committees()
            .map(|committee| SubnetId::of(SsvFork::Boole, &committee.members))
            .collect();
        assert_eq!(topics.keys().filter(|topic| topic.fork == SsvFork::Boole).count(), own.len());
    }
}
