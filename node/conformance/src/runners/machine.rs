//! A machine in the place of one of the reference's runner objects: made, put together from a written state, and written down
//! again as the reference writes it.

use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use duty::runner::{Past, Plan, Progress, Runner, Stage};
use duty::{CommitteeRunner, Refusal, VoteCheck};
use qbft::{Config, Controller, Instance, ValueCheck};
use serde_json::{Value, json};
use types::{ByteList, CommitteeDuty, Encode, MessageId, RunnerRole, Slot, ValidatorDuty};

use super::alan;
use super::beacon;
use super::env::Env;
use super::model::{BaseRunnerJson, ControllerJson, Duty, StateJson, container_json, duty_json};
use crate::qbft::controller::ControllerOut;
use crate::qbft::state::InstanceOut;

/// The name that the vectors give to their chain.
const NETWORK: &str = "now_test_network";

/// Either machine.
pub(super) enum Machine {
    /// Votes of a committee.
    Committee(Box<CommitteeRunner>),
    /// Everything else.
    Other(Box<Runner>),
}

/// A machine, and what the reference's state says beyond it.
pub(super) struct Held {
    /// The machine.
    pub(super) machine: Machine,
    /// Whether its duty began: before that the reference has no state.
    pub(super) begun: bool,
    /// The height of the consensus it was put together with; one vector has it of another slot than the duty.
    running: Option<Slot>,
}

impl Held {
    /// A machine whose duty has not begun. What the reference had of an earlier one comes as `past`.
    pub(super) fn new(env: &Env<'_>, duty: &Duty, past: Past) -> Result<Result<Self, Refusal>> {
        let machine = match duty {
            Duty::Committee(duty) => {
                let setup = env.committee_setup(duty.slot);
                let made = match past.controller {
                    Some(earlier) => CommitteeRunner::after(earlier, setup, duty.clone()),
                    None => CommitteeRunner::new(setup, duty.clone()),
                };
                made.map(|runner| Machine::Committee(Box::new(runner)))
            }
            Duty::Validator(_) | Duty::Aggregators(_) => {
                let plan = env.plan(duty)?;
                let setup = env.runner_setup(plan.slot());
                Runner::new(setup, plan, past).map(|runner| Machine::Other(Box::new(runner)))
            }
        };
        Ok(machine.map(|machine| Self { machine, begun: false, running: None }))
    }

    /// The machine of a written runner. Without a written state it has not begun.
    pub(super) fn restore(env: &Env<'_>, runner: &BaseRunnerJson, state: &StateJson) -> Result<Self> {
        let duty = state.duty.decode()?;
        let running = state.running_instance.as_ref().map(|instance| Slot(instance.state.height));
        let decided_value = state.decided_value.0.clone().filter(|value| !value.is_empty());
        let machine = match &duty {
            Duty::Committee(duty) => {
                let setup = env.committee_setup(duty.slot);
                let progress = duty::committee::Progress {
                    controller: votes_controller(env, runner, duty)?,
                    running: running.is_some(),
                    view: Some(beacon::view(duty.validator_duties.len())),
                    post: state.post_consensus_container.decode()?,
                    decided_value,
                    finished: state.finished,
                };
                Machine::Committee(Box::new(CommitteeRunner::restore(setup, duty.clone(), progress)?))
            }
            Duty::Validator(_) | Duty::Aggregators(_) => {
                let plan = env.plan(&duty)?;
                let setup = env.runner_setup(plan.slot());
                let progress = Progress {
                    controller: plan_controller(env, runner, &plan)?,
                    running: running.is_some(),
                    pre: state.pre_consensus_container.decode()?,
                    post: state.post_consensus_container.decode()?,
                    decided_value,
                    finished: state.finished,
                };
                Machine::Other(Box::new(Runner::restore(setup, plan, progress)?))
            }
        };
        Ok(Self { machine, begun: true, running })
    }

    /// What the next duty of this runner begins after.
    pub(super) fn into_past(self) -> Past {
        match self.machine {
            Machine::Committee(runner) => Past { controller: Some(runner.into_controller()), slot: None },
            Machine::Other(runner) => runner.into_past(),
        }
    }

    pub(super) fn slot(&self) -> Slot {
        match &self.machine {
            Machine::Committee(runner) => runner.duty().slot,
            Machine::Other(runner) => runner.plan().slot(),
        }
    }

    pub(super) fn role(&self) -> RunnerRole {
        match &self.machine {
            Machine::Committee(_) => RunnerRole::Committee,
            Machine::Other(runner) => runner.plan().role(),
        }
    }

    pub(super) fn controller(&self) -> &Controller {
        match &self.machine {
            Machine::Committee(runner) => runner.controller(),
            Machine::Other(runner) => runner.controller(),
        }
    }

    fn entries(&self) -> &[ValidatorDuty] {
        match &self.machine {
            Machine::Committee(runner) => &runner.duty().validator_duties,
            Machine::Other(runner) => runner.plan().entries(),
        }
    }

