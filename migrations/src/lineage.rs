//! What a lineage is made of: the file, its steps, and the port through which a step rewrites rows.

use std::error::Error;
use std::fmt;

/// The three database files of a node (one engine, one lock and one lineage each).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DatabaseFile {
    /// Cluster state from the contract: rebuilt from the chain when lost.
    Registry,
    /// Signing watermarks and records: irreplaceable.
    History,
    /// Duty ledger, outbox and peer notes: costs history only when lost.
    Journal,
}

impl DatabaseFile {
    /// Name of the file inside the data folder, in messages and in the file's own head record.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Registry => "registry",
            Self::History => "history",
            Self::Journal => "journal",
        }
    }
}

impl fmt::Display for DatabaseFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// One numbered schema step. Applying it to a file of schema `number - 1` gives schema `number`.
pub struct Step {
    /// Position in the lineage, from 1.
    pub number: u32,
    /// Short name, the one in the step's file name.
    pub name: &'static str,
    /// Rewrites the rows. Everything it does becomes durable in one commit together with the new schema number.
    pub apply: fn(&mut dyn Rows) -> Result<(), StepError>,
}

/// All steps of one file, oldest first.
pub struct Lineage {
    /// The file this is the story of.
    pub file: DatabaseFile,
    /// The steps; the i-th has number i + 1.
    pub steps: &'static [Step],
}

impl Lineage {
    /// The newest schema this binary knows; 0 when the lineage is empty.
    #[must_use]
    pub fn newest(&self) -> u32 {
        self.steps.last().map_or(0, |step| step.number)
    }

    /// The steps that a file of schema `schema` still needs, in order.
    pub fn after(&self, schema: u32) -> impl Iterator<Item = &'static Step> + use<> {
        self.steps.iter().filter(move |step| step.number > schema)
    }
}

/// The tables of one file as the present code uses them. Steps name tables by text instead, since a table may go.
pub trait Table: Copy + fmt::Debug + Send + Sync + 'static {
    /// The lineage that shaped these tables.
    const LINEAGE: &'static Lineage;
    /// Every table of the newest schema.
    const ALL: &'static [Self];
    /// Name on disk: lower-case ASCII, not empty, never reused for another layout.
    fn name(self) -> &'static str;
}

/// Key and value of one row.
pub type Row = (Vec<u8>, Vec<u8>);

/// Whatever an engine has to say when a step cannot read its rows.
pub type RowsError = Box<dyn Error + Send + Sync>;

/// What a step may do to a file. Reads see the step's own writes.
pub trait Rows {
    /// The value of `key` in `table`.
    ///
    /// # Errors
    /// The engine cannot read the row, or its checksum does not match.
    fn get(&mut self, table: &str, key: &[u8]) -> Result<Option<Vec<u8>>, RowsError>;

    /// Every row of `table` in key order.
    ///
    /// # Errors
    /// As [`Rows::get`].
    fn scan(&mut self, table: &str) -> Result<Vec<Row>, RowsError>;

    /// Writes one row.
    ///
    /// # Errors
    /// The engine refuses the write.
    fn put(&mut self, table: &str, key: &[u8], value: &[u8]) -> Result<(), RowsError>;

    /// Removes one row; absent rows are no error.
    ///
    /// # Errors
    /// As [`Rows::put`].
    fn remove(&mut self, table: &str, key: &[u8]) -> Result<(), RowsError>;
}

/// Why a step could not be applied. The file stays at the schema it had.
#[derive(Debug, thiserror::Error)]
pub enum StepError {
    /// The engine failed.
    #[error("the database engine failed: {0}")]
    Engine(#[from] RowsError),
    /// A row is not laid out as the older schema says.
    #[error("a row of table `{table}` is not {expected}")]
    Layout {
        /// The table of the row.
        table: &'static str,
        /// What the older schema promises.
        expected: &'static str,
    },
}

/// A step that only gives tables a meaning: engines create them at the first write.
pub(crate) fn no_rows_yet(_rows: &mut dyn Rows) -> Result<(), StepError> {
    Ok(())
}
