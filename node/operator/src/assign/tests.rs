//! Four operators run the duties of a plan together, to the objects that beacon nodes get: real keys, real vaults, and machines as the plan
//! makes them. Whether domains, shares and forks fit each other shows in the signatures at the end.

use std::collections::{BTreeMap, VecDeque};

use crypto::bls::{PublicKey, SecretKey, Signature, verify};
use crypto::rsa::OperatorPrivateKey;
use crypto::shamir::split;
use crypto::threshold::CoefficientCache;
use duty::runner::{Aggregate, AggregateObject, End, Fetch, Fetched, ShareObject, Submission};
use duty::{ValidatorKeys, recombine};
use rand::SeedableRng;
use rand::rngs::StdRng;
use types::beacon::{
    AnyProposedBlock, AnySignedProposal, AttestationData, AttestationElectra, SyncCommitteeContribution,
    ValidatorRegistration, VoluntaryExit,
};
use types::preset::ByPreset;
use types::rules::{BeaconGenesis, BeaconSpec, ForkSchedule, NetworkRules};
use types::{
    Address, CommitteeId, CommitteeIndex, Decode, List, Minimal, OperatorId, PresetName, Root,
    SignatureBytes, SignedSsvMessage, TreeHash, signing,
};
use vault::{ArmShare, Floor, PendingExit, Vault};

use super::*;
use crate::clock::{SlotClock, unix_millis};
use crate::doppelganger::Watch;
use crate::identity::Identity;
use crate::machine::{Effect, Input, Outcome};
use crate::run::RunId;
use crate::signer::Signer;

const LOCAL: &str = include_str!("../../../types/samples/local.toml");

/// A block of slot 21 as a beacon node made it, with its (empty) blobs.
const BLOCK: &[u8] = include_bytes!("../../../beacon/tests/answers/block_fulu.ssz");
const SLOT: Slot = Slot(21);
const MEMBERS: [OperatorId; 4] = [OperatorId(1), OperatorId(2), OperatorId(3), OperatorId(4)];

/// Boole from the epoch of the slot on, or never.
fn chain(boole: bool) -> Arc<ChainRules> {
    let mut config = BTreeMap::from([
        ("PRESET_BASE".to_owned(), "minimal".to_owned()),
        ("SECONDS_PER_SLOT".to_owned(), "3".to_owned()),
    ]);
    for (number, fork) in (1..).zip(["ALTAIR", "BELLATRIX", "CAPELLA", "DENEB", "ELECTRA", "FULU"]) {
        config.insert(format!("{fork}_FORK_EPOCH"), "0".to_owned());
        config.insert(format!("{fork}_FORK_VERSION"), format!("0x0{number}000000"));
    }
    let genesis = BeaconGenesis {
        genesis_time: unix_millis() / 1_000 - 6_000,
        genesis_validators_root: Root::repeat_byte(9),
        genesis_fork_version: "0x00000000".parse().unwrap(),
    };
    let mut network = NetworkRules::from_toml(LOCAL).unwrap();
    let domain = |fork| network.forks.domain(fork).unwrap();
    let (alan, next) = (domain(SsvFork::Alan), domain(SsvFork::Boole));
    let epoch = if boole { Epoch(2) } else { Epoch::FAR_FUTURE };
    network.forks = ForkSchedule::new(alan, Some((next, epoch))).unwrap();
    let beacon = BeaconSpec::new(&config, genesis).unwrap();
    Arc::new(ChainRules::new(Arc::new(network), Arc::new(beacon)).unwrap())
}

struct Operator {
    identity: Identity,
    vault: Arc<Vault>,
    signer: Signer,
    own: HashMap<ValidatorIndex, Arc<OwnValidator>>,
    duties: BTreeMap<RunId, Assignment>,
    submitted: Vec<Submission>,
    outcomes: Vec<Outcome>,
}

struct World {
    rules: Arc<ChainRules>,
    committee: Committee,
    operators: Vec<Operator>,
    keys: HashMap<ValidatorIndex, PublicKey>,
    wire: VecDeque<(usize, RunId, Input)>,
}

