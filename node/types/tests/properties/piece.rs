//! A writer of SSZ that shares nothing with the one under test and remembers where it put offsets
//! (consensus-specs `ssz/simple-serialize.md`), and what can be done to its bytes.

use crate::seeded::Rng;

/// An encoding with the places of its offsets.
#[derive(Clone, Default)]
pub struct Piece {
    pub bytes: Vec<u8>,
    pub offsets: Vec<usize>,
}

/// A field of a container.
pub enum Part {
    Fixed(Vec<u8>),
    Variable(Piece),
}

impl Piece {
    pub const fn flat(bytes: Vec<u8>) -> Self {
        Self { bytes, offsets: Vec::new() }
    }

    /// An encoding of others: everything that could be an offset is taken for one.
    pub fn foreign(bytes: &[u8]) -> Self {
        let inside = |window: &[u8]| {
            let value = u32::from_le_bytes(window.try_into().unwrap());
            (4..=bytes.len()).contains(&usize::try_from(value).unwrap())
        };
        let windows = bytes.windows(4).enumerate();
        let offsets = windows.filter(|(_, window)| inside(window)).map(|(at, _)| at).collect();
        Self { bytes: bytes.to_vec(), offsets }
    }
}

pub fn container(parts: Vec<Part>) -> Piece {
    let head: usize = parts.iter().map(|part| if let Part::Fixed(b) = part { b.len() } else { 4 }).sum();
    let (mut whole, mut body) = (Piece::default(), Vec::new());
    for part in parts {
        match part {
            Part::Fixed(bytes) => whole.bytes.extend(bytes),
            Part::Variable(piece) => {
                let start = head + body.len();
                whole.offsets.push(whole.bytes.len());
                whole.offsets.extend(piece.offsets.iter().map(|at| start + at));
                whole.bytes.extend(u32::try_from(start).unwrap().to_le_bytes());
                body.extend(piece.bytes);
            }
        }
    }
    whole.bytes.extend(body);
    whole
}

/// A list of items that vary in size.
pub fn list(items: impl IntoIterator<Item = Piece>) -> Piece {
    container(items.into_iter().map(Part::Variable).collect())
}

pub fn u64s(numbers: impl IntoIterator<Item = u64>) -> Vec<u8> {
    numbers.into_iter().flat_map(u64::to_le_bytes).collect()
}

pub fn noise(rng: &mut Rng, len: usize) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(len + 8);
    while bytes.len() < len {
        bytes.extend(rng.next().to_le_bytes());
    }
    bytes.truncate(len);
    bytes
}

/// One to three damages, of which half fall on offsets.
pub fn damage(rng: &mut Rng, piece: &Piece) -> Vec<u8> {
    let mut bytes = piece.bytes.clone();
    for _ in 0..=rng.below(3) {
        if rng.one_in(2) && !piece.offsets.is_empty() {
            attack_offset(rng, piece, &mut bytes);
        } else {
            hurt(rng, &mut bytes);
        }
    }
    bytes
}

fn attack_offset(rng: &mut Rng, piece: &Piece, bytes: &mut [u8]) {
    let at = piece.offsets[rng.below(piece.offsets.len())];
    let other = piece.offsets[rng.below(piece.offsets.len())];
    let read = |at: usize| bytes.get(at..at + 4).map_or(0, |b| u32::from_le_bytes(b.try_into().unwrap()));
    let (old, len) = (read(at), u32::try_from(bytes.len()).unwrap());
    let values = [
        0,
        4,
        old.wrapping_sub(1),
        old.wrapping_add(1),
        old.wrapping_sub(4),
        old.wrapping_add(4),
        len,
        len.wrapping_add(1),
        u32::MAX,
        0x8000_0000,
        read(other),
        u32::from(rng.byte()),
    ];
    if let Some(place) = bytes.get_mut(at..at + 4) {
        place.copy_from_slice(&values[rng.below(values.len())].to_le_bytes());
    }
}

fn hurt(rng: &mut Rng, bytes: &mut Vec<u8>) {
    let (at, len) = (rng.below(bytes.len()), bytes.len());
    match rng.below(6) {
        0 => bytes.truncate(at),
        1 => bytes.truncate(len.saturating_sub(1 + rng.below(8))),
        2 => {
            let more = 1 + rng.below(40);
            bytes.extend(noise(rng, more));
        }
        3 => {
            if let Some(byte) = bytes.get_mut(at) {
                *byte ^= 1 << rng.below(8);
            }
        }
        4 => {
            if let Some(byte) = bytes.get_mut(at) {
                *byte = [0, 0xff, rng.byte()][rng.below(3)];
            }
        }
        _ => {
            let end = (at + rng.below(64)).min(len);
            let again = bytes[at.min(end)..end].to_vec();
            bytes.splice(at.min(len)..at.min(len), again);
        }
    }
}
