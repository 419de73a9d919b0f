//! The head record of a file: which file it is, its schema, its generation, and the account of its rows.

use migrations::DatabaseFile;

use crate::frame;

/// Name under which the head record is kept; never a table of a lineage.
pub(crate) const HEAD_TABLE: &str = "meta";
/// Key of the head record.
pub(crate) const HEAD_KEY: &[u8] = b"head";
/// Layout of the head record itself.
const LAYOUT: u8 = 1;
const HEAD_LEN: usize = 1 + 1 + 4 + 8 + 16 + 8 + 8;

/// Number of a commit: 0 before the first, one more with each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Generation(pub u64);

/// Identity of a file, drawn when it is created: a file that was lost and begun again has another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct FileId(pub [u8; 16]);

/// What the head record says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Head {
    pub file: DatabaseFile,
    pub schema: u32,
    pub generation: Generation,
    pub id: FileId,
    /// Rows of all tables.
    pub rows: u64,
    /// Sum of the checksums of all rows, wrapping.
    pub sum: u64,
}

const fn tag(file: DatabaseFile) -> u8 {
    match file {
        DatabaseFile::Registry => 1,
        DatabaseFile::History => 2,
        DatabaseFile::Journal => 3,
    }
}

impl Head {
    /// The head of a file that holds nothing yet.
    pub(crate) fn new(file: DatabaseFile) -> Self {
        Self { file, schema: 0, generation: Generation(0), id: FileId(rand::random()), rows: 0, sum: 0 }
    }

    /// Enters the change of one row into the account: checksum before and after, `None` for absent.
    pub(crate) fn account(&mut self, before: Option<u32>, after: Option<u32>) {
        if let Some(sum) = before {
            self.rows = self.rows.wrapping_sub(1);
            self.sum = self.sum.wrapping_sub(u64::from(sum));
        }
        if let Some(sum) = after {
            self.rows = self.rows.wrapping_add(1);
            self.sum = self.sum.wrapping_add(u64::from(sum));
        }
    }

    /// The head of the next commit.
    pub(crate) fn advanced(mut self) -> Self {
        self.generation = Generation(self.generation.0.saturating_add(1));
        self
    }

    /// The bytes to store.
    pub(crate) fn seal(&self) -> Vec<u8> {
        let mut value = Vec::with_capacity(HEAD_LEN);
        value.push(LAYOUT);
        value.push(tag(self.file));
        value.extend_from_slice(&self.schema.to_le_bytes());
        value.extend_from_slice(&self.generation.0.to_le_bytes());
        value.extend_from_slice(&self.id.0);
        value.extend_from_slice(&self.rows.to_le_bytes());
        value.extend_from_slice(&self.sum.to_le_bytes());
        frame::seal(HEAD_TABLE, HEAD_KEY, &value).0
    }

    /// Reads a stored head.
    pub(crate) fn unseal(expected: DatabaseFile, bytes: &[u8]) -> Result<Self, HeadError> {
        let (value, _) = frame::unseal(HEAD_TABLE, HEAD_KEY, bytes).ok_or(HeadError::Checksum)?;
        let mut reader = Reader(value);
        let (layout, kind) = (reader.take::<1>()?, reader.take::<1>()?);
        if layout != [LAYOUT] {
            return Err(HeadError::Layout);
        }
        if kind != [tag(expected)] {
            return Err(HeadError::Kind);
        }
        Ok(Self {
            file: expected,
            schema: u32::from_le_bytes(reader.take()?),
            generation: Generation(u64::from_le_bytes(reader.take()?)),
            id: FileId(reader.take()?),
            rows: u64::from_le_bytes(reader.take()?),
            sum: u64::from_le_bytes(reader.take()?),
        })
    }
}

/// Why a head record cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum HeadError {
    /// The checksum does not match.
    Checksum,
    /// It is laid out in a way this binary does not know.
    Layout,
    /// It belongs to another file.
    Kind,
}

struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    fn take<const N: usize>(&mut self) -> Result<[u8; N], HeadError> {
        let (part, rest) = self.0.split_first_chunk::<N>().ok_or(HeadError::Layout)?;
        self.0 = rest;
        Ok(*part)
    }
}

/// A count of rows made by reading them, to be compared with the head.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    pub rows: u64,
    pub sum: u64,
}

impl Tally {
    pub(crate) fn add(&mut self, checksum: u32) {
        self.rows = self.rows.wrapping_add(1);
        self.sum = self.sum.wrapping_add(u64::from(checksum));
    }

    /// What is wrong, if anything.
    pub(crate) fn compare(&self, head: &Head) -> Result<(), String> {
        if self.rows != head.rows {
            return Err(format!("{} rows where {} were written", self.rows, head.rows));
        }
        if self.sum != head.sum {
            return Err("a row is older or newer than the others".to_owned());
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use migrations::DatabaseFile;

    use super::{Head, HeadError, Tally};

    #[test]
    fn a_head_reads_back_and_knows_its_file() {
        let mut head = Head::new(DatabaseFile::History).advanced();
        head.schema = 3;
        head.account(None, Some(9));
        let bytes = head.seal();
        assert_eq!(Head::unseal(DatabaseFile::History, &bytes), Ok(head));
        assert_eq!(Head::unseal(DatabaseFile::Registry, &bytes), Err(HeadError::Kind));
        assert_eq!(Head::unseal(DatabaseFile::History, &bytes[1..]), Err(HeadError::Checksum));
    }

    #[test]
    fn the_account_follows_inserts_updates_and_removals() {
        let mut head = Head::new(DatabaseFile::Journal);
        head.account(None, Some(10));
        head.account(None, Some(20));
        head.account(Some(10), Some(11));
        head.account(Some(20), None);
        let mut tally = Tally::default();
        tally.add(11);
        assert_eq!(tally.compare(&head), Ok(()));
        let mut older = Tally::default();
        older.add(10);
        assert!(older.compare(&head).is_err());
        assert!(Tally::default().compare(&head).is_err());
    }
}