impl World {
    /// Four operators with their shares of these validators.
    fn new(boole: bool, validators: &[u64]) -> Self {
        let (rules, mut rng) = (chain(boole), StdRng::seed_from_u64(5));
        let rsa: Vec<_> = MEMBERS.map(|_| Arc::new(OperatorPrivateKey::generate().unwrap())).into();
        let clock = Arc::new(SlotClock::new(Arc::clone(&rules)));
        let mut operators: Vec<_> = MEMBERS
            .iter()
            .zip(&rsa)
            .map(|(id, rsa)| {
                let vault = Arc::new(Vault::on_faulty_disk(Arc::clone(&rules)).unwrap().0);
                Operator {
                    identity: Identity::new(*id, Arc::clone(rsa)),
                    signer: Signer::new(Arc::clone(&vault), Arc::clone(&clock), Watch::default()),
                    vault,
                    own: HashMap::new(),
                    duties: BTreeMap::new(),
                    submitted: Vec::new(),
                    outcomes: Vec::new(),
                }
            })
            .collect();
        let id = CommitteeId::of(&MEMBERS);
        let mut keys = HashMap::new();
        for index in validators.iter().copied() {
            let secret = SecretKey::from_be_bytes(&[u8::try_from(index).unwrap(); 32]).unwrap();
            let public_key = secret.public_key().to_bytes();
            let parts = split(&secret, &MEMBERS, 3, &mut rng).unwrap();
            let shares = parts.iter().map(|part| (part.operator, part.secret.public_key().to_bytes()));
            let parsed = Arc::new(ValidatorKeys::parse(&public_key, shares).unwrap());
            keys.insert(ValidatorIndex(index), secret.public_key());
            for (operator, part) in operators.iter_mut().zip(parts) {
                let share = part.secret.public_key().to_bytes();
                let floor = Floor { source: Epoch(0), target: Epoch(0), slot: Slot(20) };
                let armed = ArmShare { validator: public_key, share, secret: part.secret };
                operator.vault.arm(vec![armed], floor, vault::Arming::Anew).unwrap();
                let own = OwnValidator {
                    public_key,
                    owner: Address::repeat_byte(1),
                    fee_recipient: Address::repeat_byte(2),
                    committee: id,
                    share,
                    keys: Arc::clone(&parsed),
                    liquidated: false,
                };
                operator.own.insert(ValidatorIndex(index), Arc::new(own));
            }
        }
        let listed = MEMBERS.iter().zip(&rsa).map(|(id, key)| (*id, key.public_key().clone())).collect();
        let committee = Committee {
            id,
            members: MEMBERS.to_vec(),
            keys: Arc::new(qbft::CommitteeKeys::new(listed)),
            validators: 2,
            ours: true,
        };
        Self { rules, committee, operators, keys, wire: VecDeque::new() }
    }

    fn duty(&self, role: BeaconRole, index: u64, seats: &[u64]) -> ValidatorDuty {
        let validator_index = ValidatorIndex(index);
        ValidatorDuty {
            role,
            public_key: self.operators[0].own[&validator_index].public_key,
            slot: SLOT,
            validator_index,
            committee_index: CommitteeIndex(1),
            committee_length: 8,
            committees_at_slot: 2,
            validator_committee_index: 3,
            validator_sync_committee_indices: List::new(seats.to_vec()).unwrap(),
        }
    }

    /// Every operator gets the duties of the plan and runs them, until there is nothing left to say.
    async fn run(&mut self, plan: impl Fn() -> Plan) -> usize {
        for place in 0..self.operators.len() {
            let operator = &self.operators[place];
            let plan = Plan { own: operator.own.clone(), ..plan() };
            let shares = operator.own.values().map(|own| own.share).collect();
            let standing = operator.signer.standing(shares).await;
            let office = Office {
                rules: &self.rules,
                own: operator.identity.id,
                committee: &self.committee,
                slot: SLOT,
                highest_block: &|share| standing.highest_block(share),
            };
            let assigned = office.assign(&plan);
            assert!(assigned.refused.is_empty(), "{:?}", assigned.refused);
            let duties: BTreeMap<_, _> = assigned.at_once.into_iter().map(|duty| (duty.id(), duty)).collect();
            self.wire.extend(duties.keys().map(|id| (place, *id, Input::Begin)));
            self.operators[place].duties = duties;
        }
        while let Some((place, id, input)) = self.wire.pop_front() {
            let Some(duty) = self.operators[place].duties.get_mut(&id) else { panic!("whose is this?") };
            for effect in duty.machine.step(input).effects {
                self.carry_out(place, id, effect).await;
            }
        }
        self.operators[0].duties.len()
    }