    /// The runner as the reference writes it. In a committee its shares are those of the duty alone.
    pub(super) fn written(&self, env: &Env<'_>, shares_of_duty: bool) -> Result<Value> {
        let in_duty = |index| self.entries().iter().any(|entry| entry.validator_index == index);
        let shares = env.shares.records(|index| !shares_of_duty || in_duty(index));
        let has_consensus =
            !matches!(self.role(), RunnerRole::ValidatorRegistration | RunnerRole::VoluntaryExit);
        let controller = has_consensus.then(|| ControllerOut::new(&env.member, self.controller()));
        let mut written = json!({ "BaseRunner": {
            "State": self.written_state(env)?,
            "Share": shares,
            "QBFTController": serde_json::to_value(controller)?,
            "BeaconNetwork": NETWORK,
            "RunnerRoleType": self.role().number(),
        }});
        // The state is as it must be already.
        if let Some(controller) = written.pointer_mut("/BaseRunner/QBFTController") {
            alan::as_stubbed(self.role(), controller)?;
        }
        Ok(written)
    }

    /// Its state as the reference writes it.
    pub(super) fn written_state(&self, env: &Env<'_>) -> Result<Value> {
        if !self.begun {
            return Ok(Value::Null);
        }
        let quorum = env.member.thresholds().quorum();
        let (pre, post, decided, finished) = match &self.machine {
            Machine::Committee(runner) => {
                let decided = runner.decided_vote().map(|vote| vote.as_ssz_bytes());
                (None, runner.signatures(), decided, runner.is_finished())
            }
            Machine::Other(runner) => (
                Some(runner.signatures(Stage::Pre)),
                runner.signatures(Stage::Post),
                runner.decided_value().map(<[u8]>::to_vec),
                runner.is_finished(),
            ),
        };
        let mut state = json!({
            "PreConsensusContainer": container_json(pre, quorum)?,
            "PostConsensusContainer": container_json(Some(post), quorum)?,
            "RunningInstance": self.running_instance(env)?,
            "DecidedValue": serde_json::to_value(crate::json::Base64(decided))?,
            "Finished": finished,
        });
        let (name, duty) = self.written_duty()?;
        state.as_object_mut().context("an object")?.insert(name.to_owned(), duty);
        alan::as_stubbed(self.role(), &mut state)?;
        Ok(state)
    }

    /// The instance that was started here, not one that others decided.
    fn running_instance(&self, env: &Env<'_>) -> Result<Value> {
        let instance = self.controller().instance(self.running.unwrap_or(self.slot()));
        let instance = instance.filter(|instance| self.running.is_some() || instance.start_value().is_some());
        Ok(serde_json::to_value(instance.map(|instance| InstanceOut::new(&env.member, instance)))?)
    }

    fn written_duty(&self) -> Result<(&'static str, Value)> {
        let entries: Vec<Value> = self.entries().iter().map(duty_json).collect();
        let of_many = json!({ "Slot": self.slot().to_string(), "ValidatorDuties": entries });
        Ok(match self.role() {
            RunnerRole::Committee => ("CommitteeDuty", of_many),
            RunnerRole::AggregatorCommittee => ("AggregatorCommitteeDuty", of_many),
            RunnerRole::Aggregator
            | RunnerRole::Proposer
            | RunnerRole::SyncCommitteeContribution
            | RunnerRole::ValidatorRegistration
            | RunnerRole::VoluntaryExit
            | RunnerRole::Other(_) => {
                ("ValidatorDuty", entries.into_iter().next().context("a duty of nobody")?)
            }
        })
    }
}

/// What a written runner without a state is left with of earlier duties.
pub(super) fn past(env: &Env<'_>, runner: &BaseRunnerJson, duty: &Duty) -> Result<Past> {
    let controller = match duty {
        Duty::Committee(duty) => votes_controller(env, runner, duty)?,
        Duty::Validator(_) | Duty::Aggregators(_) => plan_controller(env, runner, &env.plan(duty)?)?,
    };
    Ok(Past { controller: Some(controller), slot: None })
}

fn votes_controller(env: &Env<'_>, runner: &BaseRunnerJson, duty: &CommitteeDuty) -> Result<Controller> {
    let setup = env.committee_setup(duty.slot);
    let check: Arc<dyn ValueCheck> = Arc::new(VoteCheck::new(&beacon::view(duty.validator_duties.len())));
    controller(runner.controller.as_ref(), setup.qbft_config(), setup.message_id(), &check)
}

fn plan_controller(env: &Env<'_>, runner: &BaseRunnerJson, plan: &Plan) -> Result<Controller> {
    let setup = env.runner_setup(plan.slot());
    let check = setup.value_check(plan);
    controller(runner.controller.as_ref(), setup.qbft_config(), setup.message_id(plan), &check)
}

fn controller(
    saved: Option<&ControllerJson>,
    config: Config,
    id: MessageId,
    check: &Arc<dyn ValueCheck>,
) -> Result<Controller> {
    let config = Arc::new(config);
    let mut instances = Vec::new();
    for saved in saved.iter().flat_map(|saved| &saved.stored_instances) {
        let state = saved.state.decode()?;
        ensure!(state.id == id, "an instance with another identifier");
        let start = saved.start_value.0.as_deref().map(ByteList::try_from).transpose()?;
        let mut instance = Instance::restore(Arc::clone(&config), state, start, Arc::clone(check));
        if saved.force_stop {
            instance.stop();
        }
        instances.push(instance);
    }
    let height = Slot(saved.map_or(0, |saved| saved.height));
    Ok(Controller::restore(config, id, height, instances))
}
