//! How the process ends: four codes, the same for every command.
//!
//! | Code | Meaning | Whose move |
//! |---|---|---|
//! | 0 | done | |
//! | 1 | failed: something outside did not work | try again, or mend what the message names |
//! | 2 | the command line, the configuration, or a file or password it names cannot be used | correct what the message names |
//! | 3 | an operator must decide: wrong network, wrong key, damaged or foreign history, a second live copy of this operator | choose; trying again does not help |

use std::fmt;

use outbox::LogError;
use registry::RegistryError;
use types::RulesError;
use vault::interchange::ImportError;
use vault::{ArmError, HistoryError};

use crate::chain;

/// The code a process ends with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Done.
    Ok,
    /// Something did not work.
    Failed,
    /// The command line or the configuration cannot be used.
    Usage,
    /// An operator must decide.
    Decide,
}

impl Exit {
    /// The number.
    #[must_use]
    pub const fn code(self) -> u8 {
        match self {
            Self::Ok => 0,
            Self::Failed => 1,
            Self::Usage => 2,
            Self::Decide => 3,
        }
    }

    /// The code for an error: what its chain of causes says, the outermost word first; otherwise [`Self::Failed`].
    #[must_use]
    pub fn of(error: &anyhow::Error) -> Self {
        error.chain().find_map(class).unwrap_or(Self::Failed)
    }
}

/// What one cause says about the code.
fn class(cause: &(dyn std::error::Error + 'static)) -> Option<Exit> {
    if let Some(marked) = cause.downcast_ref::<Marked>() {
        return Some(marked.exit);
    }
    if let Some(error) = cause.downcast_ref::<store::StoreError>() {
        return error.operator_must_decide().then_some(Exit::Decide);
    }
    if let Some(error) = cause.downcast_ref::<HistoryError>() {
        return of_history(error);
    }
    if let Some(error) = cause.downcast_ref::<ImportError>() {
        return of_import(error);
    }
    if let Some(error) = cause.downcast_ref::<RegistryError>() {
        return of_registry(error);
    }
    if let Some(error) = cause.downcast_ref::<LogError>() {
        return of_log(error);
    }
    if let Some(error) = cause.downcast_ref::<chain::ChainError>() {
        return error.needs_decision().then_some(Exit::Decide);
    }
    if cause.is::<beacon::ChainError>() {
        return Some(Exit::Decide);
    }
    if let Some(error) = cause.downcast_ref::<RulesError>() {
        let other_network = matches!(error, RulesError::SpecMismatch { .. });
        return Some(if other_network { Exit::Decide } else { Exit::Usage });
    }
    if let Some(error) = cause.downcast_ref::<api::ServerError>() {
        return matches!(error, api::ServerError::Listen { .. }).then_some(Exit::Usage);
    }
    let correctable = cause.is::<beacon::SettingsError>()
        || cause.is::<network::StartError>()
        || cause.is::<crypto::keystore::KeystoreError>();
    correctable.then_some(Exit::Usage)
}

fn of_history(error: &HistoryError) -> Option<Exit> {
    error.operator_must_decide().then_some(Exit::Decide)
}

/// A document of another chain is a choice that someone made; one in another format is a wrong file.
fn of_import(error: &ImportError) -> Option<Exit> {
    match error {
        ImportError::Version(_) => Some(Exit::Usage),
        ImportError::OtherChain { .. } => Some(Exit::Decide),
        ImportError::Unbound => None,
        ImportError::History(error) => of_history(error),
    }
}

fn of_registry(error: &RegistryError) -> Option<Exit> {
    if matches!(error, RegistryError::Urls(_)) {
        return Some(Exit::Usage);
    }
    // The vault's failure comes in a box, since the registry does not know the vault.
    if let RegistryError::Arm(failure) = error
        && let Some(ArmError::History(error)) = failure.downcast_ref()
    {
        return of_history(error);
    }
    error.operator_must_decide().then_some(Exit::Decide)
}

fn of_log(error: &LogError) -> Option<Exit> {
    match error {
        LogError::Store(error) => error.operator_must_decide().then_some(Exit::Decide),
        LogError::Encode(_) | LogError::Decode { .. } => None,
    }
}

/// A message with its code.
#[derive(Debug)]
struct Marked {
    exit: Exit,
    message: String,
    /// The result on standard output has told it already.
    told: bool,
}

impl fmt::Display for Marked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Marked {}

/// An error of the command line or the configuration: exit code 2.
#[must_use]
pub fn usage(message: impl Into<String>) -> anyhow::Error {
    anyhow::Error::new(Marked { exit: Exit::Usage, message: message.into(), told: false })
}

/// An error that an operator must decide about: exit code 3.
#[must_use]
pub fn decide(message: impl Into<String>) -> anyhow::Error {
    anyhow::Error::new(Marked { exit: Exit::Decide, message: message.into(), told: false })
}

/// An error whose details stand in the command's result: no second document follows it.
#[must_use]
pub fn told(exit: Exit, message: impl Into<String>) -> anyhow::Error {
    anyhow::Error::new(Marked { exit, message: message.into(), told: true })
}

/// Whether the result has told this error already.
#[must_use]
pub fn is_told(error: &anyhow::Error) -> bool {
    error.downcast_ref::<Marked>().is_some_and(|marked| marked.told)
}

#[cfg(test)]
mod tests {
    use super::*;
    use anyhow::Context as _;

    #[test]
    fn the_code_is_found_under_any_context() {
        let error = Err::<(), _>(decide("wrong network")).context("starting").unwrap_err();
        assert_eq!(Exit::of(&error), Exit::Decide);
        assert_eq!(Exit::of(&usage("bad flag")).code(), 2);
        assert_eq!(Exit::of(&anyhow::anyhow!("no answer")), Exit::Failed);
    }

    #[test]
    fn a_failure_inside_another_one_keeps_its_class() {
        let damaged =
            || store::StoreError::Damaged { file: store::DatabaseFile::History, detail: "x".into() };
        let history = HistoryError::Store(damaged());
        let arm = RegistryError::Arm(Box::new(ArmError::History(history)));
        assert_eq!(Exit::of(&anyhow::Error::from(arm)), Exit::Decide);
        let log = operator::StartError::Log(LogError::Store(damaged()));
        assert_eq!(Exit::of(&anyhow::Error::from(log)), Exit::Decide);
        let import = ImportError::History(HistoryError::Store(damaged()));
        assert_eq!(Exit::of(&anyhow::Error::from(import)), Exit::Decide);
        let share = ArmError::KeyMismatch { share: types::PublicKeyBytes([0; 48]) };
        assert_eq!(Exit::of(&anyhow::Error::from(RegistryError::Arm(Box::new(share)))), Exit::Failed);
    }

    #[test]
    fn what_the_configuration_can_mend_is_no_decision() {
        assert_eq!(Exit::of(&anyhow::Error::from(RegistryError::Urls("none"))), Exit::Usage);
        let (address, source) = (([127, 0, 0, 1], 1).into(), std::io::Error::other("taken"));
        let taken = api::ServerError::Listen { address, source };
        assert_eq!(Exit::of(&anyhow::Error::from(taken)), Exit::Usage);
    }

    #[test]
    fn errors_of_the_rooms_bring_their_own_class() {
        let bad = anyhow::Error::from(types::NetworkRules::from_toml("").unwrap_err());
        assert_eq!(Exit::of(&bad), Exit::Usage);
        let none = anyhow::Error::from(beacon::SettingsError::NoUrls);
        assert_eq!(Exit::of(&none), Exit::Usage);
    }
}