    async fn carry_out(&mut self, place: usize, id: RunId, effect: Effect) {
        let operator = &mut self.operators[place];
        let duty = &operator.duties[&id];
        let answer = match effect {
            Effect::BeginConsensus => Input::Permitted(true),
            Effect::Sign(request) => {
                let stage = request.stage;
                let signatures = operator.signer.sign_objects(Arc::clone(&duty.signers), request).await;
                Input::Signed { stage, signatures }
            }
            Effect::Broadcast(message) => {
                let message = operator.identity.sign(message).unwrap();
                return self.publish(id, &message);
            }
            Effect::PublishDecided(message) => return self.publish(id, &message),
            Effect::Recombine { stage, tasks } => {
                let (mut cache, mut rng) = (CoefficientCache::default(), rand::rng());
                Input::Recombined { stage, results: recombine(&tasks, &duty.keys, &mut cache, &mut rng) }
            }
            Effect::Fetch(question) => Input::Fetched(Some(fetched(&question))),
            Effect::Submit(submission) => {
                let slots = match &submission {
                    Submission::Block { slot, .. } => vec![*slot],
                    Submission::Objects(objects) => objects.iter().map(|object| object.slot).collect(),
                };
                operator.submitted.push(submission);
                Input::Submitted { slots, result: Ok(()) }
            }
            Effect::Ended(outcome) => return operator.outcomes.push(outcome),
            Effect::ArmTimer { .. } | Effect::Reached(_) => return,
            Effect::FetchView
            | Effect::SignVote(_)
            | Effect::SubmitVotes(_)
            | Effect::Blame { .. }
            | Effect::Disagrees { .. } => panic!("there is no vote here, and nobody does wrong"),
        };
        self.wire.push_back((place, id, answer));
    }

    fn publish(&mut self, id: RunId, message: &SignedSsvMessage) {
        let id = RunId { message_id: message.ssv_message.msg_id, ..id };
        for place in 0..self.operators.len() {
            self.wire.push_back((place, id, Input::Message(message.clone())));
        }
    }

    /// Every operator ended every duty with everything submitted.
    fn assert_all_submitted(&self, outcomes: usize) {
        for operator in &self.operators {
            let ends: Vec<_> = operator.outcomes.iter().map(|outcome| outcome.end).collect();
            assert_eq!(ends, vec![End::Submitted; outcomes], "operator {}", operator.identity.id);
        }
    }

    /// What an operator submitted beside blocks; each is signed by its validator in the domain of the chain.
    fn objects(&self, place: usize) -> Vec<(ValidatorIndex, ShareObject)> {
        let mut all = Vec::new();
        for submission in &self.operators[place].submitted {
            let Submission::Objects(objects) = submission else { continue };
            for signed in objects {
                let domain = self.rules.beacon.domain(signed.object.domain(), Epoch(2));
                let root = signing::signing_root(signed.object.root(), domain);
                self.assert_signed(signed.slot.validator, root, &signed.signature);
                all.push((signed.slot.validator, signed.object.clone()));
            }
        }
        all
    }

    fn assert_signed(&self, validator: ValidatorIndex, root: Root, signature: &SignatureBytes) {
        let signature = Signature::from_bytes(signature).unwrap();
        assert!(verify(&self.keys[&validator], root, &signature), "of validator {validator}");
    }
}

/// What the beacon node gives: for every operator the same.
fn fetched(question: &Fetch) -> Fetched {
    match question {
        Fetch::Block { slot, .. } => {
            assert_eq!(*slot, SLOT);
            Fetched::Block(Box::new(block()))
        }
        Fetch::Aggregates { committees, subcommittees, .. } => Fetched::Aggregates {
            aggregates: committees.iter().map(|committee| (*committee, aggregate(*committee))).collect(),
            contributions: subcommittees
                .iter()
                .map(|place| ByPreset::Minimal(contribution(*place)))
                .collect(),
        },
    }
}

fn block() -> AnyProposedBlock {
    AnyProposedBlock::of_ssz(PresetName::Minimal, BeaconFork::Fulu, false, BLOCK).unwrap()
}

fn aggregate(committee: CommitteeIndex) -> Aggregate {
    let (mut aggregation_bits, mut committee_bits) =
        (ssz::BitList::with_capacity(8).unwrap(), ssz::BitVector::new());
    aggregation_bits.set(3, true).unwrap();
    committee_bits.set(usize::try_from(committee.get()).unwrap(), true).unwrap();
    let data = AttestationData { slot: SLOT, ..AttestationData::default() };
    let signature = SignatureBytes([0; 96]);
    let aggregate = AttestationElectra { aggregation_bits, data, signature, committee_bits };
    Aggregate::Electra(ByPreset::Minimal(aggregate))
}

fn contribution(subcommittee_index: u64) -> SyncCommitteeContribution<Minimal> {
    SyncCommitteeContribution {
        slot: SLOT,
        beacon_block_root: Root::repeat_byte(4),
        subcommittee_index,
        aggregation_bits: ssz::BitVector::new(),
        signature: SignatureBytes([0; 96]),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_block_is_proposed_by_all_and_in_full_by_its_leader() {
    let mut world = World::new(false, &[17]);
    let duty = world.duty(BeaconRole::Proposer, 17, &[]);
    world.run(|| Plan { proposals: vec![duty.clone()], ..Plan::default() }).await;
    world.assert_all_submitted(1);

    let header = block().header();
    let domain = world.rules.beacon.domain(BeaconDomainType::Proposer, Epoch(2));
    let root = signing::signing_root(header.tree_hash_root(), domain);
    let leader = types::leader(SsvFork::Alan, &MEMBERS, SLOT, types::Round(1)).unwrap();
    for operator in &world.operators {
        let [Submission::Block { proposal, slot }] = operator.submitted.as_slice() else { panic!("a block") };
        assert_eq!(proposal.is_blinded(), operator.identity.id != leader);
        assert_eq!((proposal.block_root(), slot.root), (header.tree_hash_root(), root));
        world.assert_signed(slot.validator, root, &signature_of(proposal));
        let share = operator.own[&slot.validator].share;
        let standing = operator.signer.standing(vec![share]).await;
        assert_eq!(standing.highest_block(share), SLOT, "the signing history knows of the block");
    }
}

/// The signature follows the block in a signed one, and the first offset before it in one with blobs.
fn signature_of(proposal: &AnySignedProposal) -> SignatureBytes {
    let bytes = proposal.as_ssz_bytes();
    let start = if proposal.is_blinded() { 4 } else { 12 + 4 };
    SignatureBytes::from_ssz_bytes(&bytes[start..start + 96]).unwrap()
}

fn candidates(world: &World) -> Plan {
    let candidates = vec![
        world.duty(BeaconRole::Aggregator, 17, &[]),
        world.duty(BeaconRole::Aggregator, 18, &[]),
        world.duty(BeaconRole::SyncCommitteeContribution, 18, &[1, 2, 30]),
    ];
    Plan { candidates, ..Plan::default() }
}

fn assert_aggregated(world: &World) {
    for place in 0..MEMBERS.len() {
        let objects = world.objects(place);
        let aggregators: Vec<_> = objects
            .iter()
            .filter(|(_, object)| matches!(object, ShareObject::Aggregate(AggregateObject::Electra(_))))
            .map(|(validator, _)| validator.get())
            .collect();
        let mut subcommittees: Vec<_> = objects
            .iter()
            .filter_map(|(validator, object)| match object {
                ShareObject::Contribution(signed) => {
                    assert_eq!(validator.get(), 18);
                    let ByPreset::Minimal(signed) = signed.as_ref() else { panic!("minimal") };
                    Some(signed.contribution.subcommittee_index)
                }
                ShareObject::Randao(_)
                | ShareObject::Block(_)
                | ShareObject::SlotSelection(_)
                | ShareObject::SyncSelection(_)
                | ShareObject::Aggregate(_)
                | ShareObject::Registration(_)
                | ShareObject::Exit(_) => None,
            })
            .collect();
        subcommittees.sort_unstable();
        assert_eq!((aggregators.len(), subcommittees), (2, vec![0, 3]), "{aggregators:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn in_alan_each_validator_aggregates_by_itself() {
    let mut world = World::new(false, &[17, 18]);
    let plan = candidates(&world);
    let duties = world.run(|| Plan { candidates: plan.candidates.clone(), ..Plan::default() }).await;
    assert_eq!(duties, 3);
    world.assert_all_submitted(3);
    assert_aggregated(&world);
}

#[tokio::test(flavor = "multi_thread")]
async fn in_boole_the_committee_aggregates_as_one() {
    let mut world = World::new(true, &[17, 18]);
    let plan = candidates(&world);
    let duties = world.run(|| Plan { candidates: plan.candidates.clone(), ..Plan::default() }).await;
    assert_eq!(duties, 1);
    world.assert_all_submitted(3);
    assert_aggregated(&world);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_registration_needs_no_consensus() {
    let mut world = World::new(false, &[17]);
    let duty = world.duty(BeaconRole::ValidatorRegistration, 17, &[]);
    let registration = ValidatorRegistration {
        fee_recipient: Address::repeat_byte(2),
        gas_limit: 30_000_000,
        timestamp: 1,
        pubkey: duty.public_key,
    };
    world.run(|| Plan { registrations: vec![(duty.clone(), registration)], ..Plan::default() }).await;
    world.assert_all_submitted(1);
    assert_eq!(world.objects(3), [(ValidatorIndex(17), ShareObject::Registration(registration))]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_exit_is_signed_by_those_who_wrote_the_request_down() {
    let mut world = World::new(false, &[17]);
    let duty = world.duty(BeaconRole::VoluntaryExit, 17, &[]);
    let exit = VoluntaryExit { epoch: Epoch(2), validator_index: ValidatorIndex(17) };
    for operator in &world.operators[..3] {
        let pending = PendingExit { slot: SLOT, validator: duty.public_key };
        assert!(operator.vault.put_exit(pending).unwrap());
    }
    world.run(|| Plan { exits: vec![(duty.clone(), exit)], ..Plan::default() }).await;
    // The fourth does not sign it, and hands in what the others signed.
    world.assert_all_submitted(1);
    assert_eq!(world.objects(3), [(ValidatorIndex(17), ShareObject::Exit(exit))]);
}
